/** No clock is that far ahead, ms: beyond it sums of times would lose their milliseconds. */
const LONGEST_STEP = 1e13

/** A step of so many ms may be a process that was stopped. No call is overdue sooner. */
export const STALL = 500

/** Is told when the clock has made a step after which events may be waiting to be handled. */
export interface StallListener {
  /** Answer by {@link MonotonicTime.hear} when what had arrived by then has been handled. */
  onStall(at: number): void
}

/**
 * Time as the machine knows it: the sum of the forward steps of a clock that may do anything.
 * A step back counts as zero and progress after it counts again; a reading that is not a finite
 * number is no reading.
 */
export class MonotonicTime {
  #elapsed = 0
  /** `NaN` before the first reading. */
  #last: number
  /** The last step forward. */
  #step = 0
  /** When it was in doubt whether calls or the process itself are late; `NaN` when it is not. */
  #stalledAt = Number.NaN
  /** The doubt in which a call that was given up has counted as hung. */
  #chargedAt = Number.NaN
  /** Without it, time passes only when it is told, and calls that are late are so by themselves. */
  listener: StallListener | undefined = undefined

  constructor(clockTime: number) {
    this.#last = Number.isFinite(clockTime) ? clockTime : Number.NaN
  }

  /** Takes a reading and returns the time it stands for. */
  advance(clockTime: number): number {
    const now = this.at(clockTime)
    this.#step = now - this.#elapsed
    this.#elapsed = now
    if (Number.isFinite(clockTime)) this.#last = clockTime
    return this.#elapsed
  }

  /** What {@link advance} would return, without taking the reading. */
  at(clockTime: number): number {
    const step = clockTime - this.#last
    return step > 0 && clockTime < Infinity
      ? this.#elapsed + Math.min(step, LONGEST_STEP)
      : this.#elapsed
  }

  /**
   * True right after a step that may have been a stall of the process: what had arrived meanwhile is
   * handled first, before any call is said to be late.
   */
  get isStalled(): boolean {
    if (this.listener === undefined) return false
    // Told again if it took that long to hear: the turn was lost, or there was another stall.
    if (this.#step >= STALL || this.#elapsed - this.#stalledAt >= STALL) {
      if (this.#stalledAt !== this.#elapsed) {
        this.#stalledAt = this.#elapsed
        this.listener.onStall(this.#elapsed)
      }
      return true
    }
    return this.#stalledAt >= 0
  }

  /**
   * Whether a call that was given up late may count as hung. Its answer can't come any more, so that
   * waiting would settle nothing: of those that one step has made late, one may. A process that was
   * stopped opens by none of them then, and one that had nothing else to do does by a few in a row.
   */
  chargesAbandoned(): boolean {
    if (!this.isStalled) return true
    if (this.#chargedAt === this.#stalledAt) return false
    this.#chargedAt = this.#stalledAt
    return true
  }

  /** What had arrived by `at` has been handled. True if that was the last doubt. */
  hear(at: number): boolean {
    if (at !== this.#stalledAt) return false
    this.#stalledAt = Number.NaN
    this.#step = 0
    return true
  }

  clone(): MonotonicTime {
    const copy = new MonotonicTime(this.#last)
    copy.#elapsed = this.#elapsed
    copy.#step = this.#step
    copy.#stalledAt = this.#stalledAt
    copy.#chargedAt = this.#chargedAt
    if (this.listener !== undefined) copy.listener = SILENT
    return copy
  }
}

/** Of a copy, which nothing is published of. */
const SILENT: StallListener = { onStall: () => {} }
