import type { Circuit } from '../circuit/circuit.ts'
import { type CallContext, isReplaced } from '../circuit/classify.ts'
import { Rejection } from '../circuit/deferred-rejection.ts'
import type { AdmittedPermit, SettleHandlers } from '../circuit/settle-handlers.ts'
import { CANCELLED, type Classification, errorOf, type Settled, SUCCESS } from '../core/outcome.ts'
import { presumeSuccess } from '../core/presumed-success.ts'
import type { CallSignal } from './call-signal.ts'
import { abortedByCaller } from './caller-signal.ts'

/** What a call has of its own. */
export type OwnOptions = Pick<CallContext, 'classify' | 'retryAfter'> & {
  readonly timeout?: number | undefined
}

/**
 * Settles a permit exactly once: the first end counts, whatever comes later does nothing. For calls
 * that may end in several ways, or that have a signal or classifier of their own.
 */
export class Settlement implements SettleHandlers {
  readonly permit: AdmittedPermit
  /** The caller's. */
  readonly signal: AbortSignal | undefined
  /** What the action sees in its place, if the call may be ended by a timer. */
  readonly own: CallSignal | undefined
  settled = false
  delivered = false
  /** How an answer counts whose rest is a stream, unless that fails. */
  answer: Classification | undefined = undefined
  /** Called before a failure: its success was presumed, and has ended the failures before it. */
  #resume: (() => void) | undefined = undefined
  readonly onFulfilled: (value: unknown) => unknown
  readonly onRejected: (reason: unknown, timedOut?: boolean) => Rejection
  readonly call: OwnOptions | undefined
  readonly #circuit: Circuit

  /** The functions of `call` are asked before the breaker's. */
  constructor(
    circuit: Circuit,
    permit: AdmittedPermit,
    signal: AbortSignal | undefined,
    call?: OwnOptions | undefined,
    own?: CallSignal | undefined,
  ) {
    this.permit = permit
    this.#circuit = circuit
    this.signal = signal
    this.call = call
    this.own = own
    this.onFulfilled = (value) => {
      this.settle({ status: 'fulfilled', value })
      return value
    }
    this.onRejected = (reason, timedOut) => this.#reject(reason, timedOut)
  }

  #reject(reason: unknown, timedOut = false): Rejection {
    const replaced = this.settle({ status: 'rejected', reason }, timedOut)
    return new Rejection(reason, replaced)
  }

  /** Settles it as the result is classified. True if a fallback may replace the result. */
  settle(settled: Settled, timedOut = false): boolean {
    if (this.settled) return false
    const callerGone = !timedOut && abortedByCaller(this.signal)
    const fulfilled = settled.status === 'fulfilled'
    const classification =
      (fulfilled && this.answer) || this.#classify(settled, callerGone, timedOut)
    if (classification.outcome === 'failure') this.#resume?.()
    this.settleAs(classification, errorOf(settled))
    if (fulfilled) this.own?.followFor(settled.value)
    return isReplaced(classification) && !callerGone
  }

  /** Settles it with a result that was not looked at. */
  presume(value: unknown): void {
    const settle = () => this.settle({ status: 'fulfilled', value })
    this.#resume = presumeSuccess(this.#circuit.machine, settle)
  }

  /** The same call with another permit, for what is read of it after it was settled. */
  continue(permit: AdmittedPermit): Settlement {
    const next = new Settlement(this.#circuit, permit, this.signal, this.call, this.own)
    next.answer = this.answer
    next.#resume = this.#resume
    return next
  }

  #classify(settled: Settled, callerGone: boolean, timedOut: boolean): Classification {
    const { classify, retryAfter } = this.call ?? {}
    return this.#circuit.classify(settled, { classify, retryAfter, callerGone, timedOut })
  }

  /** True for an answer that is a success, whose rest may still fail; others settle the call. */
  answers(value: unknown): boolean {
    const settled = { status: 'fulfilled', value } as const
    if (!this.settled) this.answer = this.#classify(settled, abortedByCaller(this.signal), false)
    if (this.answer?.outcome === 'success') return true
    this.settle(settled)
    return false
  }

  /** A first part of the answer is there. */
  deliver(): void {
    if (this.delivered) return
    this.delivered = true
    if (!this.permit.shared) this.#circuit.deliver(this.permit)
  }

  /** The caller leaves: a success once a part of the answer was there. */
  leave(): void {
    this.settleAs(this.delivered ? SUCCESS : CANCELLED)
  }

  /** `error` is what the call was rejected with. */
  settleAs(classification: Classification, error?: unknown): void {
    if (this.settled) return
    this.settled = true
    this.own?.unfollow()
    this.#circuit.settle(this.permit, classification, error)
  }
}
