import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { growth } from './trend.ts'

const program = fileURLToPath(new URL('main.ts', import.meta.url))
/** The program is TypeScript; `npm run` brings a Node that runs it. */
const canRun = Boolean(process.features.typescript) && process.platform !== 'win32'

function soak(seconds: number, timeout: number): Promise<{ code: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--expose-gc', program, String(seconds)],
      { timeout, env: { ...process.env, NODE_OPTIONS: '' } },
      (error, stdout, stderr) => {
        resolve({
          code: error === null ? 0 : (error.code ?? error.signal),
          output: stdout + stderr,
        })
      },
    )
  })
}

describe('growth', () => {
  it.each([
    { values: [], expected: 0 },
    { values: [5], expected: 0 },
    { values: [3, 3, 3, 3], expected: 0 },
    { values: [1, 2, 3, 4], expected: 3 },
    { values: [4, 3, 2, 1], expected: -3 },
    { values: [1, 9, 9, 1], expected: 0 },
  ])('of $values is $expected from the first to the last', ({ values, expected }) => {
    const samples = values.map((value, i) => ({ at: 1_000 + i * 500, value }))

    expect(growth(samples)).toBeCloseTo(expected)
  })
})

describe.runIf(canRun)('a process with real traffic against servers that break', () => {
  it('keeps its books and its memory, closes every circuit again, and ends by itself', async () => {
    const { code, output } = await soak(30, 200_000)

    expect(code, output).toBe(0)
    expect(output).toContain('soak: all held')
  }, 210_000)
})
