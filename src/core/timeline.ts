/**
 * Time as the machine knows it: the sum of the forward steps of a clock that may do anything.
 * A step back counts as zero and progress after it counts again; a reading that is not a finite
 * number is no reading.
 */
export class Timeline {
  #elapsed = 0
  #last: number

  constructor(reading: number) {
    this.#last = Number.isFinite(reading) ? reading : 0
  }

  /** Takes a reading and gives the time it stands for. */
  advance(reading: number): number {
    if (Number.isFinite(reading)) {
      if (reading > this.#last) this.#elapsed += reading - this.#last
      this.#last = reading
    }
    return this.#elapsed
  }

  /** What {@link advance} would give, without taking the reading. */
  at(reading: number): number {
    return reading > this.#last && reading < Infinity
      ? this.#elapsed + (reading - this.#last)
      : this.#elapsed
  }

  clone(): Timeline {
    const copy = new Timeline(this.#last)
    copy.#elapsed = this.#elapsed
    return copy
  }
}
