/** Fewer successes than these say nothing about what is normal. */
const MINIMUM_SAMPLES = 10
/** The newest latency weighs at least this much. */
const SLOWEST_LEARNING = 0.02
/** Of the standard normal distribution. */
const P99 = 2.326
/** No call is overdue sooner, ms. */
export const SHORTEST_OVERDUE = 500
/** A call is overdue at this many times the usual 99th percentile. */
const OVERDUE_FACTOR = 4
/** A late success moves the bound this far beyond itself. */
const FORGIVENESS = 1.5

/** What is normal for the target: a running estimate of the logarithm of its latency. */
export class Baseline {
  samples = 0
  /** Of ln(ms). */
  mean = 0
  variance = 0
  /** Learned from calls that were thought hung and came back, ms. */
  floor = 0

  /** A success took that long while the circuit was closed. */
  learn(duration: number): void {
    const value = Math.log(Math.max(duration, 0.01))
    this.samples++
    const weight = Math.max(SLOWEST_LEARNING, 1 / this.samples)
    const difference = value - this.mean
    this.mean += weight * difference
    this.variance = (1 - weight) * (this.variance + weight * difference * difference)
  }

  /** A call that had been counted as hung succeeded after that long. */
  forgive(duration: number): void {
    this.floor = Math.max(this.floor, FORGIVENESS * duration)
  }

  get known(): boolean {
    return this.samples >= MINIMUM_SAMPLES
  }

  /** The latency to expect, ms; 0 while unknown. */
  get typical(): number {
    return this.known ? Math.exp(this.mean) : 0
  }

  /** A call in flight for longer is probably hung, ms; `Infinity` while nothing is known. */
  get overdueAfter(): number {
    if (!this.known) return Infinity
    const p99 = Math.exp(this.mean + P99 * Math.sqrt(this.variance))
    return Math.max(SHORTEST_OVERDUE, OVERDUE_FACTOR * p99, this.floor)
  }

  clone(): Baseline {
    return Object.assign(new Baseline(), this)
  }
}
