const MINUTE = 60_000

/** Allows so many lines a minute, and tells at its end how many it has not allowed. */
export class RateLimit {
  readonly #perMinute: number
  readonly #perBreaker: number
  readonly #tell: (left: number) => void
  readonly #lines = new Map<string, number>()
  #allowed = 0
  #left = 0
  /** Runs from the first line of a minute to its end. */
  #timer: { readonly unref?: () => void } | undefined = undefined

  /** @throws RangeError naming the option that is wrong */
  constructor(
    options: { readonly perMinute: number; readonly perBreaker: number },
    tell: (left: number) => void,
  ) {
    for (const [name, value] of Object.entries(options)) {
      if (!(Number.isInteger(value) && value >= 1)) {
        throw new RangeError(`${name} must be an integer of at least 1, got ${value}`)
      }
    }
    this.#perMinute = options.perMinute
    this.#perBreaker = options.perBreaker
    this.#tell = tell
  }

  allows(breaker: string): boolean {
    if (this.#timer === undefined) {
      // biome-ignore lint/style/noRestrictedGlobals: lines a minute go by real time, as their readers do.
      this.#timer = setTimeout(() => this.end(), MINUTE) as { readonly unref?: () => void }
      // It must not keep a process alive. Browsers have a number for a timer.
      this.#timer.unref?.()
    }
    const lines = this.#lines.get(breaker) ?? 0
    if (this.#allowed >= this.#perMinute || lines >= this.#perBreaker) {
      this.#left++
      return false
    }
    this.#allowed++
    this.#lines.set(breaker, lines + 1)
    return true
  }

  /** The minute is over. */
  end(): void {
    // biome-ignore lint/style/noRestrictedGlobals: as above.
    clearTimeout(this.#timer as never)
    this.#timer = undefined
    const left = this.#left
    this.#allowed = this.#left = 0
    this.#lines.clear()
    if (left > 0) this.#tell(left)
  }
}
