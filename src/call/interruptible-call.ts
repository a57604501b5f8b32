import type { Circuit } from '../circuit/circuit.ts'
import type { SettleHandlers } from '../circuit/settle-handlers.ts'
import { CallTimeoutError } from '../errors.ts'
import { follow } from './follow.ts'
import { startTimeout, stopTimeout, type TimeoutEntry, type TimeoutQueue } from './timeout-queue.ts'

/** What the caller may end a call by, and what tells its action so. */
export interface Interruption {
  readonly signal: AbortSignal | undefined
  readonly controller: AbortController
}

/**
 * A call that ends when its action does, on its timeout, or on an abort by the caller, whichever
 * comes first. What comes later does nothing.
 */
export class InterruptibleCall implements TimeoutEntry {
  deadline = 0
  previous: TimeoutEntry | undefined = undefined
  next: TimeoutEntry | undefined = undefined
  queue: TimeoutQueue | undefined = undefined
  /** Resolves what the caller holds; undefined when the call has ended. */
  #resolve: ((result: unknown) => void) | undefined = undefined
  #stopListening: (() => void) | undefined = undefined
  readonly #circuit: Circuit
  readonly #handlers: SettleHandlers
  readonly #interruption: Interruption | undefined

  constructor(circuit: Circuit, handlers: SettleHandlers, interruption?: Interruption) {
    this.#circuit = circuit
    this.#handlers = handlers
    this.#interruption = interruption
  }

  /** Runs the action, unless the caller has aborted already. */
  run(timeout: number | undefined, action: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      if (timeout !== undefined) startTimeout(this.#circuit.clock, timeout, this)
      this.#listen(this.#interruption?.signal)
      // A listener may have aborted it while the call was admitted.
      if (this.#resolve === undefined) return
      let result: unknown
      try {
        result = action()
      } catch (error) {
        resolve(this.#onRejected(error))
        return
      }
      // By these very functions: engines follow them to the frames of the caller.
      follow(this.#onFulfilled, this.#onRejected, result).then(resolve, reject)
    })
  }

  #listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const abort = (): void => {
      this.#interrupt(signal.reason, false)
    }
    signal.addEventListener('abort', abort, { once: true })
    this.#stopListening = () => signal.removeEventListener('abort', abort)
    if (signal.aborted) abort()
  }

  readonly #onFulfilled = (value: unknown): unknown =>
    this.#end() === undefined ? undefined : this.#handlers.onFulfilled(value)

  readonly #onRejected = (reason: unknown): unknown =>
    this.#end() === undefined ? undefined : this.#handlers.onRejected(reason)

  #end(): ((result: unknown) => void) | undefined {
    const resolve = this.#resolve
    this.#resolve = undefined
    stopTimeout(this)
    this.#stopListening?.()
    return resolve
  }

  /** Called when its time is up. */
  expire(timeout: number): void {
    this.#interrupt(new CallTimeoutError(this.#circuit.name, timeout), true)
  }

  /** Ends the call before its action does, then tells the action. */
  #interrupt(reason: unknown, timedOut: boolean): void {
    const resolve = this.#end()
    if (resolve === undefined) return
    const result = this.#handlers.onRejected(reason, timedOut)
    this.#interruption?.controller.abort(reason)
    resolve(result)
  }
}
