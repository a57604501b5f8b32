import { STALL } from '../monotonic-time.ts'

/** Fewer successes than these say nothing about what is normal. */
const MINIMUM_SAMPLES = 10
/** The newest latency weighs at least this much. */
const SLOWEST_LEARNING = 0.02
/** Of the standard normal distribution. */
const P99 = 2.326
/** No call is overdue sooner, ms. */
export const SHORTEST_OVERDUE: number = STALL
/** A call is overdue at this many times the usual 99th percentile. */
const OVERDUE_FACTOR = 4
/** A call is overdue after that long where too little is known to say what is normal, ms. */
const UNKNOWN_OVERDUE = 60_000
/** A late success moves the bound this far beyond itself … */
const FORGIVENESS = 1.5
/** … and that fades to 1/e in this time, ms: a target that was late once is not late for ever. */
const FADING = 300_000

/** Where successes come in less than this on average, ms, not all of them are timed … */
const DENSE = 1
/** … but one of so many: measuring one takes a reading of the clock. */
const STRIDE = 8

/** What is normal for the target: a running estimate of the logarithm of its latency. */
export class LatencyBaseline {
  samples = 0
  /** Of ln(ms). */
  mean = 0
  variance = 0
  /** Learned from calls that were thought hung and came back, ms; as it was when last learned. */
  floor = 0

  #fadedAt = 0
  #learnedAt = Number.NEGATIVE_INFINITY
  /** Successes that it will not ask for. */
  #passed = 0

  /** A success took that long while the circuit was closed. */
  learn(duration: number, now: number): void {
    this.#passed = now - this.#learnedAt < DENSE * STRIDE ? STRIDE - 1 : 0
    this.#learnedAt = now
    if (this.floor > 0) this.#fade(now)
    const value = Math.log(Math.max(duration, 0.01))
    this.samples++
    const weight = Math.max(SLOWEST_LEARNING, 1 / this.samples)
    const difference = value - this.mean
    this.mean += weight * difference
    this.variance = (1 - weight) * (this.variance + weight * difference * difference)
  }

  /** True when it wants to know how long the next success took. */
  get wantsSample(): boolean {
    return this.#passed === 0
  }

  /** A success was not measured. */
  skipSample(): void {
    if (this.#passed > 0) this.#passed--
  }

  /** A call that had been counted as hung succeeded after that long. */
  raiseFloor(duration: number, now: number): void {
    this.#fade(now)
    this.floor = Math.max(this.floor, FORGIVENESS * duration)
  }

  #fade(now: number): void {
    this.floor *= Math.exp((this.#fadedAt - now) / FADING)
    this.#fadedAt = now
  }

  get isReady(): boolean {
    return this.samples >= MINIMUM_SAMPLES
  }

  /** The latency to expect, ms; 0 while unknown. */
  get typical(): number {
    return this.isReady ? Math.exp(this.mean) : 0
  }

  /** A call in flight for longer is probably hung, ms. */
  get overdueAfter(): number {
    const shortest = this.isReady ? SHORTEST_OVERDUE : UNKNOWN_OVERDUE
    const p99 = Math.exp(this.mean + P99 * Math.sqrt(this.variance))
    return Math.max(shortest, OVERDUE_FACTOR * p99, this.floor)
  }

  clone(): LatencyBaseline {
    const copy = Object.assign(new LatencyBaseline(), this)
    copy.#fadedAt = this.#fadedAt
    copy.#learnedAt = this.#learnedAt
    copy.#passed = this.#passed
    return copy
  }

  save(now: number): SavedBaseline {
    const copy = this.clone()
    copy.#fade(now)
    const { samples, mean, variance, floor } = copy
    return { samples, mean, variance, floor }
  }
}

export interface SavedBaseline {
  readonly samples: number
  /** Of ln(ms). */
  readonly mean: number
  readonly variance: number
  readonly floor: number
}

/** That of a machine, created when first needed. */
export function baselineOf(data: { baseline: LatencyBaseline | undefined }): LatencyBaseline {
  data.baseline ??= new LatencyBaseline()
  return data.baseline
}
