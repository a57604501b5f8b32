import { type Clock, sharedClock, systemClock } from '../clock.ts'
import { tryAdmit, trySettle } from '../core/fast-path.ts'
import type { Machine } from '../core/machine.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import type { StallListener } from '../core/monotonic-time.ts'
import { CANCELLED, type Classification, type Settled, SUCCESS } from '../core/outcome.ts'
import { type Permit, UNENFORCED, UNRECORDED } from '../core/permit.ts'
import type { Closed } from '../core/state/closed.ts'
import type { Membership } from '../options/shared-options.ts'
import type { AnyFallback, CircuitBreakerOptions, ResolvedOptions } from '../options.ts'
import {
  type CallContext,
  type ClassifyHost,
  classify,
  classifyRejection,
  isReplaced,
} from './classify.ts'
import { Rejection } from './deferred-rejection.ts'
import { type Emitter, printListenerError } from './emitter.ts'
import { backstopOf, ExpiringCalls } from './expiring-calls.ts'
import { endProbe, isPartOfProbe } from './probe-context.ts'
import { publish, publishChange, publishOutcome, publishReject, publishSuccess } from './publish.ts'
import { describeRejection, type RejectedCalls } from './rejected-call.ts'
import {
  type AdmittedPermit,
  permitHandlers,
  type SettleHandlers,
  SharedPermitHandlers,
} from './settle-handlers.ts'

/** Connects one state machine to clock, options and listeners; `CircuitBreaker` is its handle. */
export class Circuit implements ClassifyHost, StallListener {
  readonly name: string
  /** May be shared with other breakers, so that `options.name` may differ: see {@link namedOptions}. */
  options: ResolvedOptions
  /** As the user gave them, to merge patches into. */
  userOptions: CircuitBreakerOptions<unknown>
  clock!: Clock
  machine!: Machine
  #emitter: Emitter | undefined = undefined
  /** False when nothing hears how calls end: then other listeners cost a call nothing. */
  #mayHearEnds = false
  /** The shared permit of the last closed state that had calls. */
  #shared: SharedPermitHandlers | undefined = undefined
  /** The same while calls need nothing else: no timeout, no fallback, and nothing that hears their ends. */
  #direct: SharedPermitHandlers | undefined = undefined
  /** Undefined where timers last, and without `maxConcurrent`. */
  #expiring: ExpiringCalls | undefined = undefined
  /** What `admit` has rejected and `reject` has not published yet. */
  #rejected: RejectedCalls | undefined = undefined
  #lastRejected: RejectedCalls | undefined = undefined
  asked: ClassifyHost['asked'] = undefined
  /** The one that has run last, and whether it can see an error. */
  lastFallback: { readonly fallback: AnyFallback; readonly takesNothing: boolean } | undefined =
    undefined
  /** Its place in a fleet of processes. */
  membership: Membership | undefined = undefined
  /** Called when something has happened that may let a call through. */
  onProgress: (() => void) | undefined = undefined

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
    this.connect(clock, machine)
  }

  connect(clock: Clock, machine: Machine): void {
    this.clock = clock
    this.machine = machine
    // Other clocks do not go on while the process is stopped, as those of tests and simulations.
    if (clock === systemClock) machine.time.listener = this
  }

  /** The machine has found calls late. Answers that have arrived come first. */
  onStall(at: number): void {
    this.clock.setTimer(0, () => {
      this.machine.hear(at)
      this.flush()
    })
  }

  /** Puts other options in place of the current ones, which the machine has been told already. */
  replaceOptions(options: ResolvedOptions, userOptions: CircuitBreakerOptions<unknown>): void {
    this.options = options
    this.userOptions = userOptions
    this.#lastRejected = undefined
    this.forgetShared()
  }

  get emitter(): Emitter | undefined {
    return this.#emitter
  }

  set emitter(emitter: Emitter | undefined) {
    this.#emitter = emitter
    this.forgetShared()
  }

  /** What calls need has changed, or what is listened to. */
  forgetShared(): void {
    this.#mayHearEnds = this.#emitter !== undefined
    this.#shared = this.#direct = undefined
  }

  /** The options with its name among them, as it shows them. */
  get namedOptions(): ResolvedOptions {
    const { name, options } = this
    if (options.name !== name) this.options = Object.freeze({ ...options, name })
    return this.options
  }

  /**
   * A permit, or why there is none. `timeout` is the call's own timer, if it has one; `clockTime` is when the
   * call began, if the clock has been read already.
   */
  admit(timeout: number | undefined, clockTime?: number): AdmittedPermit | RejectReason {
    const shared = this.#hearsEnds() ? undefined : this.#admitShared()
    return shared ?? this.#admitOwn(timeout, clockTime)
  }

  #hearsEnds(): boolean {
    if (this.#mayHearEnds) this.#mayHearEnds = this.#emitter?.hearsEnds === true
    return this.#mayHearEnds
  }

  /** As {@link admit}, for a call that may deliver a part of its answer. */
  admitInParts(timeout: number | undefined, clockTime?: number): AdmittedPermit | RejectReason {
    // Only a permit of its own tells how many have delivered.
    const isCounted = this.options.maxConcurrent !== undefined
    return isCounted ? this.#admitOwn(timeout, clockTime) : this.admit(timeout, clockTime)
  }

  #admitOwn(timeout: number | undefined, clockTime = this.clock.now()): Permit | RejectReason {
    return this.#admitAt(clockTime, backstopOf(this.clock, timeout, this.options))
  }

  #describe(reason: RejectReason): RejectedCalls {
    this.#lastRejected = describeRejection(this, reason, this.#lastRejected)
    return this.#lastRejected
  }

  #admitAt(clockTime: number, backstop: number): Permit | RejectReason {
    const { machine } = this
    if (isPartOfProbe(this, machine)) return UNRECORDED
    if (this.#expiring !== undefined) this.#endExpired(this.#expiring, clockTime)
    const permit = machine.admit(clockTime, backstop)
    // Apart, as calls that pass go through here without a call then.
    if (typeof permit === 'string' || permit === UNENFORCED) this.#noteRejection(permit, clockTime)
    else this.flush()
    return permit
  }

  /** Otherwise a full circuit might stay so for ever. */
  #endExpired(expiring: ExpiringCalls, clockTime: number): void {
    if (expiring.size < (this.options.maxConcurrent ?? Infinity)) return
    // How they have ended is not known: their request has, and with it perhaps they.
    for (const permit of expiring.takeExpired(clockTime)) this.settle(permit, CANCELLED, undefined)
  }

  /** Of a call that is rejected, or would be without an override. */
  #noteRejection(permit: Permit | RejectReason, clockTime: number): void {
    const { name } = this.machine.state
    // Described first: a listener may move the breaker on.
    const rejected = typeof permit === 'string' ? this.#describe(permit) : undefined
    // An open circuit that goes on has no other news; asked all the same, a fleet takes 2 % of the call.
    if (name !== 'open' || this.machine.hasChanges) this.flush()
    this.#rejected = rejected
    // By a call that can't wait for the answer: the next one may pass.
    if (name === 'half-open') void this.askFleet(clockTime)
    if (rejected === undefined) publishReject(this, name, undefined)
  }

  /** The longest time that a call may take by its timer: a probe has a limit in any case. */
  timeLimit(permit: AdmittedPermit, timeout: number | undefined): number | undefined {
    if (permit.probe) return Math.min(timeout ?? Infinity, this.options.recovery.timeout)
    const isLimited = timeout !== undefined && this.options.maxConcurrent !== undefined
    if (isLimited && !permit.shared && sharedClock(this.clock) === undefined) {
      this.#expiring ??= new ExpiringCalls()
      this.#expiring.add(permit, this.clock.now() + timeout)
    }
    return timeout
  }

  /** Rejects a call that would not pass now; takes no permit for one that would. */
  rejectOnly(): RejectReason | undefined {
    // One reading for both: an open time may end between two.
    const clockTime = this.clock.now()
    if (this.machine.wouldAdmit(clockTime)) return undefined
    const permit = this.#admitAt(clockTime, 0)
    return typeof permit === 'string' ? permit : undefined
  }

  /** As {@link admit}, for a call that needs nothing but a shared permit; null for any other. */
  tryAdmitShared(): SharedPermitHandlers | null {
    const direct = this.#direct
    if (direct !== undefined && tryAdmit(this.machine, direct.state)) return direct
    return this.machine.shared === null ? null : this.#tryAdmitFirst()
  }

  /** The first such call of a closed state. */
  #tryAdmitFirst(): SharedPermitHandlers | null {
    const { callTimeout: timeout, fallback } = this.options
    if (timeout !== undefined || fallback !== undefined || this.#hearsEnds()) return null
    this.#direct = this.#admitShared()
    return this.#direct ?? null
  }

  /** What settles a permit when its call ends. */
  handlersOf(permit: AdmittedPermit): SettleHandlers {
    return permit.shared ? permit : permitHandlers(this, permit)
  }

  #admitShared(): SharedPermitHandlers | undefined {
    const { shared } = this.machine
    if (shared === null || !tryAdmit(this.machine, shared)) return undefined
    if (this.#shared?.state !== shared) this.#shared = new SharedPermitHandlers(this, shared)
    return this.#shared
  }

  /** A first part of the answer is there. */
  deliver(permit: Permit): void {
    if (!permit.open || permit.delivered) return
    this.machine.deliver(permit, this.clock.now())
    this.flush()
  }

  fulfilled(permit: AdmittedPermit, value: unknown): void {
    if (this.options.classify !== undefined) {
      this.settle(permit, this.classify({ status: 'fulfilled', value }), undefined)
    } else if (!trySettle(this.machine, permit)) this.settle(permit, SUCCESS, undefined)
    else {
      if (this.#mayHearEnds) {
        publishSuccess(this, permit, (permit.state as Closed).generation)
      }
      if (this.onProgress !== undefined) this.onProgress()
    }
  }

  rejected(permit: AdmittedPermit, reason: unknown, timedOut = false): Rejection {
    const classification = timedOut
      ? this.classify({ status: 'rejected', reason }, { timedOut })
      : classifyRejection(reason, this)
    this.settle(permit, classification, reason)
    return new Rejection(reason, isReplaced(classification))
  }

  classify(settled: Settled, context?: CallContext): Classification {
    return classify(settled, this, context)
  }

  /** Gives a permit back. `error` is what the call was rejected with. */
  settle(permit: AdmittedPermit, classification: Classification, error: unknown): void {
    const { generation } = this.machine.state
    const reading = this.clock.now() + (classification.timedOut ? this.#early(permit) : 0)
    const counting = permit.probe ? endProbe(this, permit, classification, error) : classification
    const counted = this.machine.settle(permit, counting, reading)
    if (counted && this.#emitter !== undefined && (this.#mayHearEnds || classification.timedOut)) {
      publishOutcome(this, counting, error, permit, generation)
    }
    this.flush()
  }

  /** How long the target took, ms; undefined for a call that shares its permit. */
  durationOf(permit: AdmittedPermit): number | undefined {
    return permit.shared ? undefined : permit.duration(this.machine.now(this.clock.now()))
  }

  /** Counts an action that goes on after its call has timed out, until what it returns is called. */
  abandon(): () => void {
    const { rare } = this.machine.counters
    rare.abandoned++
    return () => rare.abandoned--
  }

  /** A timer may fire up to 1 ms early by a clock that shows fractions: a probe has expired then. */
  #early(permit: AdmittedPermit): number {
    if (permit.shared) return 0
    const ms = permit.deadline - this.machine.now(this.clock.now())
    // A whole one, for what is lost by rounding.
    return ms > 0 && ms <= 1 ? 1 : 0
  }

  /** Publishes the rejection that `admit` has just returned. */
  reject(reason: RejectReason): RejectedCalls {
    const rejected = this.#rejected ?? this.#describe(reason)
    this.#rejected = undefined
    publishReject(this, reason, rejected)
    return rejected
  }

  /** Reports errors that must not change a result: those of listeners, classifiers and the like. */
  report(error: unknown, source: string): void {
    if (this.emitter === undefined) printListenerError({ breaker: this.name, error, source })
    else publish(this, 'listenerError', { error, source })
  }

  /** Publishes what the machine has done, after it is done. */
  flush(): void {
    if (this.machine.hasChanges) this.#publishChanges()
    this.onProgress?.()
    this.membership?.changed()
  }

  /** Then a call need not ask the fleet. */
  get isClosed(): boolean {
    return this.machine.state.name === 'closed'
  }

  /** A call wants to pass: undefined unless the lease of a probe must be asked for first. */
  askFleet(clockTime: number): Promise<void> | undefined {
    const { membership, machine } = this
    if (membership === undefined) return undefined
    const { state } = machine
    // Nearly every call to an open fleet ends here.
    if (state.name === 'open' && machine.now(clockTime) < state.until) return undefined
    return membership.askForLease(clockTime)
  }

  #publishChanges(): void {
    const { machine } = this
    // One by one off the machine's own list: a listener that moves the breaker comes back here.
    for (let next = machine.changes.shift(); next !== undefined; next = machine.changes.shift()) {
      publishChange(this, next)
    }
    // They would keep the evidence of a state that is over.
    this.#lastRejected = undefined
    if (this.#shared?.state !== machine.state) this.forgetShared()
  }
}
