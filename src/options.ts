import type { Clock } from './clock.ts'
import type { Outcome, Settled } from './core/outcome.ts'
import type { OpenTimeFunction } from './core/recovery/open-duration.ts'
import type { Saved } from './core/save.ts'
import type { TripPredicate } from './core/trip/when.ts'
import type {
  GrowingOptions,
  RecoveryOptions,
  SlowStartOptions,
  TripRules,
} from './options/policy-options.ts'
import type { SharedBreakers } from './options/shared-options.ts'

/** What `acquire` and `tryAcquire` accept for one call. */
export interface AcquireOptions {
  /**
   * The caller's own signal. Aborting it settles the call as `cancelled`, which is no evidence; the
   * deadline of `AbortSignal.timeout()` counts as a failure instead. If it is already aborted,
   * nothing runs.
   */
  readonly signal?: AbortSignal | undefined
  /**
   * Replaces `callTimeout` for this call, in milliseconds.
   * More than 0, at most 2^31 - 1.
   * @defaultValue `callTimeout`
   */
  readonly timeout?: number | undefined
  /** Classifies this call; when it returns `undefined`, the breaker's `classify` decides. */
  readonly classify?: ((settled: Settled) => Outcome | 'trip' | undefined) | undefined
  /** Reads `Retry-After` from this call; when it returns `undefined`, the breaker's `retryAfter` decides. */
  readonly retryAfter?: ((settled: Settled) => number | undefined) | undefined
}

/** What `whenReady` accepts. */
export interface WaitOptions {
  /** Aborting it ends the wait: the promise rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** What `run` accepts for one call. */
// biome-ignore lint/suspicious/noExplicitAny: of any result, where it is not known.
export interface CallOptions<Fallback = never, Result = any> extends AcquireOptions {
  /** Replaces the breaker's `fallback` for this call. */
  readonly fallback?: ((error: unknown) => Fallback) | undefined
  /**
   * For a result that is complete only with a stream in it, such as a response with its body: returns
   * the result with `guard(stream)` in place of the stream. The call then lasts until that stream has
   * ended, and its timeout is for each item, as with `breaker.stream`. It is not called for a result that
   * counts as anything but a success. If it throws, that is published as `listenerError`.
   * @defaultValue none: the call ends when there is a result
   */
  readonly stream?: ((result: Result, guard: GuardStream) => Result) | undefined
}

/** Returns the stream with the same items, whose end is that of the call. */
export type GuardStream = <S extends AsyncIterable<unknown> | { getReader(): unknown }>(
  stream: S,
) => S

/**
 * How a breaker behaves. `{ maxFailures, resetTimeout }` alone is a complete configuration, and so
 * is `{}`. Durations are milliseconds. The object is copied, never changed. An option that is
 * `undefined` has its default.
 *
 * A wrong value or an unknown name throws a TypeError or RangeError at construction, which names the
 * option, what was expected and what it was.
 */
export interface CircuitBreakerOptions<Fallback = never, Args extends unknown[] = AnyArguments> {
  /**
   * The name of the breaker in errors, events and metrics.
   * Any string that is not empty.
   * @defaultValue `'circuit'`
   */
  readonly name?: string | undefined
  /**
   * How many consecutive failures open the circuit. Short for `trip: { consecutiveFailures }`; it
   * can't be combined with that.
   * An integer of at least 1.
   * Reaching it opens.
   */
  readonly maxFailures?: number | undefined
  /**
   * How long the circuit stays open before a call is let through as a probe, in milliseconds.
   * A number is constant and has no jitter; with `Infinity`, it stays open until it is moved by hand. An
   * object grows with each re-opening. A function is asked once for each opening: `attempt` is 1 when the
   * closed circuit opens and counts on when a probe opens it again. `'auto'` starts at 1 s and probes less
   * often the longer nothing has succeeded, the less traffic there is and the longer a failed probe takes,
   * up to 60 s; 25 % longer or shorter, at random.
   * More than 0. Where a function returns anything else or throws, `'auto'` decides, and that is published
   * as `listenerError`.
   * @defaultValue `'auto'`
   * A call at exactly that time is a probe. There is no timer: the next call moves the state.
   */
  readonly resetTimeout?: number | GrowingOptions | OpenTimeFunction | 'auto' | undefined
  /**
   * Which rules open the circuit. `'auto'` is `{ evidence: {} }`.
   * @defaultValue `'auto'`, or only `maxFailures` if that is set
   */
  readonly trip?: TripRules | 'auto' | undefined
  /**
   * How a half-open circuit closes again. `'auto'` is `{ slowStart: {} }`.
   * @defaultValue `'auto'` if `trip` is `'auto'`, otherwise `{ probes: 1 }`
   */
  readonly recovery?: RecoveryOptions | 'auto' | undefined
  /**
   * The longest time a call may take, in milliseconds. A call that takes longer rejects with
   * `CallTimeoutError`, its signal is aborted, and it counts as a failure. For a stream, the limit
   * is for each item, while its consumer waits for it; of an emitter that is not a stream of Node and is
   * only listened to, for its first event, as it is not known which others will come. It does not apply to
   * synchronous functions, which can't be interrupted.
   * A wrapped function that is passed an `AbortSignal`, as an argument or as `{ signal }` or
   * `{ abortSignal }`, sees one in its place that the timeout aborts as well; such an object is copied.
   * What holds its signal in a class, such as a `Request`, is passed on as it is.
   * More than 0, at most 2^31 - 1.
   * @defaultValue none: a call may take any time
   */
  readonly callTimeout?: number | undefined
  /**
   * How many calls may be in flight at once while the circuit is closed. More are rejected with
   * `CircuitFullError`, which is no evidence against the target. Probes have their own limit. Calls
   * that hang keep their place: combine it with `callTimeout`. A stream takes a place until its
   * first item, a permit until `deliver()`.
   * An integer of at least 1.
   * @defaultValue none
   */
  readonly maxConcurrent?: number | undefined
  /**
   * Decides what a settled call counts as. `undefined` means the default: a fulfilled call is a
   * success and a rejected one a failure; it is cancelled if the caller aborted its own signal, or
   * if this or an inner breaker rejected the call, also where that is the `cause` of the error, or where
   * an `AggregateError` has nothing else, as `Promise.any` of rejected calls. The deadline of `AbortSignal.timeout()` is a failure: a target that never answers must open the circuit.
   * `'trip'` is a failure that opens at once, whatever the rules say.
   * If it throws, the default applies and the error is published as `listenerError`.
   */
  readonly classify?: ((settled: Settled) => Outcome | 'trip' | undefined) | undefined
  /**
   * Reads from a failed call how long the target asks callers to wait, as with `Retry-After`, in
   * milliseconds from now. The circuit stays open for at least that long, up to `maxRetryAfter`.
   * `undefined`, values of 0 or less and values that are not finite have no effect.
   * If it throws, it has no effect either and the error is published as `listenerError`.
   */
  readonly retryAfter?: ((settled: Settled) => number | undefined) | undefined
  /**
   * The longest time for which `retryAfter` keeps the circuit open, in milliseconds.
   * At least 0, where it has no effect; at most 2^31 - 1.
   * @defaultValue `60_000`
   */
  readonly maxRetryAfter?: number | undefined
  /**
   * Returns a value in place of the error of a call that failed or was rejected;
   * `error instanceof CircuitOpenError` tells which. Its further arguments are those of the call, and
   * none with `run`.
   * It does not run for errors classified as success or neutral, nor when the caller aborted. If it
   * throws, the call rejects with that error, whose `cause` is the original one.
   */
  readonly fallback?: ((error: unknown, ...args: Args) => Fallback) | undefined
  /**
   * Changes the messages of errors before they are kept in trip records and before `toJSON` of an
   * error shows that of its cause, to remove secrets. If it throws, the message is not kept.
   */
  readonly redact?: ((message: string) => string) | undefined
  /**
   * Whether `snapshot()` shows latency quantiles, the calls of the last minute, and how much waiting
   * rejections have saved. Reads the clock twice per call. Counts are kept without it.
   * @defaultValue `false`
   */
  readonly statistics?: boolean | undefined
  /**
   * How many trip records `snapshot()` and `explain()` show: the newest ones are kept.
   * An integer from 0 to 1000.
   * @defaultValue `8`
   */
  readonly history?: number | undefined
  /** The result of another breaker's `save()`, from which this one continues. */
  readonly saved?: Saved | undefined
  /**
   * Adds the new breaker to a registry, under its `name`. The constructor throws if that name is
   * taken. To share an existing breaker, use `registry.breaker(name)` instead.
   */
  readonly registry?: BreakerRegistry | undefined
  /**
   * Shares the state with the breakers of that name in other processes: pass what `shared(store)` of
   * `short-circuit/fleet` returns. Experimental. Calls are admitted as without it, and none waits for the
   * store, but for at most one in each process that asks for the lease of a probe.
   * @defaultValue none: the breaker is one of this process alone
   */
  readonly shared?: SharedBreakers | undefined
  /**
   * Where the breaker reads the time and sets timers; pass a `ManualClock` in tests. While a method of
   * it throws or returns no finite number, time stands still; the first error is published as
   * `listenerError`.
   * @defaultValue the time of the process
   */
  readonly clock?: Clock | undefined
  /**
   * Returns the random numbers for the jitter of open times, from 0 to less than 1. Where it throws or
   * returns something else there is no jitter; the first error is published as `listenerError`.
   * @defaultValue `Math.random`
   */
  readonly random?: (() => number) | undefined
}

/** The type of the option `registry`: a `CircuitRegistry`. */
export interface BreakerRegistry {
  add(breaker: object): unknown
}

/** Options with every default applied. */
export type Resolved<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> }

/** Rules whose options are an object have defaults; a number or a function stays as it is. */
type ResolvedRule<T> = T extends number | TripPredicate | undefined ? T : Resolved<T>

/** Options with every default applied, as `breaker.options` returns them; frozen. */
export interface ResolvedOptions {
  readonly name: string
  readonly trip: { readonly [Rule in keyof TripRules]-?: ResolvedRule<TripRules[Rule]> }
  readonly resetTimeout: number | Resolved<GrowingOptions> | OpenTimeFunction | 'auto'
  readonly recovery:
    | {
        readonly probes: number
        readonly successes: number
        readonly concurrent: number
        readonly timeout: number
      }
    | { readonly slowStart: Resolved<SlowStartOptions>; readonly timeout: number }
  readonly callTimeout: number | undefined
  readonly maxConcurrent: number | undefined
  readonly classify: ((settled: Settled) => Outcome | 'trip' | undefined) | undefined
  readonly retryAfter: ((settled: Settled) => number | undefined) | undefined
  readonly maxRetryAfter: number
  readonly fallback: AnyFallback | undefined
  readonly redact: ((message: string) => string) | undefined
  readonly statistics: boolean
  readonly history: number
}

/** The options that `configure` can change. The others are fixed at construction. */
export type ConfigurePatch = Omit<
  CircuitBreakerOptions<unknown>,
  'name' | 'saved' | 'clock' | 'random' | 'registry' | 'shared'
>

// biome-ignore lint/suspicious/noExplicitAny: the arguments are those of any wrapped function.
export type AnyFallback = (error: unknown, ...args: any[]) => unknown

/** The arguments that a breaker without a fallback takes. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export type AnyArguments = any
