import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from './run.ts'

const root = resolve(import.meta.dirname, '../..')

/** Compiles the library as it is published, apart from `dist/`, and gives the folder. */
export async function buildLibrary(): Promise<string> {
  const cache = join(root, '.cache')
  mkdirSync(cache, { recursive: true })
  // Of its own: what one run measures must not vanish when another begins.
  const folder = mkdtempSync(join(cache, 'performance-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  await run([compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', folder])
  return folder
}
