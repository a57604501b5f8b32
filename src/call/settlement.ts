import type { Circuit } from '../circuit/circuit.ts'
import { type Classify, isReplaced } from '../circuit/classify.ts'
import { Rejection } from '../circuit/deferred-rejection.ts'
import type { AdmittedPermit, SettleHandlers } from '../circuit/settle-handlers.ts'
import { type Classification, errorOf, type Settled } from '../core/outcome.ts'
import { abortedByCaller } from './caller-signal.ts'

/**
 * Settles a permit exactly once: the first end counts, whatever comes later does nothing. For calls
 * that may end in several ways, or that have a signal or classifier of their own.
 */
export class Settlement implements SettleHandlers {
  readonly permit: AdmittedPermit
  settled = false
  readonly onFulfilled: (value: unknown) => unknown
  readonly onRejected: (reason: unknown, timedOut?: boolean) => Rejection
  readonly #circuit: Circuit
  readonly #signal: AbortSignal | undefined
  readonly #classify: Classify | undefined

  /** `signal` is the caller's; `classify` is asked before the breaker's. */
  constructor(
    circuit: Circuit,
    permit: AdmittedPermit,
    signal: AbortSignal | undefined,
    classify?: Classify | undefined,
  ) {
    this.permit = permit
    this.#circuit = circuit
    this.#signal = signal
    this.#classify = classify
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
    const callerGone = !timedOut && abortedByCaller(this.#signal)
    const classification = this.#circuit.classify(settled, {
      classify: this.#classify,
      callerGone,
      timedOut,
    })
    this.settleAs(classification, errorOf(settled))
    return isReplaced(classification) && !callerGone
  }

  /** `error` is what the call was rejected with. */
  settleAs(classification: Classification, error?: unknown): void {
    if (this.settled) return
    this.settled = true
    this.#circuit.settle(this.permit, classification, error)
  }
}
