import type { TripPredicate } from '../core/trip/when.ts'

/** Which calls a rate is calculated from: the last N calls, or those of the last N milliseconds. */
export type WindowOptions =
  /** An integer from 1 to 100 000. Takes one bit of memory per call. */
  | { readonly calls: number }
  /** Milliseconds, at least 1. Kept in ten slices, so that a call leaves within a tenth of it. */
  | { readonly duration: number }

/** Opens when the share of failed calls in a window reaches a threshold. */
export interface FailureRateOptions {
  /**
   * The share of failed calls that opens. Only calls that succeeded or failed count: not those that
   * are in flight, rejected, stale, neutral or cancelled.
   * A fraction, more than 0 and at most 1.
   * @defaultValue `0.5`
   * Reaching it opens.
   */
  readonly threshold?: number | undefined
  /**
   * How many calls must be in the window before the rule can open the circuit.
   * An integer of at least 1, and at most `window.calls`.
   * @defaultValue `10`
   * Reaching it is enough.
   */
  readonly minimumCalls?: number | undefined
  /**
   * Which calls count. It ages while there is no traffic, and is empty after every transition.
   * @defaultValue `{ duration: 10_000 }`
   */
  readonly window?: WindowOptions | undefined
}

/** Opens when the number of failed calls in a window reaches a threshold. */
export interface FailureCountOptions {
  /**
   * How many failed calls open, in a row or not. Calls that are neutral or cancelled do not count.
   * An integer from 1 to 100 000, and at most `window.calls`.
   * @defaultValue `5`
   * Reaching it opens.
   */
  readonly threshold?: number | undefined
  /**
   * Among which calls: the last N, or those of the last N milliseconds, which here are exact. It ages
   * while there is no traffic, and is empty after every transition.
   * @defaultValue `{ duration: 60_000 }`
   * A failure that is exactly as old as the window has left it.
   */
  readonly window?: WindowOptions | undefined
}

/** Opens when the share of slow calls in a window reaches a threshold. */
export interface SlowCallRateOptions extends FailureRateOptions {
  /**
   * A call that takes at least this long, in milliseconds, is slow, whether it succeeds or fails.
   * More than 0, at most 2^31 - 1.
   * Equal counts as slow.
   */
  readonly slowerThan: number
}

/** Opens when a running score reaches a threshold; it needs no estimate of the traffic. */
export interface EvidenceOptions {
  /**
   * The score that opens. A failure adds 1; a failure that took at least `slowerThan`, or an overdue
   * call, adds 3; a success subtracts 3.5. The score is never below 0 and decays by the factor 1/e
   * in 2 min, so that ten failures in a row stay just below 10 and the eleventh opens. Where failures
   * are so far apart that they decay, a third of what was added since the last success counts, without
   * decay, if that is more: 30 failures without one success open at any pace.
   * More than 0.
   * @defaultValue `10`
   * Reaching it opens.
   */
  readonly threshold?: number | undefined
  /**
   * A failure that took at least this long, in milliseconds, adds 3 instead of 1.
   * More than 0, at most 2^31 - 1.
   * @defaultValue `800`
   */
  readonly slowerThan?: number | undefined
  /**
   * How long the score must have been above 0, in milliseconds, so that one burst does not open.
   * At least 0.
   * @defaultValue `250`
   */
  readonly minimumSpan?: number | undefined
  /**
   * Whether a call in flight counts once it takes longer than 500 ms and four times the usual 99th
   * percentile; while fewer than 10 successes were seen, longer than a minute. If such calls open the
   * circuit, the first of them that succeeds closes it again. From then on, calls must take 1.5 times as
   * long as that one to count, a bound that decays by the factor 1/e in 5 min.
   * @defaultValue `true`
   */
  readonly overdue?: boolean | undefined
}

/** The rules that open a closed circuit. Any number of them; the first one that fires opens. */
export interface TripRules {
  /**
   * How many failures in a row open the circuit. A success resets the count; neutral and cancelled
   * calls do not change it.
   * An integer of at least 1.
   * Reaching it opens: the n-th failure is the last call that was let through.
   */
  readonly consecutiveFailures?: number | undefined
  /** Opens on a number of failed calls among the last ones, or within a time. */
  readonly failureCount?: FailureCountOptions | undefined
  /** Opens on a share of failed calls. */
  readonly failureRate?: FailureRateOptions | undefined
  /** Opens on a share of slow calls. Reads the clock twice per call. */
  readonly slowCallRate?: SlowCallRateOptions | undefined
  /** Opens on a running score of failures and successes. Reads the clock twice per call. */
  readonly evidence?: EvidenceOptions | undefined
  /**
   * Your own rule, called after every success and failure; returning `true` opens.
   * If it throws, it does not open, and the error is published as `listenerError`.
   */
  readonly when?: TripPredicate | undefined
}

/** An open time that grows with each re-opening. */
export interface GrowingOptions {
  /**
   * The first open time, in milliseconds.
   * More than 0.
   * @defaultValue `1000`
   */
  readonly initial?: number | undefined
  /**
   * The longest open time before jitter, in milliseconds.
   * At least `initial`.
   * @defaultValue `30_000`, or `initial` if that is longer
   */
  readonly max?: number | undefined
  /**
   * How many times longer each open time is than the one before. While the circuit is closed, the
   * open time shrinks step by step, one step for each such time, rather than at the first success.
   * At least 1.
   * @defaultValue `2`
   */
  readonly factor?: number | undefined
  /**
   * The share by which an open time is made longer or shorter at most, at random.
   * A fraction from 0 to less than 1.
   * @defaultValue `0.25`
   */
  readonly jitter?: number | undefined
}

/** Limits the probes in flight, and raises that limit as the target answers. */
export interface SlowStartOptions {
  /**
   * How many successful probes close the circuit, if no call was rejected for `quietFor`.
   * An integer of at least 1.
   * @defaultValue `5`
   */
  readonly successes?: number | undefined
  /**
   * How long no call must have been rejected before the circuit closes, in milliseconds.
   * At least 0.
   * @defaultValue `2000`
   */
  readonly quietFor?: number | undefined
}

/** How a half-open circuit closes again: with `probes` or with `slowStart`, not both. */
export interface RecoveryOptions {
  /**
   * How many probes decide, of those that have ended. All of them must succeed, or as many as `successes`.
   * One that is still running decides nothing until it ends or expires: with more than one, others may
   * close the circuit meanwhile. A probe that a `slowCallRate` rule would call slow counts as failed.
   * An integer of at least 1.
   * @defaultValue `1`
   */
  readonly probes?: number | undefined
  /**
   * How many of the `probes` must succeed: 2 of 3, 7 of 10. The circuit closes as soon as they have, and
   * re-opens as soon as they can't any more.
   * An integer of at least 1, and at most `probes`.
   * @defaultValue the value of `probes`: the first failed one re-opens
   */
  readonly successes?: number | undefined
  /**
   * How many probes may be in flight at once. More calls are rejected at once; none waits. A stream
   * that has given an item does not count.
   * An integer of at least 1.
   * @defaultValue the value of `probes`
   */
  readonly concurrent?: number | undefined
  /** Instead of `probes`: starts with one probe at a time and allows more with every success. */
  readonly slowStart?: SlowStartOptions | undefined
  /**
   * The longest time a probe may take, in milliseconds. A probe that takes longer expires and counts
   * as failed at that moment: its caller gets `CallTimeoutError` and its signal is aborted. A stream
   * that has delivered an item counts as succeeded instead. Synchronous functions are not interrupted.
   * If the call itself has a timeout that is not longer, that one decides.
   * More than 0, at most 2^31 - 1.
   * @defaultValue `callTimeout`, or 30 000 without one
   */
  readonly timeout?: number | undefined
}
