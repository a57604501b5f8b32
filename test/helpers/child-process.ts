import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** Runs a module in which `short` is the root entry of the package; returns its output. */
export async function runInChild(code: string, ...flags: string[]): Promise<ChildResult> {
  const entry = new URL('../../src/index.ts', import.meta.url).href
  const source = `import * as short from ${JSON.stringify(entry)}\n${code}`
  const args = [...flags, '--no-warnings', '--input-type=module', '--eval', source]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { stdout: stdout.trim(), stderr, exitCode }
}

export interface ChildResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Only such a Node can run the sources as they are; `npm run` brings one. */
export const runsTypeScript: boolean = Boolean(process.features.typescript)
