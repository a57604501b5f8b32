/** Calls offered are averaged over about this time, ms. */
const MEMORY = 20_000
/** More frequent samples add nothing, ms. */
const INTERVAL = 1000

/**
 * How many calls are offered, rejected ones among them, as a fading average. It is fed from the
 * lifetime totals whenever the clock is read anyway, so it costs a call nothing.
 */
export class OfferedRate {
  #at: number
  #offered = 0
  /** Fading sums of calls and of the ms in which they came. */
  #calls = 0
  #time = 0

  constructor(now: number) {
    this.#at = now
  }

  /** As {@link sample}, at most once in a while: calls must not pay for it. */
  sampleIfDue(counters: { readonly offered: number }, now: number): void {
    if (now - this.#at >= INTERVAL) this.sample(counters.offered, now)
  }

  /** `offered` is the lifetime total at `now`. */
  sample(offered: number, now: number): void {
    const passed = now - this.#at
    if (passed <= 0) return
    const kept = Math.exp(-passed / MEMORY)
    // The new calls are taken as spread evenly over the time since the last sample.
    const fresh = (MEMORY / passed) * (1 - kept)
    this.#calls = this.#calls * kept + (offered - this.#offered) * fresh
    this.#time = this.#time * kept + passed * fresh
    this.#offered = offered
    this.#at = now
  }

  /** Calls offered a ms; 0 while nothing is known. */
  get perMs(): number {
    return this.#time > 0 ? this.#calls / this.#time : 0
  }

  clone(): OfferedRate {
    const copy = new OfferedRate(this.#at)
    copy.#offered = this.#offered
    copy.#calls = this.#calls
    copy.#time = this.#time
    return copy
  }

  save(): SavedRate {
    return { calls: this.#calls, time: this.#time }
  }

  static restore(saved: SavedRate, offered: number, now: number): OfferedRate {
    const rate = new OfferedRate(now)
    rate.#offered = offered
    rate.#calls = saved.calls
    rate.#time = saved.time
    return rate
  }
}

export interface SavedRate {
  readonly calls: number
  readonly time: number
}

/** That of a machine, created when first needed. */
export function rateOf(data: { rate: OfferedRate | undefined }): OfferedRate {
  data.rate ??= new OfferedRate(0)
  return data.rate
}
