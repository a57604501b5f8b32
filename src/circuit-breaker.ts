// biome-ignore-all lint/complexity/noArguments: what is given beyond the parameters is an error.
import { wrapOrDecorate } from './call/decorator.ts'
import type {
  AsyncFunction,
  AsyncFunctionOf,
  Decorator,
  FallbackTakes,
  Guarded,
  SignalGuard,
  StreamGuard,
  SyncGuard,
} from './call/function-types.ts'
import { acquire, dispose, type Permit, tryAcquire } from './call/permit.ts'
import { runAction } from './call/run.ts'
import { wrapStream } from './call/stream.ts'
import { whenReady } from './call/when-ready.ts'
import { wrapWithSignal } from './call/with-signal.ts'
import { wrapAsync } from './call/wrap-async.ts'
import { wrapSync } from './call/wrap-sync.ts'
import { Callable } from './circuit/callable.ts'
import type { Circuit } from './circuit/circuit.ts'
import { askedRetryAfter } from './circuit/classify.ts'
import { type ConfigureOptions, type ConfigureResult, configure } from './circuit/configure.ts'
import { emitterOf } from './circuit/emitter.ts'
import { createLazyCircuit, LazyCircuit } from './circuit/lazy-circuit.ts'
import { type ListenOptions, listen } from './circuit/listen.ts'
import type { Machine } from './core/machine.ts'
import { type Saved, save } from './core/save.ts'
import type { Override, OverrideMode, OverrideOptions } from './core/state/override.ts'
import type { ManualOptions, StateName } from './core/transition.ts'
import { EVENT_NAMES, type EventName, type Listener } from './events.ts'
import { type Explanation, explain } from './inspect/explain.ts'
import { printAsJson } from './inspect/print.ts'
import {
  type BreakerSummary,
  type Snapshot,
  shownState,
  snapshot,
  summary,
} from './inspect/snapshot.ts'
import { checkByHand, readOptions } from './options/check-options.ts'
import type { FleetOperation } from './options/shared-options.ts'
import type {
  AcquireOptions,
  AnyArguments,
  CallOptions,
  CircuitBreakerOptions,
  ConfigurePatch,
  ResolvedOptions,
  WaitOptions,
} from './options.ts'

/** Returns the circuit behind a breaker; undefined for anything else. */
export let lazyCircuitOf: (breaker: object) => LazyCircuit | undefined

export interface CircuitBreaker<out Fallback = never, in Args extends unknown[] = AnyArguments>
  extends Decorator<AsyncFunctionOf<Args>> {
  /** What errors, events and metrics call it. */
  readonly name: string
  /**
   * Returns a guarded function of the same type, name and length: `this` and the arguments pass
   * through, and it always returns a promise. While the circuit is open, nothing runs and the promise
   * rejects with {@link CircuitOpenError}.
   *
   * @throws TypeError for anything but a function
   * @example
   * import { CircuitBreaker } from 'short-circuit'
   *
   * const breaker = new CircuitBreaker({ maxFailures: 3, resetTimeout: 3_000 })
   * const double = breaker(async (n: number) => n * 2)
   * console.assert((await double(21)) === 42)
   */
  <F extends AsyncFunction>(action: F, ...wrong: FallbackTakes<F, Args>): Guarded<F, Fallback>
  <This, A extends unknown[], R>(
    action: (this: This, ...args: A) => R,
    ...wrong: FallbackTakes<(...args: A) => R, Args>
  ): (this: This, ...args: A) => Promise<Awaited<R> | Awaited<Fallback>>
}

/**
 * A circuit breaker that is also a function: calling it wraps a function, and `@breaker` decorates
 * a method. Any number of functions may share one; two breakers share nothing.
 *
 * Closed, calls pass while they succeed. Open, none passes until the open time is over. Half-open,
 * a few are let through as probes, and their results close or re-open it. There are no timers: state
 * changes with the next call that needs it, and never by reading. A guarded function may call another one
 * of the same breaker: while half-open, both are one probe.
 *
 * The type arguments are what the fallback returns and which arguments of a call it takes. Without any,
 * the type is that of a breaker without a fallback; `CircuitBreaker<unknown>` is that of any breaker, for
 * functions that read breakers or move them.
 *
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 *
 * const breaker = new CircuitBreaker({ name: 'users', maxFailures: 3, resetTimeout: 3_000 })
 * const user = await breaker.run(async () => ({ id: 1 }))
 * console.assert(user.id === 1 && breaker.state === 'closed')
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a class body can't say that its objects can be called; `name` is defined by the constructor.
export class CircuitBreaker<
  out Fallback = never,
  in Args extends unknown[] = AnyArguments,
> extends Callable {
  readonly #lazy: LazyCircuit

  /** @internal Creates the handle of a circuit of a registry. */
  constructor(lazy: LazyCircuit)
  /** @throws TypeError or RangeError naming the option that is wrong, what it must be and what was got */
  constructor(options?: CircuitBreakerOptions<Fallback, Args>)
  constructor(options: CircuitBreakerOptions<Fallback, Args> | LazyCircuit = {}) {
    const given = options instanceof LazyCircuit ? undefined : readOptions('options', options)
    const lazy = given === undefined ? (options as LazyCircuit) : createLazyCircuit(given)
    const { name } = lazy
    // Named as it is created: renaming a function takes 200 bytes.
    const self = {
      [name]: (...args: [unknown, unknown?, unknown?]): unknown =>
        wrapOrDecorate('breaker', (fn) => wrapAsync(lazy.circuit, fn), args),
    }
    super(self[name] as (...args: never[]) => unknown)
    lazy.breaker = this
    this.#lazy = lazy
    given?.registry?.add(this)
  }

  get #circuit(): Circuit {
    return this.#lazy.circuit
  }

  static {
    lazyCircuitOf = (breaker) => (#lazy in breaker ? breaker.#lazy : undefined)
    printAsJson('CircuitBreaker', CircuitBreaker.prototype)
  }

  /** Guards a synchronous function: same result, and it throws {@link CircuitOpenError}. */
  get sync(): SyncGuard<Fallback, Args> {
    const wrap = (fn: Parameters<typeof wrapSync>[1]) => wrapSync(this.#circuit, fn)
    return ((...args: [unknown, unknown?, unknown?]) =>
      wrapOrDecorate('breaker.sync', wrap, args)) as never
  }

  /**
   * Guards a function that returns an async iterable or a promise of one, streams of Node and of the web
   * among them. The call ends with the stream, however it is read: its end is a success, an error a
   * failure, and leaving early a success once an item has come. One that is unread counts as a success a turn
   * after it was returned; read later, it is a call by itself, whose failure goes on with those before. A
   * rejected call rejects at the first item, or by its promise.
   */
  get stream(): StreamGuard {
    const wrap = (fn: Parameters<typeof wrapStream>[1]) => wrapStream(this.#circuit, fn)
    return ((...args: [unknown, unknown?, unknown?]) =>
      wrapOrDecorate('breaker.stream', wrap, args)) as never
  }

  /**
   * Runs `action` once and resolves with its result. Its `signal` is aborted by the call's timeout and by
   * the caller's own signal; in both cases the promise rejects at once, whatever the action does.
   *
   * Rejects with {@link CircuitOpenError} or {@link CircuitFullError}, and nothing runs; with
   * {@link CallTimeoutError}; with the reason of `call.signal`; or with what the action threw.
   *
   * @example
   * import { CircuitBreaker } from 'short-circuit'
   *
   * const breaker = new CircuitBreaker()
   * const text = await breaker.run(async (signal) => `aborted: ${signal.aborted}`, { timeout: 500 })
   * console.assert(text === 'aborted: false')
   */
  run<R, Own = Fallback>(
    action: (signal: AbortSignal) => R,
    call?: CallOptions<Own, Awaited<R>>,
  ): Promise<Awaited<R> | Awaited<Own>> {
    return runAction(
      this.#circuit,
      action as (signal: AbortSignal | undefined) => unknown,
      call,
    ) as never
  }

  /**
   * Guards a function whose first parameter is an `AbortSignal`: returns a function of the other ones. The
   * signal is aborted by the call's timeout, and by the caller's own where one is among the arguments, as
   * it is or as `{ signal }`; in both cases the promise rejects at once. `call` has the options of its calls.
   *
   * It is no decorator, because the parameters change: assign it to a field, as `find = breaker.withSignal(…)`.
   *
   * @throws TypeError for anything but a function
   * @example
   * import { CircuitBreaker } from 'short-circuit'
   *
   * const breaker = new CircuitBreaker({ callTimeout: 500 })
   * const find = breaker.withSignal(async (signal, id: number) => ({ id, aborted: signal.aborted }))
   * console.assert((await find(7)).id === 7)
   */
  get withSignal(): SignalGuard<Fallback> {
    return ((...args: unknown[]) => wrapWithSignal(this.#circuit, args)) as never
  }

  /**
   * Resolves when a call would be let through: at once, when the open time is over, when a probe or a
   * place of `maxConcurrent` is free, or when the circuit is closed or released. While only some calls
   * pass, as many waiters are resolved, the oldest first. Another call may be faster: a call after it
   * may still be rejected.
   *
   * Rejects with the reason of `signal`. It has a timer, which keeps the process alive, only while it
   * waits for a known time. In browsers and Workers, whose requests can't tell each other, it looks again
   * every 100 ms, so that it may be that late, and the oldest waiter need not be the first.
   *
   * @example
   * import { CircuitBreaker } from 'short-circuit'
   *
   * const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 20 })
   * breaker.trip()
   * await breaker.whenReady()
   * console.assert(breaker.state === 'half-open')
   */
  whenReady(options: WaitOptions = {}): Promise<void> {
    return whenReady(this.#circuit, options)
  }

  /**
   * Takes a permit for a call that your own code makes and must settle. Guarded functions that this code
   * calls are calls by themselves, where those within a guarded function are a part of its probe.
   *
   * @throws CircuitOpenError when the circuit is open
   * @throws CircuitFullError when `maxConcurrent` calls are in flight
   */
  acquire(call: AcquireOptions = {}): Permit {
    return acquire(this.#circuit, call)
  }

  /** As {@link acquire}, but returns `undefined` in place of throwing, also for an aborted signal. */
  tryAcquire(call: AcquireOptions = {}): Permit | undefined {
    return tryAcquire(this.#circuit, call)
  }

  /**
   * The state as calls meet it. It is `half-open` once the open time is over, `open` while forced open,
   * and `closed` while forced closed or disabled.
   */
  get state(): StateName {
    const { machine, clock } = this.#circuit
    const { state, override } = machine
    // Nothing can be due then, so that no clock is read.
    const steady = state.name === 'closed' && state.inFlight === null && override === undefined
    return steady ? 'closed' : shownState(machine.peek(clock.now()))
  }

  /** The resolved options: every default applied, frozen. */
  get options(): ResolvedOptions {
    return this.#circuit.namedOptions
  }

  /**
   * Opens the circuit now, as a rule would; it recovers by itself. It is open for `for` ms, or as long
   * as the options say. An open circuit starts its open time again. A string is the reason.
   *
   * @throws TypeError or RangeError for an argument that is wrong
   */
  trip(why?: string | OverrideOptions): void {
    const said = this.#said('trip', why, arguments.length)
    // A classifier that does so has a call before it whose server may have said for how long.
    const retryAfter = askedRetryAfter(this.#circuit)
    this.#byHand((machine, now) => machine.trip(now, { ...said, retryAfter }))
    this.#inFleet({ do: 'trip', why: said })
  }

  /**
   * Lets probes out now, as after an open time; those in flight decide nothing any more. A closed
   * circuit opens first.
   *
   * @throws TypeError for an argument that is wrong
   */
  halfOpen(why?: string | ManualOptions): void {
    const said = this.#said('halfOpen', why, arguments.length)
    this.#byHand((machine, now) => machine.halfOpen(now, said))
    this.#inFleet({ do: 'halfOpen', why: said })
  }

  /**
   * Closes the circuit with fresh evidence; results of calls in flight no longer count.
   *
   * @throws TypeError for an argument that is wrong
   */
  reset(why?: string | ManualOptions): void {
    const said = this.#said('reset', why, arguments.length)
    this.#byHand((machine, now) => machine.reset(now, said))
    this.#inFleet({ do: 'reset', why: said })
  }

  #said(
    method: Parameters<typeof checkByHand>[0],
    why: string | OverrideOptions | undefined,
    given: number,
  ): OverrideOptions {
    const said = checkByHand(method, why, given - 1)
    if (said.fleet && this.#circuit.membership === undefined) {
      throw new TypeError(`${method} with "fleet" needs the option "shared"`)
    }
    return said
  }

  #inFleet(operation: FleetOperation): void {
    if (operation.why.fleet) this.#circuit.membership?.operate(operation)
  }

  #byHand<T>(act: (machine: Machine, clockTime: number) => T): T {
    const circuit = this.#circuit
    const result = act(circuit.machine, circuit.clock.now())
    circuit.flush()
    return result
  }

  /**
   * Rejects every call until released. The automatic state goes on underneath. A string is the reason.
   *
   * @returns what releases this very override, and no other
   */
  forceOpen(why?: string | OverrideOptions): Disposable {
    return this.#force('forced-open', this.#said('forceOpen', why, arguments.length))
  }

  /**
   * Lets every call pass until released. The automatic state goes on underneath, which makes this
   * the observe-only mode: calls that it would have rejected run, and are counted as
   * `rejected.unenforced`. What becomes of them is no evidence.
   *
   * @returns what releases this very override, and no other
   */
  forceClosed(why?: string | OverrideOptions): Disposable {
    return this.#force('forced-closed', this.#said('forceClosed', why, arguments.length))
  }

  /**
   * Lets every call pass and records nothing until released, neither of these calls nor of those in
   * flight that end meanwhile.
   *
   * @returns what releases this very override, and no other
   */
  disable(why?: string | OverrideOptions): Disposable {
    return this.#force('disabled', this.#said('disable', why, arguments.length))
  }

  #force(mode: OverrideMode, said: OverrideOptions): Disposable {
    const override = this.#byHand((machine, now) => machine.force(mode, now, said))
    this.#inFleet({ do: 'override', mode, why: said })
    return { [dispose]: () => this.#release(override, { fleet: said.fleet }) }
  }

  /**
   * Lifts the override; the automatic state shows as it then is. Does nothing without one. A string is the
   * reason, for the event.
   *
   * @throws TypeError for an argument that is wrong
   */
  release(why?: string | ManualOptions): void {
    this.#release(undefined, this.#said('release', why, arguments.length))
  }

  #release(only?: Override, why: ManualOptions = {}): void {
    const lifted = this.#byHand((machine, now) => machine.release(now, only, why))
    if (lifted || only === undefined) this.#inFleet({ do: 'override', mode: undefined, why })
  }

  /**
   * Changes options live and keeps evidence, permits, generation and an override. Options that the
   * patch does not name stay as they are. Those that it names are replaced as a whole, nested ones
   * included: `{ trip: { failureRate: {} } }` puts every other rule of `trip` out of force. An option
   * given as `undefined` goes back to its default. Nothing changes when any of the patch is wrong, nor
   * with `dryRun`, which returns what would be changed and lost. A string in place of `options` is the
   * reason.
   *
   * @throws TypeError or RangeError as the constructor does, or for a wrong one of `options`
   */
  configure(patch: ConfigurePatch, options?: string | ConfigureOptions): ConfigureResult {
    return configure(this.#circuit, this.name, patch, options, arguments.length - 2)
  }

  /** Everything visible at this moment, as plain JSON data. Does not change any state. */
  snapshot(): Snapshot {
    const { machine, namedOptions, clock, membership } = this.#circuit
    return snapshot(machine, namedOptions, clock, membership?.status())
  }

  /** What `JSON.stringify` and `console.log` show; {@link snapshot} has everything. */
  toJSON(): BreakerSummary {
    return summary(this.snapshot())
  }

  /** Explains the state, as a paragraph and as data. Does not change any state. */
  explain(): Explanation {
    const { machine, name, clock, membership } = this.#circuit
    const reading = clock.now()
    const view = machine.peek(reading)
    return explain(name, view, view.now(reading), clock.wall(), membership?.status())
  }

  /**
   * Plain, versioned data to continue from, in another process or a later invocation, by the option
   * `saved`. It holds ages in place of times; calls in flight are not part of it.
   */
  save(): Saved {
    const { machine, clock } = this.#circuit
    const reading = clock.now()
    const view = machine.peek(reading)
    return save(view, view.now(reading))
  }

  /**
   * Calls `listener` for every event of that name, after the new state is in place; it may call the
   * breaker. What it throws does not change any result and is published as `listenerError`.
   *
   * @returns a function that unsubscribes; aborting `signal` does the same
   * @throws TypeError for an unknown event or option, with the nearest known name, or a wrong value
   */
  on<E extends EventName>(event: E, listener: Listener<E>, options?: ListenOptions): () => void {
    return listen(() => emitterOf(this.#circuit), EVENT_NAMES, event, listener, options)
  }
}
