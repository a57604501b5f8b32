import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** The folder that `build` made, and the Node that runs what is in it. */
export interface Stage {
  readonly folder: string
  readonly node: string
}

/** Where the library is that is measured: see `library` of `subjects/own.ts`. */
export function libraryOf({ folder }: Stage): string {
  return process.env['BENCH_LIBRARY'] ?? join(folder, 'src/index.js')
}

/** Runs a program and gives what it prints. */
export function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
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
      else reject(new Error(`${args.join(' ')} ended with ${code}:\n${output}${complaint}`))
    })
  })
}

/** Runs a program of this folder, which prints one JSON value, in a process of its own. */
export async function runChild<T>(
  { folder, node }: Stage,
  program: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Promise<T> {
  const file = join(folder, 'bench/performance', `${program}.js`)
  return JSON.parse(await run(node, [...flags, file, ...args])) as T
}
