import type { Clock } from '../index.ts'

/** Allows so many within a time, and that many again afterwards. */
export class RateLimit {
  readonly #clock: Clock
  readonly #most: number
  readonly #ms: number
  #begin: number = -Infinity
  #taken = 0

  constructor(clock: Clock, most: number, ms: number) {
    this.#clock = clock
    this.#most = most
    this.#ms = ms
  }

  /** False for one too many. */
  take(): boolean {
    const now = this.#clock.now()
    // Also where the clock has gone back.
    if (!(now >= this.#begin && now - this.#begin < this.#ms)) {
      this.#begin = now
      this.#taken = 0
    }
    if (this.#taken >= this.#most) return false
    this.#taken++
    return true
  }
}
