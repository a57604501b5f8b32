import { describe, expect, it } from 'vitest'
import type { Counts } from '../../src/index.ts'
import { canRun, runProgram } from './program.ts'

interface Result {
  readonly calls: number
  readonly counts: Counts
  /** Bytes in use after each tenth of the calls. */
  readonly samples: readonly number[]
}

// The engine's own code and profiles still grow a little. Of the rarest kind of call there are
// 20 000 after the second sample: 16 bytes left by each would show.
const NOISE = 300_000

describe.runIf(canRun)('a breaker that watches for', () => {
  it.each(['consecutive failures', 'every rule'])(
    '%s takes no more memory after a million calls of all kinds than after some',
    async (rules) => {
      const signal = AbortSignal.timeout(110_000)
      const { calls, counts, samples } = await runProgram<Result>(signal, 'memory-program', rules)

      expect(calls).toBe(1_000_000)
      expect(counts.success).toBeGreaterThan(400_000)
      expect(counts.failure).toBeGreaterThan(100_000)
      expect(counts.timeout).toBe(49_000)
      expect(counts.rejected.open + counts.rejected.full).toBeGreaterThanOrEqual(100_000)
      const [, early = 0, ...later] = samples
      expect(later).toHaveLength(8)
      expect(Math.min(...later.slice(-3)) - early).toBeLessThan(NOISE)
    },
    120_000,
  )
})
