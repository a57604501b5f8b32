import type { Clock } from './clock.ts'
import type { Outcome, Settled } from './core/outcome.ts'
import type { When } from './core/trip/when.ts'
import type { AnyFallback } from './fallback.ts'
import type { Saved } from './saved.ts'

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
   * that is overdue 3, a success takes 3.5 away; it never falls below 0 and fades by 1/e in 2 min.
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
  readonly when?: When | undefined
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

/** What `acquire` and `tryAcquire` accept for one call. */
export interface AcquireOptions {
  /**
   * Aborting it gives the permit back without evidence, except that a deadline which was missed, as
   * that of `AbortSignal.timeout()`, counts as a failure. Aborted already: nothing runs.
   */
  readonly signal?: AbortSignal | undefined
  /** Instead of `callTimeout`, in milliseconds, for this call only. */
  readonly timeout?: number | undefined
  /** Asked before the breaker's own `classify`, which is asked when this gives `undefined`. */
  readonly classify?: ((settled: Settled) => Outcome | undefined) | undefined
}

/** What `run` accepts for one call. */
export interface CallOptions<Fallback = never> extends AcquireOptions {
  /** Instead of the breaker's own `fallback`. */
  readonly fallback?: ((error: unknown) => Fallback) | undefined
}

/**
 * How a breaker behaves. Plain data wherever possible; `{ maxFailures, resetTimeout }` alone is
 * complete. Durations are milliseconds. The object is never kept or changed. An option given as
 * `undefined` has its default; a wrong value or an unknown name throws at construction.
 */
export interface CircuitBreakerOptions<Fallback = never> {
  /**
   * What errors, events and metrics call the breaker.
   * Any string that is not empty.
   * @defaultValue `'circuit'`
   */
  readonly name?: string | undefined
  /**
   * That many consecutive failures open the circuit; short for `trip: { consecutiveFailures }`,
   * and not to be given together with it.
   * An integer of at least 1.
   * Reaching it opens.
   */
  readonly maxFailures?: number | undefined
  /**
   * How long the circuit stays open before a call is let through as a probe, in milliseconds.
   * A number is exact and constant. An object grows. `'auto'` starts at a second and looks less
   * often the longer an outage lasts, up to 30 s, as the traffic makes it worth while.
   * More than 0, at most 2^31 - 1.
   * @defaultValue `'auto'`
   * A call at exactly that time is a probe; there is no timer.
   */
  readonly resetTimeout?: number | GrowingOptions | 'auto' | undefined
  /**
   * When to open. `'auto'` is `{ evidence: {} }`.
   * @defaultValue `'auto'`, or only `maxFailures` where that is given
   */
  readonly trip?: TripRules | 'auto' | undefined
  /**
   * How to come back. `'auto'` is `{ slowStart: {} }`.
   * @defaultValue `'auto'` where `trip` is, otherwise `{ probes: 1 }`
   */
  readonly recovery?: RecoveryOptions | 'auto' | undefined
  /**
   * A call that takes longer, in milliseconds, rejects with `CallTimeoutError`, has its own signal
   * aborted, and counts as a failure. For a stream it limits the wait for each item.
   * It can't interrupt a synchronous function and does not apply to one.
   * More than 0, at most 2^31 - 1.
   * @defaultValue none: a call may take for ever
   */
  readonly callTimeout?: number | undefined
  /**
   * More calls at once are rejected with `CircuitFullError`; that is evidence of nothing.
   * Probes have their own limit and are not held up by it. Calls that hang fill it: combine it with
   * `callTimeout`.
   * An integer of at least 1.
   * @defaultValue none
   */
  readonly maxConcurrent?: number | undefined
  /**
   * Decides what a finished call says about its target; `undefined` means the default: fulfilled is
   * a success, rejected a failure, except that a rejection after the caller aborted its own signal,
   * or by this or an inner breaker refusing to run, is cancelled. A deadline of the caller's, as
   * `AbortSignal.timeout()` sets, is a failure: a target that never answers must open the circuit.
   * If it throws, the default holds and the error is reported as `listenerError`.
   */
  readonly classify?: ((settled: Settled) => Outcome | undefined) | undefined
  /**
   * The server's own word on when to come back: milliseconds from now, read from a failed call.
   * A floor for the open time, honoured up to 60 000. `undefined`, negative and not finite values
   * say nothing.
   */
  readonly retryAfter?: ((settled: Settled) => number | undefined) | undefined
  /**
   * Gives a value in place of the error when a call failed or was refused:
   * `error instanceof CircuitOpenError` tells which. It does not run for errors classified as
   * success or neutral, nor when the caller aborted. What it throws is thrown instead, with the
   * original error as `cause`.
   */
  readonly fallback?: ((error: unknown, ...args: never[]) => Fallback) | undefined
  /**
   * Changes the messages of errors before they are kept in trip records, to remove secrets.
   * If it throws, the message is left out.
   */
  readonly redact?: ((message: string) => string) | undefined
  /**
   * Whether to keep latency quantiles, the calls of the last minute and the waiting saved by
   * refusals, for `snapshot()`. Reads the clock twice a call; counts are always kept.
   * @defaultValue `false`
   */
  readonly statistics?: boolean | undefined
  /**
   * How many trip records are kept.
   * An integer from 0 to 1000.
   * @defaultValue `8`
   */
  readonly history?: number | undefined
  /** What an earlier breaker's `save()` gave: continue from there. */
  readonly saved?: Saved | undefined
  /**
   * Register the new breaker there, under its `name`. If that name is taken, the constructor throws.
   * To share the one that is there, use the registry's own `breaker(name)`.
   */
  readonly registry?: Registrar | undefined
  /** The only way the breaker sees time. */
  readonly clock?: Clock | undefined
  /**
   * Where the jitter of open times comes from: numbers from 0 to less than 1.
   * @defaultValue `Math.random`
   */
  readonly random?: (() => number) | undefined
}

/** What the option `registry` takes: a `CircuitRegistry`. */
export interface Registrar {
  add(breaker: never): unknown
}

/** As given, with every default applied. */
export type Resolved<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }

/** Options with every default applied, as `breaker.options` shows them; frozen. */
export interface ResolvedOptions {
  readonly name: string
  readonly trip: {
    readonly consecutiveFailures: number | undefined
    readonly failureRate: Resolved<FailureRateOptions> | undefined
    readonly slowCallRate: Resolved<SlowCallRateOptions> | undefined
    readonly evidence: Resolved<EvidenceOptions> | undefined
    readonly when: When | undefined
  }
  readonly resetTimeout: number | Resolved<GrowingOptions> | 'auto'
  readonly recovery:
    | { readonly probes: number; readonly concurrent: number; readonly timeout: number }
    | { readonly slowStart: Resolved<SlowStartOptions>; readonly timeout: number }
  readonly callTimeout: number | undefined
  readonly maxConcurrent: number | undefined
  readonly classify: ((settled: Settled) => Outcome | undefined) | undefined
  readonly retryAfter: ((settled: Settled) => number | undefined) | undefined
  readonly fallback: AnyFallback | undefined
  readonly redact: ((message: string) => string) | undefined
  readonly statistics: boolean
  readonly history: number
}

/** What `configure` accepts: identity, clock and the saved state belong to construction. */
export type ConfigurePatch = Omit<
  CircuitBreakerOptions<unknown>,
  'name' | 'saved' | 'clock' | 'random' | 'registry'
>
