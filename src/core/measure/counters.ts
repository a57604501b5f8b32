import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'

export const REJECT_REASONS = ['open', 'half-open', 'forced-open', 'full'] as const
/** Why a call was rejected without running. */
export type RejectReason = (typeof REJECT_REASONS)[number]

/**
 * Lifetime totals. At every instant `admitted = settled + expired + in flight`, and
 * `settled = success + failure + neutral + cancelled + stale`.
 */
export interface Counts {
  /** Calls that were given a permit. */
  readonly admitted: number
  /** Permits given back. */
  readonly settled: number
  /** Probes that expired at their deadline. */
  readonly expired: number
  readonly success: number
  readonly failure: number
  readonly neutral: number
  readonly cancelled: number
  /** Settled calls that ended by their call timeout; they are among the outcomes as well. */
  readonly timeout: number
  /**
   * Settled calls whose results do not count: those of an earlier generation, and those that ended
   * while the breaker was disabled. They are counted here and nowhere else.
   */
  readonly stale: number
  /** Fallbacks that ran, of failed and of rejected calls; those of a disabled breaker are not counted. */
  readonly fallbacks: number
  /** Fallbacks that threw or rejected. */
  readonly failedFallbacks: number
  /**
   * Rejected calls by reason. `unenforced` calls are not among them: they ran, because the circuit was
   * forced closed, and would have been rejected otherwise.
   */
  readonly rejected: Readonly<Record<RejectReason | 'unenforced', number>>
}

/** Totals that a breaker without trouble has none of. */
class RareCounters {
  expired = 0
  failure = 0
  neutral = 0
  cancelled = 0
  timeout = 0
  stale = 0
  fallbacks = 0
  failedFallbacks = 0
  /** Calls that their timeout has ended, and whose action goes on. */
  abandoned = 0
  /** Successes of answers that the caller had not looked at. */
  presumed = 0
  /** Successes and failures that a rule for slow calls counts as slow. */
  slow = 0
  open = 0
  'half-open' = 0
  'forced-open' = 0
  full = 0
  unenforced = 0
}

const NONE = /* @__PURE__ */ Object.freeze(new RareCounters())

/** The totals as the machine keeps them: those of every call by themselves, the others on demand. */
export class Counters {
  admitted = 0
  /** Those that were settled or have expired. */
  ended = 0
  /** Those in flight that have delivered a first part of their answer. */
  delivered = 0
  success = 0
  #rare: RareCounters | undefined = undefined

  /** Totals to read. */
  get rest(): Readonly<RareCounters> {
    return this.#rare ?? NONE
  }

  get inFlight(): number {
    return this.admitted - this.ended
  }

  /** A call gives its permit back; `undefined` for a shared one. */
  end(permit: Permit | undefined): void {
    this.ended++
    if (permit === undefined) return
    permit.open = false
    if (permit.delivered) this.delivered--
  }

  /** A probe has reached its deadline. */
  expire(probe: Permit): void {
    this.end(probe)
    this.rare.expired++
  }

  /** Those that count towards `maxConcurrent`. */
  get waiting(): number {
    return this.admitted - this.ended - this.delivered
  }

  get settled(): number {
    return this.ended - this.rest.expired
  }

  get failure(): number {
    return this.rest.failure
  }

  /** Successes that are not only presumed. */
  get known(): number {
    return this.success - this.rest.presumed
  }

  /** Every call that came, rejected ones among them. */
  get offered(): number {
    return this.admitted + this.rejected + this.rest.unenforced
  }

  /** Rejected calls, for any reason. */
  get rejected(): number {
    const rest = this.rest
    return rest.open + rest['half-open'] + rest['forced-open'] + rest.full
  }

  /** Totals to add to. */
  get rare(): RareCounters {
    this.#rare ??= new RareCounters()
    return this.#rare
  }

  /** A call that held a permit has ended like this. */
  outcome(outcome: Outcome, slow: boolean): void {
    if (outcome === 'success') this.success++
    else this.rare[outcome]++
    if (slow && (outcome === 'success' || outcome === 'failure')) this.rare.slow++
  }

  clone(): Counters {
    const copy = Object.assign(new Counters(), this)
    copy.#rare = this.#rare && Object.assign(new RareCounters(), this.#rare)
    return copy
  }

  read(): Counts {
    const { expired, failure, neutral, cancelled, timeout, stale, ...others } = this.rest
    const {
      fallbacks,
      failedFallbacks,
      abandoned: _,
      presumed: __,
      slow: ___,
      ...rejected
    } = others
    const { admitted, settled, success } = this
    return {
      admitted,
      settled,
      expired,
      success,
      failure,
      neutral,
      cancelled,
      timeout,
      stale,
      fallbacks,
      failedFallbacks,
      rejected,
    }
  }

  /** Continues from totals of another process, in which nothing of ours is in flight. */
  static from({ settled, success, rejected, admitted: _, ...rest }: Counts): Counters {
    const counters = new Counters()
    counters.admitted = counters.ended = settled + rest.expired
    counters.success = success
    counters.#rare = Object.assign(new RareCounters(), rest, rejected)
    return counters
  }
}
