import type { LatencyReading } from '../../index.ts'
import { decode, encode } from './compact.ts'

/** Durations are kept in quarters of a millisecond, of which no call takes less than one. */
const PER_MS = 4

/** How many calls took how long: a count for each code of a duration. */
export type LatencyCounts = Uint32Array

export const NO_LATENCY: LatencyCounts = /* @__PURE__ */ new Uint32Array(0)

/** Reads the counts of one breaker after the other; keeps them as far as there are any. */
export class LatencyReader {
  readonly #counts = new Uint32Array(256)

  read(latency: LatencyReading): LatencyCounts {
    const counts = this.#counts.fill(0)
    let end = 0
    latency.forEachBucket((upTo, calls) => {
      const code = Math.max(1, encode(upTo * PER_MS))
      ;(counts[code] as number) += calls
      if (code >= end) end = code + 1
    })
    return counts.slice(0, end)
  }
}

/** The code of the duration that a share of the calls since `before` did not exceed; 0 without calls. */
export function quantile(counts: LatencyCounts, before: LatencyCounts, share: number): number {
  let calls = 0
  for (let code = 1; code < counts.length; code++) calls += since(counts, before, code)
  let rank = Math.ceil(share * calls)
  for (let code = 1; calls > 0 && code < counts.length; code++) {
    rank -= since(counts, before, code)
    if (rank <= 0) return code
  }
  return 0
}

/** Where they were begun anew, all of them are since then. */
function since(counts: LatencyCounts, before: LatencyCounts, code: number): number {
  const difference = (counts[code] as number) - (before[code] ?? 0)
  return difference < 0 ? (counts[code] as number) : difference
}

/** The duration of a code in ms; null for none. */
export function durationOf(code: number): number | null {
  return code === 0 ? null : decode(code) / PER_MS
}
