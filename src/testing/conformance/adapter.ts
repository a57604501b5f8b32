/** What a breaker says about itself. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/**
 * What a case may need from a library or from the adapter's test bed. A missing one makes the case not applicable.
 *
 * - `half-open`: a stage after the open time in which results decide whether the circuit closes
 * - `several-probes`: `BreakerSetup.probes` above 1
 * - `rate-window`: a failure rate over a window of time
 * - `call-timeout`: `BreakerSetup.callTimeout` as a number
 * - `ignored-errors`: `BreakerSetup.ignore`
 * - `listener`: `TestedBreaker.onSuccess` or `onClose`
 * - `reset`: `TestedBreaker.reset`
 * - `shared-options`: `TestBed.createTwins`
 * - `wall-clock`, `freeze`, `timers`: the optional members of {@link TestClock}
 * - `garbage-collection`: `TestBed.collectGarbage` and `TestedBreaker.target`
 */
export type Feature =
  | 'half-open'
  | 'several-probes'
  | 'rate-window'
  | 'call-timeout'
  | 'ignored-errors'
  | 'listener'
  | 'reset'
  | 'shared-options'
  | 'wall-clock'
  | 'freeze'
  | 'timers'
  | 'garbage-collection'

/** Connects one circuit breaker library to the cases. The only thing to write in order to run them. */
export interface BreakerAdapter {
  /** Shown in results: the library and its version. */
  readonly name: string
  /** Features that do not exist in the library, each with the reason shown beside `not applicable`. */
  readonly lacks?: Readonly<Partial<Record<Feature, string>>>
  /** Called once per case. Nothing made by one bed may be visible to the next. */
  setUp(): TestBed | Promise<TestBed>
}

/** A place in which breakers live on a clock that the case moves. */
export interface TestBed {
  readonly clock: TestClock
  /** Creates a breaker with the nearest configuration that the library supports. The bed must not keep it. */
  create(setup: BreakerSetup): TestedBreaker
  /** Builds two breakers from one options object of the library's own. */
  createTwins?(setup: BreakerSetup): readonly [TestedBreaker, TestedBreaker]
  /** Collects everything unreachable before it returns or resolves. */
  collectGarbage?(): void | Promise<void>
  /** Errors that reached the host as uncaught exceptions or unhandled rejections since `setUp`. */
  escapedErrors?(): readonly unknown[]
  tearDown?(): void | Promise<void>
}

/** The time that a breaker under test sees. */
export interface TestClock {
  /** Lets `ms` milliseconds pass on every clock, running the timers that come due, in order. */
  advance(ms: number): void | Promise<void>
  /** Sets the wall clock forward or back by `ms` while no time passes. Negative is back. */
  stepWall?(ms: number): void
  /** Lets `ms` milliseconds pass without running anything, as in a blocked event loop or a sleeping computer. */
  freeze?(ms: number): void
  /** Armed timers that keep the process alive. */
  holdingTimers?(): number
  /** Armed timers, whether or not they keep the process alive. */
  pendingTimers?(): number
}

/** The configuration that a case needs. Exactly one of `maxFailures` and `failureRate` is set. */
export interface BreakerSetup {
  /** Consecutive failures that open the circuit. */
  readonly maxFailures?: number
  /**
   * Share of failed calls, in (0, 1], that opens the circuit once `minimumCalls` are in the window of `duration` ms.
   * A library that only counts consecutive failures takes `minimumCalls` of them.
   */
  readonly failureRate?: {
    readonly threshold: number
    readonly minimumCalls: number
    readonly duration: number
  }
  /** How long the circuit stays open, in ms. */
  readonly resetTimeout: number
  /** Successful probes that close the circuit, and the most that may run at once. 1 when left out. */
  readonly probes?: number
  /**
   * Limit on one call in ms; `'default'` is the default of the library; `undefined` is no limit, or the default of a
   * library that cannot work without one.
   */
  readonly callTimeout?: number | 'default'
  /** Errors that say nothing about the target. */
  readonly ignore?: (error: unknown) => boolean
}

/** The action of a call. It receives the signal of the library, if that passes one. */
export type TestedAction = (signal?: AbortSignal) => unknown

/** One breaker of the library under test. */
export interface TestedBreaker {
  /** Runs `action` through the breaker. `signal` is the caller's own; a library without a place for it drops it. */
  call(action: TestedAction, signal?: AbortSignal): Promise<unknown>
  /** Must not move the state. Reads `open` at least from the failure that trips to the end of the open time. */
  state(): BreakerState
  /** For a library that guards streams. Left out, `produce` is called through `call` and the result consumed. */
  stream?(produce: () => AsyncIterable<unknown>): AsyncIterable<unknown>
  /** The library's own object, watched by a weak reference. */
  readonly target?: object
  /** Two-step use, `undefined` when rejected. */
  acquire?(): { cancel(): void } | undefined
  /** Adds a listener that runs when a call succeeds. */
  onSuccess?(listener: () => void): void
  /** Adds a listener that runs when the circuit closes; used where there is no `onSuccess`. */
  onClose?(listener: () => void): void
  /** Opens the circuit by hand, so that it recovers by itself. */
  trip?(): void
  /** Closes the circuit by hand. */
  reset?(): void
}
