import { describe, expect, it } from 'vitest'
import { canRun, runProgram } from './program.ts'

const MILLION = 1_000_000

// What a breaker takes, its place in the registry included, but not the string of its name.
describe.runIf(canRun)('a registry with room for all', () => {
  const rows: [mode: string, count: number, bytes: number][] = [
    ['named', MILLION, 260],
    ['named, called', 100_000, 1_750],
    ['keyed, healthy', 100_000, 1_750],
    ['keyed, failed once', 100_000, 2_050],
  ]

  it.for(rows)(
    'takes for each breaker, %s, of %i at most %i bytes',
    { timeout: 60_000 },
    async ([mode, count, bytes], { signal }) => {
      const taken = await runProgram<number>(signal, 'keys-program', mode, String(count))

      expect(taken).toBeLessThanOrEqual(bytes)
    },
  )
})

it.runIf(canRun)(
  'a registry that is full takes no more memory after a million evictions than after some',
  async ({ signal }) => {
    const { evicted, kept, lossy, samples } = await runProgram<{
      evicted: number
      kept: number
      lossy: number
      samples: number[]
    }>(signal, 'keys-program', 'evictions', String(MILLION))

    expect([kept, evicted]).toEqual([1_000, MILLION - 1_000])
    // A quarter of the breakers had failed once.
    expect(Math.abs(lossy - MILLION / 4)).toBeLessThan(1_000)
    const growth = Math.min(...samples.slice(-3)) - Math.min(...samples.slice(0, -3))
    // An eighth of a byte for each.
    expect(growth).toBeLessThan(MILLION / 8)
  },
  60_000,
)
