import type { Circuit } from '../circuit/circuit.ts'
import {
  CANCELLED,
  type Classification,
  errorOf,
  NEUTRAL,
  type Settled,
  SUCCESS,
} from '../core/outcome.ts'
import type { Permit as Held } from '../core/permit.ts'
import { CallTimeoutError } from '../errors.ts'
import type { AcquireOptions } from '../options.ts'
import { abortedByCaller } from './caller-signal.ts'
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
  /** It went well. A value given is classified, as that of a guarded function would be. */
  success(value?: unknown): void
  /** It failed. An error given is classified, as that of a guarded function would be. */
  failure(error?: unknown): void
  /** The target answered, which says nothing for or against it. */
  neutral(): void
  /** No evidence at all: the permit is given back. */
  cancel(): void
  /** Cancels, if still unsettled: `using permit = breaker.acquire()`. */
  [Symbol.dispose](): void
}

export const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose)

class CallPermit {
  readonly generation: number
  readonly #circuit: Circuit
  readonly #permit: Held
  readonly #call: AcquireOptions
  #settled = false
  #stopTimer: (() => void) | undefined

  constructor(circuit: Circuit, held: Held, call: AcquireOptions, timeout: number | undefined) {
    this.generation = (held.state ?? circuit.machine.state).generation
    this.#circuit = circuit
    this.#permit = held
    this.#call = call
    if (timeout !== undefined) {
      this.#stopTimer = timeLimit(circuit.clock, timeout, () => {
        const reason = new CallTimeoutError(circuit.name, timeout)
        this.#judge({ status: 'rejected', reason }, true)
      })
    }
    call.signal?.addEventListener('abort', this.#abort, { once: true })
    // A listener may have done it while the call was admitted.
    if (call.signal?.aborted) this.cancel()
  }

  get probe(): boolean {
    return this.#permit.probe
  }

  success(...values: [value?: unknown]): void {
    const settled: Settled = { status: 'fulfilled', value: values[0] }
    if (values.length === 0) this.#settle(SUCCESS, settled)
    else this.#judge(settled)
  }

  failure(...errors: [error?: unknown]): void {
    const settled: Settled = { status: 'rejected', reason: errors[0] }
    if (errors.length === 0) this.#settle(FAILURE, settled)
    else this.#judge(settled)
  }

  neutral(): void {
    this.#settle(NEUTRAL, NOTHING)
  }

  cancel(): void {
    this.#settle(CANCELLED, NOTHING)
  }

  readonly #abort = (): void => {
    const { signal } = this.#call
    if (abortedByCaller(signal)) this.cancel()
    else this.#judge({ status: 'rejected', reason: signal?.reason })
  }

  #judge(settled: Settled, timedOut = false): void {
    if (this.#settled) return
    const { classify, signal } = this.#call
    const callerGone = !timedOut && abortedByCaller(signal)
    this.#settle(this.#circuit.classify(settled, { classify, callerGone, timedOut }), settled)
  }

  #settle(classification: Classification, settled: Settled): void {
    if (this.#settled) return
    this.#settled = true
    this.#stopTimer?.()
    this.#call.signal?.removeEventListener('abort', this.#abort)
    this.#circuit.settle(this.#permit, classification, errorOf(settled))
  }
}

const NOTHING: Settled = { status: 'fulfilled', value: undefined }
const FAILURE: Classification = {
  outcome: 'failure',
  failure: { name: 'failure', code: undefined, message: 'reported without an error' },
}

Object.defineProperty(CallPermit.prototype, dispose, {
  value(this: CallPermit) {
    this.cancel()
  },
})

export function createPermit(
  circuit: Circuit,
  held: Held,
  call: AcquireOptions,
  timeout: number | undefined,
): Permit {
  return new CallPermit(circuit, held, call, timeout) as unknown as Permit
}
