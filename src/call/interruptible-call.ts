import type { Circuit } from '../circuit/circuit.ts'
import type { SettleHandlers } from '../circuit/settle-handlers.ts'
import { CallTimeoutError } from '../errors.ts'
import type { AbortListener } from './abort-listeners.ts'
import type { CallSignal } from './call-signal.ts'
import { follow } from './follow.ts'
import { startTimeout, stopTimeout, type TimeoutEntry, type TimeoutQueue } from './timeout-queue.ts'

/**
 * A call that ends when its action does, on its timeout, or on an abort by the caller, whichever
 * comes first. What comes later does nothing.
 */
export class InterruptibleCall implements TimeoutEntry, AbortListener {
  deadline = 0
  previous: TimeoutEntry | undefined = undefined
  next: TimeoutEntry | undefined = undefined
  queue: TimeoutQueue | undefined = undefined
  /** Resolves what the caller holds; undefined when the call has ended. */
  #resolve: ((result: unknown) => void) | undefined = undefined
  /** Called when an action ends whose call has timed out before. */
  #ended: (() => void) | undefined = undefined
  readonly #circuit: Circuit
  readonly #handlers: SettleHandlers
  readonly #own: CallSignal | undefined

  /** `own` is the signal that its action sees. */
  constructor(circuit: Circuit, handlers: SettleHandlers, own?: CallSignal) {
    this.#circuit = circuit
    this.#handlers = handlers
    this.#own = own
  }

  /**
   * Runs the action, unless the caller has aborted already. With `leaves`, an abort by the caller ends
   * the call at once; otherwise the action decides what follows from it.
   */
  run(timeout: number | undefined, action: () => unknown, leaves = false): Promise<unknown> {
    const ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      let result: unknown
      try {
        if (timeout !== undefined) startTimeout(this.#circuit.clock, timeout, this)
        if (leaves) this.#own?.follow(this)
        // A listener may have aborted it while the call was admitted.
        if (this.#resolve === undefined) return
        result = action()
      } catch (error) {
        resolve(this.#onRejected(error))
        return
      }
      // By these very functions: engines follow them to the frames of the caller.
      follow(this.#onFulfilled, this.#onRejected, result).then(resolve, reject)
    })
    if (timeout === undefined) return ended
    // What runs because the time is up must do so in the async context of this call, whatever timer
    // it is. A reaction runs in the context in which it was attached.
    return ended.then((result) => {
      if (result !== this) return result
      return this.#stop(new CallTimeoutError(this.#circuit.name, timeout), true)
    })
  }

  onAbort(reason: unknown): void {
    this.#end()?.(this.#stop(reason, false))
  }

  readonly #onFulfilled = (value: unknown): unknown =>
    this.#end() === undefined ? this.#ended?.() : this.#handlers.onFulfilled(value)

  readonly #onRejected = (reason: unknown): unknown =>
    this.#end() === undefined ? this.#ended?.() : this.#handlers.onRejected(reason)

  #end(): ((result: unknown) => void) | undefined {
    const resolve = this.#resolve
    this.#resolve = undefined
    stopTimeout(this)
    return resolve
  }

  /** Called when its time is up. */
  expire(): void {
    this.#ended = this.#circuit.abandon()
    this.#end()?.(this)
  }

  /** Settles a call that has ended before its action does, then tells the action. */
  #stop(reason: unknown, timedOut: boolean): unknown {
    const result = this.#handlers.onRejected(reason, timedOut)
    this.#own?.abort(reason)
    return result
  }
}
