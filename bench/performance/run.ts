import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** Runs a program of its own in a fresh Node and gives what it prints. */
export function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    })
    let [output, complaint] = ['', '']
    child.stdout.on('data', (text) => {
      output += text
    })
    child.stderr.on('data', (text) => {
      complaint += text
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${args.join(' ')} ended with ${code}:\n${complaint}`))
    })
  })
}

/** Runs a program of this folder, which prints one JSON value. */
export async function runChild<T>(
  file: string,
  args: readonly string[],
  library: string,
  flags: readonly string[] = [],
): Promise<T> {
  const program = join(import.meta.dirname, file)
  return JSON.parse(await run([...flags, program, ...args], { BENCH_LIBRARY: library })) as T
}
