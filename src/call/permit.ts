/// <reference lib="esnext.disposable" preserve="true" />
import type { Circuit } from '../circuit/circuit.ts'
import { RejectedCalls } from '../circuit/rejected-call.ts'
import type { AdmittedPermit } from '../circuit/settle-handlers.ts'
import { type Classification, NEUTRAL, type Settled, SUCCESS } from '../core/outcome.ts'
import { CallTimeoutError } from '../errors.ts'
import { checkCall } from '../options/check-options.ts'
import type { AcquireOptions } from '../options.ts'
import { type AbortListener, addAbortListener, removeAbortListener } from './abort-listeners.ts'
import { abortedByCaller } from './caller-signal.ts'
import { Settlement } from './settlement.ts'
import { timeLimit } from './timeout-queue.ts'

/**
 * The right to make one call, taken by hand. It settles exactly once: by one of its methods, by its
 * timeout or by its signal; whatever comes later does nothing.
 *
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 *
 * const breaker = new CircuitBreaker()
 * const permit = breaker.acquire()
 * try {
 *   permit.success(await Promise.resolve('answer'))
 * } catch (error) {
 *   permit.failure(error)
 * }
 */
export interface Permit extends Disposable {
  /** True when the result of this call helps to decide a half-open circuit. */
  readonly probe: boolean
  /** The generation that the result counts for. */
  readonly generation: number
  /**
   * Aborted when the call ends by its timeout or by the caller's signal, before it was settled: for
   * what makes the request. It is there from when it is first read.
   */
  readonly signal: AbortSignal
  /** It went well. A value that is passed is classified, as that of a guarded function would be. */
  success(value?: unknown): void
  /** It failed. An error that is passed is classified, as that of a guarded function would be. */
  failure(error?: unknown): void
  /** The target answered, which says nothing for or against it. */
  neutral(): void
  /**
   * A first part of the answer is there: the call is not hung, and takes up neither `maxConcurrent` nor
   * a probe's slot any more. Its duration ends here. It still has to be settled, unless it is a
   * probe: one that reaches its deadline then has succeeded.
   */
  deliver(): void
  /** The caller leaves: a success after {@link deliver}, otherwise no evidence at all. */
  cancel(): void
  /** Cancels, if still unsettled: `using permit = breaker.acquire()`. */
  [Symbol.dispose](): void
}

export const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose)

class CallPermit implements Permit {
  readonly generation: number
  readonly #circuit: Circuit
  readonly #settlement: Settlement
  readonly #limit: number | undefined
  #stopTimer: (() => void) | undefined = undefined
  #controller: AbortController | undefined = undefined
  /** Why the call ended before it was settled by hand. */
  #ended: { readonly reason: unknown } | undefined = undefined

  constructor(
    circuit: Circuit,
    permit: AdmittedPermit,
    call: AcquireOptions,
    timeout: number | undefined,
  ) {
    const { signal } = call
    this.#circuit = circuit
    this.#limit = circuit.timeLimit(permit, timeout)
    this.generation = (permit.state ?? circuit.machine.state).generation
    this.#settlement = new Settlement(circuit, permit, signal, call)
    this.#startTimer()
    // A listener may have aborted it while the call was admitted.
    if (signal?.aborted) this.cancel()
    else if (signal !== undefined) addAbortListener(signal, this.#listener)
  }

  #startTimer(): void {
    const limit = this.#limit
    if (limit === undefined) return
    const { clock, name } = this.#circuit
    this.#stopTimer = timeLimit(clock, limit, () => {
      const reason = new CallTimeoutError(name, limit)
      this.#settle({ status: 'rejected', reason }, true)
      this.#abort(reason)
    })
  }

  /** For clients of this package whose headers are there: the first part of the body has as long to come. */
  restartTimeout(): void {
    const { settled, delivered } = this.#settlement
    if (settled || delivered) return
    this.#stopTimer?.()
    this.#startTimer()
  }

  get probe(): boolean {
    return this.#settlement.permit.probe
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#ended !== undefined) this.#controller.abort(this.#ended.reason)
    }
    return this.#controller.signal
  }

  #abort(reason: unknown): void {
    this.#ended = { reason }
    this.#controller?.abort(reason)
  }

  success(...values: [value?: unknown]): void {
    if (values.length === 0) this.#settleAs(SUCCESS)
    else this.#settle({ status: 'fulfilled', value: values[0] })
  }

  failure(...errors: [error?: unknown]): void {
    if (errors.length === 0) this.#settleAs(FAILURE)
    else this.#settle({ status: 'rejected', reason: errors[0] })
  }

  neutral(): void {
    this.#settleAs(NEUTRAL)
  }

  deliver(): void {
    // The rest depends on the caller, so the call's time limit is over.
    this.#stopTimer?.()
    this.#settlement.deliver()
  }

  cancel(): void {
    this.#stop()
    this.#settlement.leave()
  }

  [dispose](): void {
    this.cancel()
  }

  readonly #listener: AbortListener = {
    onAbort: (reason) => {
      const { delivered, signal } = this.#settlement
      // Classified: an abort by a deadline is a failure.
      if (delivered && abortedByCaller(signal)) this.cancel()
      else this.#settle({ status: 'rejected', reason })
      this.#abort(reason)
    },
  }

  #settle(settled: Settled, timedOut = false): void {
    this.#stop()
    this.#settlement.settle(settled, timedOut)
  }

  #settleAs(classification: Classification): void {
    this.#stop()
    this.#settlement.settleAs(classification)
  }

  #stop(): void {
    this.#stopTimer?.()
    const { signal } = this.#settlement
    if (signal !== undefined) removeAbortListener(signal, this.#listener)
  }
}

const FAILURE: Classification = {
  outcome: 'failure',
  failure: { name: 'failure', code: undefined, message: 'reported without an error' },
}

/** Takes a permit for a call; throws the reason if there is none. */
export function acquire(circuit: Circuit, call: AcquireOptions): Permit {
  checkCall('acquire', call)
  if (call.signal?.aborted) throw call.signal.reason
  const permit = take(circuit, call)
  if (permit instanceof RejectedCalls) throw permit.createError()
  // A listener may have aborted it while the call was admitted; the permit is returned then.
  if (call.signal?.aborted) throw call.signal.reason
  return permit
}

/** The same, but undefined if there is none. */
export function tryAcquire(circuit: Circuit, call: AcquireOptions): Permit | undefined {
  checkCall('tryAcquire', call)
  if (call.signal?.aborted) return undefined
  const permit = take(circuit, call)
  return permit instanceof RejectedCalls || call.signal?.aborted ? undefined : permit
}

function take(circuit: Circuit, call: AcquireOptions): Permit | RejectedCalls {
  const timeout = call.timeout ?? circuit.options.callTimeout
  const permit = circuit.admitInParts(timeout)
  if (typeof permit === 'string') return circuit.reject(permit)
  return new CallPermit(circuit, permit, call, timeout)
}
