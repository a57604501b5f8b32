import type { RecordedFailure } from '../outcome.ts'

/** Failures kept to explain a trip. */
const KEPT = 5

/** The last failures: a ring, so that keeping one more moves none of the others. */
export class LastFailures {
  readonly #ring: RecordedFailure[]
  /** Where the oldest one is, once the ring is full. */
  #oldest = 0

  /** Goes on from these, oldest first. */
  constructor(failures: readonly RecordedFailure[] = []) {
    this.#ring = failures.slice(-KEPT)
  }

  add(failure: RecordedFailure): void {
    if (this.#ring.length < KEPT) {
      this.#ring.push(failure)
      return
    }
    this.#ring[this.#oldest] = failure
    this.#oldest = this.#oldest === KEPT - 1 ? 0 : this.#oldest + 1
  }

  /** Oldest first. */
  list(): RecordedFailure[] {
    return [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)]
  }

  clone(): LastFailures {
    return new LastFailures(this.list())
  }
}
