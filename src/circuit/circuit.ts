import type { Clock } from '../clock.ts'
import type { Machine } from '../core/machine.ts'
import type { Change } from '../core/machine-data.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import { type Classification, type Settled, SUCCESS } from '../core/outcome.ts'
import { type Permit, UNENFORCED } from '../core/permit.ts'
import type { Closed } from '../core/state/closed.ts'
import type { Override } from '../core/state/override.ts'
import {
  type CallTimeoutError,
  CircuitFullError,
  CircuitOpenError,
  type ShortCircuitError,
} from '../errors.ts'
import type { BreakerEvents, EventName } from '../events.ts'
import { rejectionMessage } from '../inspect/explain.ts'
import type { CircuitBreakerOptions, ResolvedOptions } from '../options.ts'
import {
  type CallContext,
  type ClassifyHost,
  classify,
  classifyRejection,
  isReplaced,
} from './classify.ts'
import { Rejection } from './deferred-rejection.ts'
import { type Emitter, printListenerError } from './emitter.ts'
import type { Lane } from './settle-handlers.ts'

/** In place of a reading: the time is what the machine has just been told. */
const JUST_NOW = Number.NaN

/** A process that was stopped for longer than this has lost its connections anyway, ms. */
const LONGEST_STALL = 60_000

/** What stands behind a breaker's handle: asks the machine, reports to it, publishes events. */
export class Circuit implements ClassifyHost {
  readonly name: string
  /** Those of all breakers alike, perhaps, so that its name is not among them. */
  options: ResolvedOptions
  /** As given, to merge patches into. */
  userOptions: CircuitBreakerOptions<unknown>
  readonly clock: Clock
  readonly machine: Machine
  emitter: Emitter | undefined = undefined
  /** Undefined until the next call asks for it; null while calls need a permit of their own. */
  lane: Lane | null | undefined = undefined
  #namedOptions: ResolvedOptions | undefined
  #refusalMessage:
    | { generation: number; refusal: RejectReason; override: Override | undefined; text: string }
    | undefined

  constructor(
    name: string,
    options: ResolvedOptions,
    clock: Clock,
    machine: Machine,
    userOptions: CircuitBreakerOptions<unknown>,
  ) {
    this.name = name
    this.options = options
    this.userOptions = userOptions
    this.clock = clock
    this.machine = machine
  }

  /** The options with its name among them, as it shows them. */
  get namedOptions(): ResolvedOptions {
    const { name, options } = this
    if (options.name === name) return options
    this.#namedOptions ??= Object.freeze({ ...options, name })
    return this.#namedOptions
  }

  // ── calls ─────────────────────────────────────────────────────────────────────────────────────

  /** True when a success matters to nobody but the machine. */
  get recordsOnly(): boolean {
    return this.options.classify === undefined && !this.emitter?.hasListeners('success')
  }

  /** A call that entered under `era` without a permit has given a value. */
  succeeded(state: Closed, value: unknown): void {
    const { machine } = this
    if (this.options.classify !== undefined || !machine.succeed(state)) {
      this.conclude(state, this.#verdictOn(value))
    } else if (state === machine.state) this.#publishSuccess(state.generation, false)
  }

  // The two that every call may publish are made as they are published.

  #publishSuccess(generation: number, probe: boolean): void {
    const { emitter } = this
    if (!emitter?.hasListeners('success')) return
    emitter.publish('success', { breaker: this.name, generation, probe })
  }

  #publishFailure(error: unknown, generation: number, probe: boolean): void {
    const { emitter } = this
    if (!emitter?.hasListeners('failure')) return
    emitter.publish('failure', { breaker: this.name, error, generation, probe })
  }

  #verdictOn(value: unknown): Classification {
    if (this.options.classify === undefined) return SUCCESS
    return this.classify({ status: 'fulfilled', value })
  }

  /** A call that entered under `era` without a permit was rejected. */
  failed(state: Closed, reason: unknown): never {
    const classification = classifyRejection(reason, this)
    this.conclude(state, classification)
    return new Rejection(reason, isReplaced(classification)) as never
  }

  /** A call that entered under `era` without a permit has outlived its timeout. */
  outlived(state: Closed, error: CallTimeoutError): never {
    const classification = this.#judgeExpired(error)
    this.conclude(state, classification, error)
    return new Rejection(error, isReplaced(classification)) as never
  }

  #judgeExpired(reason: CallTimeoutError): Classification {
    return this.classify({ status: 'rejected', reason }, { timedOut: true })
  }

  /** A call that entered under `era` without a permit has ended. `error` is that of its timeout. */
  conclude(state: Closed, classification: Classification, error?: CallTimeoutError): void {
    const { generation } = this.machine.state
    const counted = this.machine.conclude(state, classification, this.clock.now())
    if (counted && this.emitter !== undefined) {
      this.#publishVerdict(classification, error, generation, false)
    }
    this.flush()
  }

  /** A permit, or why there is none. `timeout` is the call's own timer, if it has one. */
  admit(timeout: number | undefined): Permit | RejectReason {
    // The call's own timer decides where it is the shorter one, a turn after it fires. The deadline
    // that other calls see must not come first: however long the event loop was blocked, an answer
    // that waits in the socket wins.
    const own = timeout !== undefined && timeout <= this.options.recovery.timeout
    const backstop = own ? LONGEST_STALL : 0
    const permit = this.machine.admit(this.clock.now(), backstop)
    if (permit === UNENFORCED) this.#publishReject(this.machine.state.name, false)
    this.flush()
    return permit
  }

  /** As {@link settle}, for a call without circumstances of its own; gives what its caller gets. */
  fulfilled(permit: Permit, value: unknown): void {
    if (this.recordsOnly && this.machine.succeedWith(permit)) return
    this.settle(permit, this.#verdictOn(value), undefined)
  }

  /** The same for one that was rejected. */
  rejected(permit: Permit, reason: unknown): never {
    const classification = classifyRejection(reason, this)
    this.settle(permit, classification, reason)
    return new Rejection(reason, isReplaced(classification)) as never
  }

  /** The same for one that has outlived its timeout. */
  expired(permit: Permit, error: CallTimeoutError): never {
    const classification = this.#judgeExpired(error)
    this.settle(permit, classification, error)
    return new Rejection(error, isReplaced(classification)) as never
  }

  classify(settled: Settled, context?: CallContext): Classification {
    return classify(settled, this, context)
  }

  /** Gives a permit back. `error` is what the call was rejected with. */
  settle(permit: Permit, classification: Classification, error: unknown): void {
    const { generation } = this.machine.state
    const counted = this.machine.settle(permit, classification, this.clock.now())
    if (counted && this.emitter !== undefined) {
      this.#publishVerdict(classification, error, generation, permit.probe)
    }
    this.flush()
  }

  #publishVerdict(
    classification: Classification,
    error: unknown,
    generation: number,
    probe: boolean,
  ): void {
    if (classification.timedOut) {
      const { timeout } = error as CallTimeoutError
      this.publish('timeout', { timeout, generation, probe })
    }
    if (classification.outcome === 'success') this.#publishSuccess(generation, probe)
    else if (classification.outcome === 'failure') {
      this.#publishFailure(classification.error, generation, probe)
    }
  }

  /** The error for a call that was refused; it says what to do with it, and costs no stack. */
  #refusalError(refusal: RejectReason): ShortCircuitError {
    const { name } = this
    const { maxConcurrent } = this.options
    if (refusal === 'full') return new CircuitFullError(name, maxConcurrent as number)
    const { machine } = this
    const { state } = machine
    return new CircuitOpenError(this.#message(refusal), {
      breaker: name,
      state: refusal === 'half-open' ? 'half-open' : 'open',
      reason: state.name === 'closed' || refusal === 'forced-open' ? refusal : state.trip.reason,
      retryAfter: machine.retryAfter(JUST_NOW),
      cause: state.name === 'closed' ? undefined : state.cause,
    })
  }

  /** One text for all refusals of a generation: they come in numbers. */
  #message(refusal: RejectReason): string {
    const { state, override } = this.machine
    const { generation } = state
    const last = this.#refusalMessage
    if (last?.generation === generation && last.refusal === refusal && last.override === override) {
      return last.text
    }
    const text = rejectionMessage(this.name, refusal, this.machine)
    this.#refusalMessage = { generation, refusal, override, text }
    return text
  }

  // ── events ────────────────────────────────────────────────────────────────────────────────────

  publish<E extends EventName>(name: E, event: BreakerEvents[E]): void {
    const { emitter } = this
    // Nobody pays for an event that nobody hears, but for errors: those are printed then.
    if (emitter === undefined || !(emitter.hasListeners(name) || name === 'listenerError')) return
    emitter.publish(name, { breaker: this.name, ...event })
  }

  /** Tells of a refusal, and gives what makes its error. */
  refused(refusal: RejectReason): () => ShortCircuitError {
    if (!this.emitter?.hasListeners('reject')) return () => this.#refusalError(refusal)
    // Made first: a listener may move the breaker on.
    const error = this.#refusalError(refusal)
    this.#publishReject(refusal, true)
    return () => error
  }

  #publishReject(reason: RejectReason | 'closed', enforced: boolean): void {
    this.publish('reject', {
      reason: reason === 'closed' ? 'full' : reason,
      retryAfter: this.machine.retryAfter(JUST_NOW),
      enforced,
    })
  }

  /** For what must not change anybody's result: errors of listeners, classifiers and the like. */
  report(error: unknown, source: string): void {
    if (this.emitter === undefined) {
      printListenerError({ breaker: this.name, error, source })
    } else this.publish('listenerError', { error, source })
  }

  /** Publishes what the machine has done, after it is done. */
  flush(): void {
    const { machine } = this
    if (!machine.hasChanges) return
    this.lane = undefined
    // One by one off the machine's own list: a listener that moves the breaker comes back here.
    for (let next = machine.changes.shift(); next !== undefined; next = machine.changes.shift()) {
      this.#publishChange(next)
    }
  }

  #publishChange(change: Change): void {
    if (this.emitter === undefined) return
    if ('to' in change) this.publish('transition', change)
    else {
      const { mode, reason, by } = change.override ?? ({} as Partial<Override>)
      this.publish('override', { mode, reason, by })
    }
  }
}
