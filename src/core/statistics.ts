import { Latency, type SavedLatency } from './latency.ts'
import type { Outcome } from './outcome.ts'

/** The recent past, ms, kept in so many slices. */
export const RECENT = 60_000
const SLICES = 12
const WIDTH = RECENT / SLICES

/** Calls that ended, by outcome, and calls refused, in the last minute. */
export interface Recent {
  readonly success: number
  readonly failure: number
  readonly neutral: number
  readonly cancelled: number
  readonly rejected: number
}

const KINDS = ['success', 'failure', 'neutral', 'cancelled', 'rejected'] as const

/** What is kept of the calls themselves when somebody wants to know: O(1) a call, of fixed size. */
export class Statistics {
  latency: Latency = new Latency()
  /** Ms that failed calls took, and how many they were. */
  #failedFor = 0
  #failed = 0
  /** Number of the newest slice since time 0. */
  #newest = 0
  readonly #slices = new Float64Array(SLICES * KINDS.length)

  /** A call has ended. */
  record(outcome: Outcome, duration: number, now: number): void {
    this.#add(KINDS.indexOf(outcome), now)
    if (outcome === 'cancelled') return
    this.latency.record(duration)
    if (outcome !== 'failure') return
    this.#failed++
    this.#failedFor += duration
  }

  /** A call was refused. */
  refused(now: number): void {
    this.#add(KINDS.length - 1, now)
  }

  /** What a refused call would probably have waited for its failure, ms. */
  get failedCall(): number {
    return this.#failed === 0 ? 0 : this.#failedFor / this.#failed
  }

  /** Reading moves nothing. */
  recent(now: number): Recent {
    const oldest = Math.floor(now / WIDTH) - SLICES + 1
    const sums = [0, 0, 0, 0, 0]
    for (let slice = Math.max(0, this.#newest - SLICES + 1); slice <= this.#newest; slice++) {
      if (slice < oldest) continue
      for (let kind = 0; kind < KINDS.length; kind++) {
        ;(sums[kind] as number) += this.#slices[at(slice) + kind] as number
      }
    }
    const [success = 0, failure = 0, neutral = 0, cancelled = 0, rejected = 0] = sums
    return { success, failure, neutral, cancelled, rejected }
  }

  #add(kind: number, now: number): void {
    const slice = Math.floor(now / WIDTH)
    const first = Math.max(this.#newest + 1, slice - SLICES + 1)
    for (let fresh = first; fresh <= slice; fresh++) {
      this.#slices.fill(0, at(fresh), at(fresh) + KINDS.length)
    }
    this.#newest = Math.max(this.#newest, slice)
    ;(this.#slices[at(slice) + kind] as number)++
  }

  clone(): Statistics {
    const copy = Statistics.restore(this.save())
    copy.#newest = this.#newest
    copy.#slices.set(this.#slices)
    return copy
  }

  /** The last minute is not saved: it is over before anybody continues. */
  save(): SavedStatistics {
    return { latency: this.latency.save(), failedFor: this.#failedFor, failed: this.#failed }
  }

  static restore({ latency, failedFor, failed }: SavedStatistics): Statistics {
    const statistics = new Statistics()
    statistics.latency = Latency.restore(latency)
    statistics.#failedFor = failedFor
    statistics.#failed = failed
    return statistics
  }
}

export interface SavedStatistics {
  readonly latency: SavedLatency
  readonly failedFor: number
  readonly failed: number
}

function at(slice: number): number {
  return (slice % SLICES) * KINDS.length
}
