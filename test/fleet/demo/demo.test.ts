import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../../demo/main.ts', import.meta.url))
const runsTypeScript = Boolean(process.features.typescript) && process.platform !== 'win32'

// Without that the demo cannot start; `npm run` brings a Node that can.
describe.runIf(runsTypeScript)('the demo of a fleet', () => {
  it('kills the upstream of eight processes and their Redis, and finds that callers were spared', async () => {
    const demo = spawn(process.execPath, [main, '--fleet'], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [output, errors, [code]] = await Promise.all([
      text(demo.stdout),
      text(demo.stderr),
      once(demo, 'exit'),
    ])

    expect(errors).toBe('')
    expect(output).not.toContain('\x1b')
    expect(output).toMatch(
      /upstream +killed.* restarted.* redis +killed.* upstream +killed.* restarted.* redis +restarted, empty.* upstream +killed.* restarted/s,
    )
    const verdicts = output.match(/^ (yes|slow|no) +\S/gm) ?? []
    expect(verdicts).toHaveLength(11)
    const failed = verdicts.some((verdict) => verdict.startsWith(' no'))
    expect(code).toBe(failed ? 1 : 0)
    // Processes that can't run for longer than an exchange may take decide by themselves, and rightly so.
    if (!output.includes('The machine was busy')) expect(output).not.toMatch(/^ no /m)
  }, 400_000)
})
