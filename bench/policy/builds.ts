import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { CircuitBreaker } from '../../src/index.ts'
import { ofBuild, policies } from './policies.ts'

/** Another build of this library, to be compared with this one in the same run. */
export interface Build {
  readonly name: string
  /** What it is bundled into. */
  readonly file: string
}

/** Bundles the sources of a commit in a folder for temporary files. */
export async function buildOfCommit(commit: string): Promise<Build> {
  const folder = mkdtempSync(join(tmpdir(), 'short-circuit-'))
  const root = join(import.meta.dirname, '../..')
  const sources = execFileSync('git', ['archive', commit, 'src'], {
    cwd: root,
    maxBuffer: 2 ** 28,
  })
  execFileSync('tar', ['-x', '-C', folder], { input: sources })
  const file = join(folder, 'index.mjs')
  const entry = join(folder, 'src/index.ts')
  await build({ entryPoints: [entry], bundle: true, format: 'esm', outfile: file })
  return { name: commit, file }
}

/** Makes policies of builds, in this thread. */
export async function addBuilds(builds: readonly Build[]): Promise<void> {
  for (const { name, file } of builds) {
    const { CircuitBreaker: create } = (await import(pathToFileURL(file).href)) as {
      CircuitBreaker: typeof CircuitBreaker
    }
    policies.push(ofBuild({ name, create }))
  }
}
