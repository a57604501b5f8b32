import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../demo/main.ts', import.meta.url))
const runsTypeScript = Boolean(process.features.typescript) && process.platform !== 'win32'

// Without that the demo cannot start; `npm run` brings a Node that can.
describe.runIf(runsTypeScript)('the demo', () => {
  it('freezes and kills a real upstream and finds that the breaker did its job', async () => {
    const demo = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [output, errors, [code]] = await Promise.all([
      text(demo.stdout),
      text(demo.stderr),
      once(demo, 'exit'),
    ])

    expect(errors).toBe('')
    expect(output).toContain('The breaker did its job.')
    expect(code).toBe(0)
    expect(output).toMatch(/frozen \(SIGSTOP\).* open: .* failed.*thawed.* half-open: .* closed: /s)
    expect(output).toMatch(
      /killed \(SIGKILL\).* open: .* failed.*restarted.* half-open: .* closed: /s,
    )
    expect(output).toMatch(/waited for calls that failed +\d+\.\d s +\d+\.\d s +\d+\.\d s/)
    expect(output).not.toContain('\x1b')
  }, 60_000)
})
