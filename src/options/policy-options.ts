import type { TripPredicate } from '../core/trip/when.ts'

/** How far back a rate looks: the last so many calls, or the calls of the last so many ms. */
export type WindowOptions =
  /** An integer from 1 to 100 000. Memory is one bit a call. */
  | { readonly calls: number }
  /** Ms, more than 0. Kept in ten slices: a call leaves with its slice, so to a tenth of it. */
  | { readonly duration: number }

/** A share of the settled calls in a window. */
export interface FailureRateOptions {
  /**
   * The share of failed calls that opens. Only settled calls are in it: those in flight, refused,
   * stale, neutral or cancelled are not.
   * A fraction, more than 0 and at most 1.
   * @defaultValue `0.5`
   * Reaching it opens.
   */
  readonly threshold?: number | undefined
  /**
   * With fewer settled calls in the window the rule stays silent.
   * An integer of at least 1, and not more than the window has room for.
   * @defaultValue `10`
   * With exactly that many it speaks.
   */
  readonly minimumCalls?: number | undefined
  /**
   * Which calls count. It ages on its own and is empty after every transition.
   * @defaultValue `{ duration: 10_000 }`
   */
  readonly window?: WindowOptions | undefined
}

/** As {@link FailureRateOptions}, with slow calls for failed ones. */
export interface SlowCallRateOptions extends FailureRateOptions {
  /**
   * A call that takes at least this long, in milliseconds, is slow, whether it succeeds or fails.
   * More than 0, at most 2^31 - 1.
   * Equal counts as slow.
   */
  readonly slowerThan: number
}

/** The sequential score, which needs no estimate of the traffic. */
export interface EvidenceOptions {
  /**
   * The score that opens. A failure adds 1, a failure that took at least `slowerThan` or a call
   * that is overdue 3, a success takes 3.5 away; it never falls below 0 and fades by 1/e in 2 min,
   * so that ten failures in a row fall just short of 10, and the eleventh opens.
   * More than 0.
   * @defaultValue `10`
   * Reaching it opens.
   */
  readonly threshold?: number | undefined
  /**
   * A failure that took at least this long, in milliseconds, adds 3 in place of 1.
   * More than 0, at most 2^31 - 1.
   * @defaultValue `800`
   */
  readonly slowerThan?: number | undefined
  /**
   * The score must have been above 0 for this long, in milliseconds: a burst is one event.
   * At least 0.
   * @defaultValue `250`
   */
  readonly minimumSpan?: number | undefined
  /**
   * Whether calls in flight count before they end, once they take longer than 500 ms and four times
   * the usual 99th percentile. What they open is cancelled by the first that succeeds after all.
   * @defaultValue `true`
   */
  readonly overdue?: boolean | undefined
}

/** The rules that open a closed circuit: any number at once, the first that fires is the reason. */
export interface TripRules {
  /**
   * That many failures in a row open the circuit; a success in between starts the count again.
   * Neutral and cancelled calls neither add nor reset.
   * An integer of at least 1.
   * Reaching it opens: the n-th failure is the last one that was let through.
   */
  readonly consecutiveFailures?: number | undefined
  /** A share of failed calls opens. */
  readonly failureRate?: FailureRateOptions | undefined
  /** A share of slow calls opens. Reads the clock twice a call. */
  readonly slowCallRate?: SlowCallRateOptions | undefined
  /** A running score for and against the target opens. Reads the clock twice a call. */
  readonly evidence?: EvidenceOptions | undefined
  /**
   * A rule of one's own, asked after every success and failure: `true` opens. If it throws, it
   * has not fired, and the error is reported as `listenerError`.
   */
  readonly when?: TripPredicate | undefined
}

/** An open time that grows while the target stays down. */
export interface GrowingOptions {
  /**
   * The first open time, in milliseconds.
   * @defaultValue `1000`
   */
  readonly initial?: number | undefined
  /**
   * No open time is longer, in milliseconds, but for the jitter.
   * @defaultValue `30_000`
   */
  readonly max?: number | undefined
  /**
   * Each opening is this many times longer than the one before. It shrinks again step by step, for
   * every such time spent closed, and does not forget at the first success.
   * At least 1.
   * @defaultValue `2`
   */
  readonly factor?: number | undefined
  /**
   * Up to this share longer or shorter, by chance.
   * A fraction from 0 to less than 1.
   * @defaultValue `0.25`
   */
  readonly jitter?: number | undefined
}

/** A window of calls in flight that opens as fast as the target answers. */
export interface SlowStartOptions {
  /**
   * That many successes close the circuit, provided nothing was refused for `quietFor`.
   * An integer of at least 1.
   * @defaultValue `5`
   */
  readonly successes?: number | undefined
  /**
   * In milliseconds: while calls still have to be refused the circuit stays half-open.
   * At least 0.
   * @defaultValue `2000`
   */
  readonly quietFor?: number | undefined
}

/** How a half-open circuit finds its way back: by `probes`, or by `slowStart`. */
export interface RecoveryOptions {
  /**
   * That many successful probes in a row close the circuit; the first failed one re-opens it.
   * An integer of at least 1.
   * @defaultValue `1`
   */
  readonly probes?: number | undefined
  /**
   * At most that many probes at once; calls beyond are rejected, nobody waits.
   * An integer of at least 1.
   * @defaultValue the value of `probes`
   */
  readonly concurrent?: number | undefined
  /** In place of `probes`: starts with one call at a time and lets more in with every success. */
  readonly slowStart?: SlowStartOptions | undefined
  /**
   * A probe that has not ended after that many milliseconds is given up and counts as failed, as of
   * that moment; a stream that has already given an item counts as succeeded instead.
   * Where the call has a timeout of its own that is not longer, that one decides.
   * More than 0, at most 2^31 - 1.
   * @defaultValue `callTimeout`, or 30 000 without one
   */
  readonly timeout?: number | undefined
}
