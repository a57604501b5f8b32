import type { Outcome } from '../outcome.ts'
import { Latency, type SavedLatency } from './latency-histogram.ts'

/** The recent past, ms, kept in so many slices. */
export const RECENT = 60_000
const SLICES = 12
const WIDTH = RECENT / SLICES

/** Calls that ended, by outcome, and calls rejected, in the last minute. */
export interface RecentCalls {
  readonly success: number
  readonly failure: number
  readonly neutral: number
  readonly cancelled: number
  readonly rejected: number
}

const OUTCOME_COUNT = 5

/** What is kept of calls while statistics are on: O(1) per call, of fixed size. */
export class Statistics {
  latency: Latency = new Latency()
  /** Ms that failed calls took, and how many they were. */
  #failedFor = 0
  #failed = 0
  /** What ended in the newest slice. */
  #success = 0
  #failure = 0
  #neutral = 0
  #cancelled = 0
  #rejected = 0
  /** Number of the newest slice since time 0, and when it ends. */
  #newest = 0
  #until = WIDTH
  /** The slices before it, in turns; null while all of them are empty. */
  #slices: Uint32Array | null = null

  /** A call has ended. */
  record(outcome: Outcome, duration: number, now: number): void {
    if (now >= this.#until) this.#turn(now)
    if (outcome === 'success') this.#success++
    else if (outcome === 'neutral') this.#neutral++
    else if (outcome === 'cancelled') {
      this.#cancelled++
      return
    } else {
      this.#failure++
      this.#failed++
      this.#failedFor += duration
    }
    this.latency.record(duration)
  }

  /** A call was rejected. */
  recordRejection(now: number): void {
    if (now >= this.#until) this.#turn(now)
    this.#rejected++
  }

  /** How long a rejected call would probably have waited for its failure, ms. */
  get failedCall(): number {
    return this.#failed === 0 ? 0 : this.#failedFor / this.#failed
  }

  /** Reading does not change it. */
  recent(now: number): RecentCalls {
    const oldest = Math.max(0, Math.floor(now / WIDTH) - SLICES + 1)
    const sums = this.#newest < oldest ? [0, 0, 0, 0, 0] : this.#current()
    const first = Math.max(oldest, this.#newest - SLICES + 1)
    for (let slice = first; slice < this.#newest; slice++) {
      for (let kind = 0; kind < OUTCOME_COUNT; kind++) {
        ;(sums[kind] as number) += this.#slices?.[at(slice) + kind] ?? 0
      }
    }
    const [success = 0, failure = 0, neutral = 0, cancelled = 0, rejected = 0] = sums
    return { success, failure, neutral, cancelled, rejected }
  }

  #current(): number[] {
    return [this.#success, this.#failure, this.#neutral, this.#cancelled, this.#rejected]
  }

  /** Puts the newest slice to the others, and begins with the one that it is now. */
  #turn(now: number): void {
    const slice = Math.floor(now / WIDTH)
    const current = this.#current()
    if (this.#slices !== null || current.some((count) => count > 0)) {
      this.#slices ??= new Uint32Array(SLICES * OUTCOME_COUNT)
      this.#slices.set(current, at(this.#newest))
      for (let idle = Math.max(this.#newest + 1, slice - SLICES + 1); idle < slice; idle++) {
        this.#slices.fill(0, at(idle), at(idle) + OUTCOME_COUNT)
      }
    }
    this.#success = this.#failure = this.#neutral = this.#cancelled = this.#rejected = 0
    this.#newest = slice
    this.#until = (slice + 1) * WIDTH
  }

  clone(): Statistics {
    const copy = Statistics.restore(this.save())
    copy.#success = this.#success
    copy.#failure = this.#failure
    copy.#neutral = this.#neutral
    copy.#cancelled = this.#cancelled
    copy.#rejected = this.#rejected
    copy.#newest = this.#newest
    copy.#until = this.#until
    copy.#slices = this.#slices?.slice() ?? null
    return copy
  }

  /** The last minute is not saved: it is over before the saved state is used. */
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
  return (slice % SLICES) * OUTCOME_COUNT
}
