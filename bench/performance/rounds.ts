import { Bench } from 'tinybench'
import { cpuTime } from './cpu-time.ts'
import { quantile, shuffled } from './statistics.ts'

/** Something to be timed: makes `calls` calls. */
export interface Contestant {
  readonly name: string
  readonly batch: (calls: number) => unknown
}

export interface RoundSettings {
  readonly rounds: number
  /** How long a contestant has its turn, ms. */
  readonly turn: number
  /** How long each of them runs before anything counts, ms. */
  readonly warmup: number
  /** Calls come in multiples of it. */
  readonly unit?: number
}

/**
 * The ms per call of each contestant: the 20th percentile over many short turns, taken in another
 * order in every round. Whatever the machine does besides meets all of them alike. What a round is
 * made of is timed by tinybench.
 */
export async function interleaved(
  contestants: readonly Contestant[],
  { rounds, turn, warmup, unit = 1 }: RoundSettings,
): Promise<Record<string, number>> {
  const bench = new Bench({
    now: cpuTime,
    iterations: 1,
    time: turn,
    warmup: false,
    retainSamples: true,
    throws: true,
  })
  const entries = []
  for (const { name, batch } of contestants) {
    const calls = await calibrate(batch, turn, warmup, unit)
    bench.add(name, () => batch(calls))
    entries.push({ name, calls, task: bench.getTask(name), samples: [] as number[] })
  }
  for (let round = 0; round < rounds; round++) {
    for (const { task, calls, samples } of shuffled(entries)) {
      await task?.run()
      const result = task?.result
      if (result?.state !== 'completed') throw new Error(`a turn ended as ${result?.state}`)
      samples.push(result.latency.mean / calls)
    }
  }
  return Object.fromEntries(entries.map(({ name, samples }) => [name, quantile(samples, 0.2)]))
}

/** Warms it up, and tells how many calls fill a third of a turn. */
async function calibrate(
  batch: (calls: number) => unknown,
  turn: number,
  warmup: number,
  unit: number,
): Promise<number> {
  const end = cpuTime() + warmup
  let calls = unit
  for (;;) {
    const begin = cpuTime()
    await batch(calls)
    const took = cpuTime() - begin
    if (took < turn / 6) calls *= 2
    else if (took > turn / 1.5) calls = Math.max(unit, unit * Math.floor(calls / 2 / unit))
    if (cpuTime() >= end && (took >= turn / 6 || calls > 1e7)) return calls
  }
}
