import type { StreamResponse } from '@connectrpc/connect'
import { inNextTurn } from '../adapter/next-turn.ts'
import type { Permit } from '../index.ts'

/** Returns the permits of calls whose responses were dropped before their end, where the runtime tells. */
const droppedMessages =
  typeof FinalizationRegistry === 'function'
    ? /* @__PURE__ */ new FinalizationRegistry<Permit>((permit) => permit.cancel())
    : undefined

/** The call that the responses are of. */
export interface AdmittedCall {
  readonly permit: Permit
  /** The first response is there. */
  deliver(): void
  /** Rejects earlier if the time is up. */
  untilTimeout<T>(promise: Promise<T>): Promise<T>
}

/** The responses of one call, as they are read. */
export class GuardedMessages<T> implements AsyncIterableIterator<T> {
  readonly #source: AsyncIterator<T>
  readonly #call: AdmittedCall
  /** Whether there may be many. */
  readonly #many: boolean
  /** Asked for ahead, because it shows that the server answers, also to a caller that reads late or never. */
  #first: Promise<IteratorResult<T>> | undefined = undefined
  #delivered = false
  /** The only one. */
  #response: { readonly message: T } | undefined = undefined

  constructor(
    { message, method }: { message: AsyncIterable<T>; method: StreamResponse['method'] },
    call: AdmittedCall,
  ) {
    this.#source = message[Symbol.asyncIterator]()
    this.#call = call
    this.#many = method.methodKind !== 'client_streaming'
    if (!this.#many) return
    this.#first = this.#read()
    this.#first.catch(() => {})
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T>> {
    const first = this.#first
    this.#first = undefined
    return first ?? this.#read()
  }

  async #read(): Promise<IteratorResult<T>> {
    const { permit } = this.#call
    try {
      const next = this.#source.next()
      const result = await (this.#delivered ? next : this.#call.untilTimeout(next))
      if (result.done !== true) this.#receive(result.value)
      else if (this.#response === undefined) permit.success()
      else permit.success(this.#response.message)
      return result
    } catch (error) {
      permit.failure(error)
      throw error
    }
  }

  #receive(message: T): void {
    if (!this.#many) this.#response = { message }
    else if (!this.#delivered) {
      this.#delivered = true
      this.#call.deliver()
      droppedMessages?.register(this, this.#call.permit)
      // A caller who has not begun to read a turn later may never do so.
      inNextTurn(() => {
        if (this.#first !== undefined) this.#call.permit.success()
      })
    }
  }

  async return(value?: unknown): Promise<IteratorResult<T>> {
    this.#call.permit.cancel()
    await this.#source.return?.(value)
    return { done: true, value }
  }

  async throw(error: unknown): Promise<IteratorResult<T>> {
    this.#call.permit.cancel()
    await this.#source.throw?.(error)
    throw error
  }
}
