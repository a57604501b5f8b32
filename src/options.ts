import type { Clock } from './clock.ts'
import type { Outcome, Settled } from './core/outcome.ts'
import type { TripPredicate } from './core/trip/when.ts'
import type { Saved } from './options/check-saved.ts'
import type {
  EvidenceOptions,
  FailureRateOptions,
  GrowingOptions,
  RecoveryOptions,
  SlowCallRateOptions,
  SlowStartOptions,
  TripRules,
} from './options/policy-options.ts'

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
  add(breaker: object): unknown
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
    readonly when: TripPredicate | undefined
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
// biome-ignore lint/suspicious/noExplicitAny: the arguments are those of any wrapped function.
export type AnyFallback = (error: unknown, ...args: any[]) => unknown
