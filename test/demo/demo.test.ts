import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../demo/main.ts', import.meta.url))
const runsTypeScript = Boolean(process.features.typescript) && process.platform !== 'win32'

// Without that the demo cannot start; `npm run` brings a Node that can.
describe.runIf(runsTypeScript)('the demo', () => {
  // A machine that is busy keeps a thawed server from answering: what it then meets is one outage.
  const patience = { timeout: 90_000, retry: 2 }
  it(
    'freezes and kills a real upstream and finds that the breaker did its job',
    patience,
    async () => {
      const demo = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'pipe'] })
      const [output, errors, [code]] = await Promise.all([
        text(demo.stdout),
        text(demo.stderr),
        once(demo, 'exit'),
      ])

      expect(errors).toBe('')
      expect(output).toContain('The breaker did its job.')
      expect(code).toBe(0)
      expect(output).toMatch(
        /frozen \(SIGSTOP\).* open: .* failed.*thawed.* half-open: .* closed: /s,
      )
      expect(output).toMatch(
        /killed \(SIGKILL\).* open: .* failed.*restarted.* half-open: .* closed: /s,
      )
      expect(output).toMatch(/waited for calls that failed( +\d+\.\d s){4}/)
      // What is frozen for 5.5 s is no failure to one that waits for 10 s.
      expect(output).toMatch(/hung over 2 s +\d+ +\d+ +[1-9]\d* +\d+$/m)
      expect(output).toMatch(/opossum \d+\.\d+\.\d+ has no options at all: a call may take 10 s/)
      expect(output).not.toContain('\x1b')
    },
  )
})
