import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from './run.ts'

const root = resolve(import.meta.dirname, '../..')

/**
 * Compiles the programs of this folder and the library, as it is published, and gives the folder:
 * Node 20 runs no TypeScript, and what runs must be the same in every version. The compiler takes
 * away the types and leaves the rest alone, so that functions which are compiled anew from their
 * text are as they were written.
 */
export async function build(): Promise<string> {
  const cache = join(root, '.cache')
  mkdirSync(cache, { recursive: true })
  // Of its own: what one run measures must not vanish when another begins.
  const folder = mkdtempSync(join(cache, 'performance-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [compiler, '-p', import.meta.dirname, '--outDir', folder])
  return folder
}
