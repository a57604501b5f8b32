import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { useService } from './service.ts'

const service = useService()
const run = promisify(execFile)
const source = (path: string) => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url))
const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))

/** What each command prints with `--json`, and the type that it has in the API. */
const COMMANDS: readonly (readonly [line: string, type: string])[] = [
  ['ls --all', 'List'],
  ['ls --state closed', 'List'],
  ['get payments', 'Detail'],
  ['get accounts', 'Detail'],
  ['why payments', 'Explanation'],
  ['force-open accounts --reason because --for 10m', 'Result'],
  ['get accounts', 'Detail'],
  ['release accounts --reason because', 'Result'],
  ['trip accounts --reason because', 'Result'],
  ['reset accounts --reason because', 'Result'],
  ['log', 'LogEntry'],
]

it('prints with --json what the types say, with every field and no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'json-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const lines = [
    `import type { Detail, List, LogEntry, Result } from '${source('admin/index.ts')}'`,
    `import type { Explanation } from '${source('index.ts')}'`,
  ]
  for (const [line, type] of COMMANDS) {
    const { stdout, stderr } = await run('short-circuit', [...line.split(' '), '--json'], {
      env: service().env,
    })
    expect({ line, stderr }).toEqual({ line, stderr: '' })
    for (const json of stdout.trim().split('\n')) {
      expect(() => JSON.parse(json)).not.toThrow()
      // As a literal, it may have no field that the type has not.
      lines.push(`export const value${lines.length}: ${type} = ${json}`)
    }
  }
  // What is wrong must be found.
  lines.push('export const wrong: LogEntry = { id: 1 }')
  writeFileSync(join(folder, 'values.ts'), lines.join('\n'))
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable', 'dom.asynciterable'],
    types: [],
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  }
  const config = { compilerOptions, files: ['values.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))

  const checked = await run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  )

  const wrong = Array.from(checked.stdout.matchAll(/^values\.ts\((\d+).*/gm))
  expect(
    wrong.map(([message, line]) => (Number(line) === lines.length ? 'wrong' : message)),
  ).toEqual(wrong.map(() => 'wrong'))
  expect(wrong.length).toBeGreaterThan(0)
  expect(lines.length).toBeGreaterThan(COMMANDS.length)
})
