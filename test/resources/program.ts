import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The programs are TypeScript; `npm run` brings a Node that runs them. */
export const canRun: boolean = Boolean(process.features.typescript)

/**
 * Runs a program of this folder with `gc()` and gives what it has printed as JSON.
 *
 * @param signal ends the program; that of the test that waits for it
 */
export function runProgram<Result>(
  signal: AbortSignal,
  name: string,
  ...args: string[]
): Promise<Result> {
  const program = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--expose-gc', program, ...args],
      { signal, killSignal: 'SIGKILL', env: { ...process.env, NODE_OPTIONS: '' } },
      (error, output, errors) => {
        if (error !== null) reject(new Error(`${name} ${args} failed`, { cause: error }))
        else if (errors !== '') reject(new Error(`${name} ${args} complains: ${errors}`))
        else resolve(JSON.parse(output))
      },
    )
  })
}
