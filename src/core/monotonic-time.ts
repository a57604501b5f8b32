/** No clock is that far ahead, ms: beyond it sums of times would lose their milliseconds. */
const LONGEST_STEP = 1e13

/**
 * Time as the machine knows it: the sum of the forward steps of a clock that may do anything.
 * A step back counts as zero and progress after it counts again; a reading that is not a finite
 * number is no reading.
 */
export class MonotonicTime {
  #elapsed = 0
  /** `NaN` before the first reading. */
  #last: number

  constructor(clockTime: number) {
    this.#last = Number.isFinite(clockTime) ? clockTime : Number.NaN
  }

  /** Takes a reading and returns the time it stands for. */
  advance(clockTime: number): number {
    this.#elapsed = this.at(clockTime)
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

  clone(): MonotonicTime {
    const copy = new MonotonicTime(this.#last)
    copy.#elapsed = this.#elapsed
    return copy
  }
}
