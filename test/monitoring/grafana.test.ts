import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { dashboard } from './dashboard.ts'

const root = join(import.meta.dirname, '../..')

interface Configured {
  readonly type: string
  readonly options?: object
  readonly fieldConfig: { readonly defaults: { readonly custom?: object } }
}

/** What the compiler has against `program`, which may use the types in `grafana.ts`. */
async function complaintsOf(program: string): Promise<string> {
  const folder = mkdtempSync(join(import.meta.dirname, 'grafana-'))
  try {
    writeFileSync(join(folder, 'program.ts'), program)
    const compilerOptions = { skipLibCheck: true }
    const config = { extends: '../tsconfig.json', compilerOptions, include: ['.'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    await promisify(execFile)(process.execPath, [tsc, '-p', folder], { cwd: root })
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function programOf(written: object, panels: readonly Configured[]): string {
  const lines = ["import type { PanelParts, WrittenDashboard } from '../grafana.ts'"]
  lines.push(`export const dashboard: WrittenDashboard = ${JSON.stringify(written)}`)
  panels.forEach(({ type, options = {}, fieldConfig }, i) => {
    const parts = { options, custom: fieldConfig.defaults.custom ?? {} }
    lines.push(`export const panel${i}: PanelParts['${type}'] = ${JSON.stringify(parts)}`)
  })
  return lines.join('\n')
}

it('is a dashboard by the schema of Grafana, down to the options of its panels', async () => {
  const panels = dashboard.panels as unknown as Configured[]

  expect(await complaintsOf(programOf(dashboard, panels))).toBe('')
})

it('would be found out with a wrong name or value anywhere', async () => {
  const [panel] = dashboard.panels as unknown as [Configured]
  const wrong = [
    { written: { ...dashboard, refreshes: '30s' }, panel },
    { written: dashboard, panel: { ...panel, type: 'timeserie' } },
    { written: dashboard, panel: { ...panel, options: { ...panel.options, colour: 1 } } },
  ]
  for (const { written, panel } of wrong) {
    expect(await complaintsOf(programOf(written, [panel]))).toContain('error TS')
  }
})
