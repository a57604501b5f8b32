import { expect, it } from 'vitest'
import type { Counts } from '../../src/index.ts'
import { canRun, runProgram } from './program.ts'

// The engine's own code and profiles still grow a little. Of the rarest kind of call there are
// 20 000 after the second sample: 16 bytes left by each would show.
const NOISE = 250_000

it.runIf(canRun)(
  'a breaker takes no more memory after a million calls of all kinds than after some',
  async ({ signal }) => {
    const { calls, counts, samples } = await runProgram<{
      calls: number
      counts: Counts
      samples: number[]
    }>(signal, 'memory-program')

    expect(calls).toBe(1_000_000)
    expect(counts.success).toBeGreaterThan(600_000)
    expect(counts.failure).toBeGreaterThan(100_000)
    expect(counts.timeout).toBe(49_000)
    expect(counts.rejected.open).toBeGreaterThanOrEqual(200_000)
    const [, early = 0, ...later] = samples
    expect(later).toHaveLength(8)
    expect(Math.min(...later.slice(-3)) - early).toBeLessThan(NOISE)
  },
  60_000,
)
