import type { Outcome } from './outcome.ts'

/** Why a call was refused without running. */
export type Refusal = 'open' | 'half-open' | 'forced-open' | 'full'

/**
 * Lifetime totals. At every instant `admitted = settled + expired + in flight`, and
 * `settled = success + failure + neutral + cancelled + stale`.
 */
export interface Counts {
  /** Calls that were given a permit. */
  readonly admitted: number
  /** Permits given back. */
  readonly settled: number
  /** Probes given up at their deadline. */
  readonly expired: number
  readonly success: number
  readonly failure: number
  readonly neutral: number
  readonly cancelled: number
  /** Settled calls that ended by their call timeout; they are among the outcomes as well. */
  readonly timeout: number
  /** Settled calls of an earlier generation: counted here and nowhere else. */
  readonly stale: number
  /** Refused calls by reason; `unenforced` are those a forced-closed circuit let through. */
  readonly rejected: Readonly<Record<Refusal | 'unenforced', number>>
}

/** The totals as the machine keeps them: flat, so that counting is one store. */
export class Tally {
  admitted = 0
  settled = 0
  expired = 0
  success = 0
  failure = 0
  neutral = 0
  cancelled = 0
  timeout = 0
  stale = 0
  open = 0
  halfOpen = 0
  forcedOpen = 0
  full = 0
  unenforced = 0

  get inFlight(): number {
    return this.admitted - this.settled - this.expired
  }

  /** Every call that came, refused ones among them. */
  get offered(): number {
    return this.admitted + this.open + this.halfOpen + this.forcedOpen + this.full + this.unenforced
  }

  /** Calls that were refused, for whatever reason. */
  get rejected(): number {
    return this.open + this.halfOpen + this.forcedOpen + this.full
  }

  outcome(outcome: Outcome): void {
    this[outcome]++
  }

  refuse(refusal: Refusal): void {
    if (refusal === 'open') this.open++
    else if (refusal === 'half-open') this.halfOpen++
    else if (refusal === 'forced-open') this.forcedOpen++
    else this.full++
  }

  clone(): Tally {
    return Object.assign(new Tally(), this)
  }

  read(): Counts {
    return {
      admitted: this.admitted,
      settled: this.settled,
      expired: this.expired,
      success: this.success,
      failure: this.failure,
      neutral: this.neutral,
      cancelled: this.cancelled,
      timeout: this.timeout,
      stale: this.stale,
      rejected: {
        open: this.open,
        'half-open': this.halfOpen,
        'forced-open': this.forcedOpen,
        full: this.full,
        unenforced: this.unenforced,
      },
    }
  }

  /** Continues from totals of another process, in which nothing of ours is in flight. */
  static from(counts: Counts): Tally {
    const { rejected, ...totals } = counts
    return Object.assign(new Tally(), totals, {
      admitted: counts.settled + counts.expired,
      open: rejected.open,
      halfOpen: rejected['half-open'],
      forcedOpen: rejected['forced-open'],
      full: rejected.full,
      unenforced: rejected.unenforced,
    })
  }
}
