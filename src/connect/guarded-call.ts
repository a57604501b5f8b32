import { Code, ConnectError, type StreamResponse, type UnaryResponse } from '@connectrpc/connect'
import type { CircuitOpenError, Permit } from '../index.ts'
import { read } from '../outcomes/classifier.ts'
import { type AdmittedCall, GuardedMessages } from './guarded-messages.ts'

type Response = UnaryResponse | StreamResponse

/** One call that was admitted. */
export class GuardedCall implements AdmittedCall {
  /** Ends the call on the wire: by its caller, or when its time is up. */
  readonly signal: AbortSignal
  readonly permit: Permit
  readonly #controller = new AbortController()
  /** Rejects when the time is up: what is below may not listen to the signal. */
  readonly #timeout: Promise<never>
  #giveUp: (error: ConnectError) => void = () => {}

  constructor(permit: Permit, caller: AbortSignal) {
    this.permit = permit
    this.signal = this.#controller.signal
    this.#timeout = new Promise((_, reject) => {
      this.#giveUp = reject
    })
    this.#timeout.catch(() => {})
    permit.signal.addEventListener('abort', this.#onTimeout)
    // Connect aborts it as well when a call is over, whose permit is settled by then.
    caller.addEventListener('abort', () => {
      if (isDeadline(caller.reason)) permit.failure(caller.reason)
      else permit.cancel()
      this.#controller.abort(caller.reason)
    })
  }

  readonly #onTimeout = (): void => {
    const { reason } = this.permit.signal
    const error = new ConnectError(reason.message, Code.DeadlineExceeded, {}, [], reason)
    this.#giveUp(error)
    this.#controller.abort(error)
  }

  /** From now on the permit may not refer to this, so that it is noticed when a stream is dropped. */
  deliver(): void {
    this.permit.deliver()
    this.permit.signal.removeEventListener('abort', this.#onTimeout)
  }

  async follow(send: () => Promise<Response>): Promise<Response> {
    try {
      const response = await this.untilTimeout(send())
      if (response.stream) return { ...response, message: new GuardedMessages(response, this) }
      this.permit.success(response.message)
      return response
    } catch (error) {
      this.permit.failure(error)
      throw error
    }
  }

  untilTimeout<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#timeout])
  }
}

/** By `timeoutMs` or `AbortSignal.timeout`. */
function isDeadline(reason: unknown): boolean {
  return read(reason, 'name') === 'TimeoutError' || read(reason, 'code') === Code.DeadlineExceeded
}

/** The error of a call that was rejected. */
export function unavailable(error: CircuitOpenError): ConnectError {
  const { message, headers = {} } = error
  return new ConnectError(message, Code.Unavailable, headers, [], error)
}
