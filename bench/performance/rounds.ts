import { Bench } from 'tinybench'
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
 * The ms per call of each contestant: the 20th percentile over many short samples, in turns that are
 * taken in another order in every round. Whatever the machine does besides meets all of them alike,
 * and is left out where it falls upon a sample. Each turn is a run of tinybench.
 */
export async function interleaved(
  contestants: readonly Contestant[],
  { rounds, turn, warmup, unit = 1 }: RoundSettings,
): Promise<Record<string, number>> {
  const bench = new Bench({
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
      // Otherwise it gives what it has.
      task?.reset(false)
      await task?.run()
      const result = task?.result
      if (result?.state !== 'completed') throw new Error(`a turn ended as ${result?.state}`)
      for (const time of result.latency.samples ?? []) samples.push(time / calls)
    }
  }
  return Object.fromEntries(entries.map(({ name, samples }) => [name, quantile(samples, 0.2)]))
}

/** Warms it up, and tells how many calls make a sample: a turn has room for several. */
async function calibrate(
  batch: (calls: number) => unknown,
  turn: number,
  warmup: number,
  unit: number,
): Promise<number> {
  const end = performance.now() + warmup
  let calls = unit
  for (;;) {
    // The shortest of a few: the machine may have been busy with something else.
    let took = Infinity
    for (let i = 0; i < 4; i++) {
      const begin = performance.now()
      await batch(calls)
      took = Math.min(took, performance.now() - begin)
    }
    if (took < turn / 8) calls *= 2
    else if (took > turn / 2 && calls > unit) calls = Math.max(unit, calls / 2)
    else if (performance.now() >= end) return calls
  }
}
