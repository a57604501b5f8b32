import { isPromise } from '../call/call.ts'
import { inNextTurn } from '../call/next-turn.ts'
import { isStream, type Source } from '../call/stream-iterators.ts'
import { LEAVING_METHODS } from '../call/stream-proxy.ts'
import type { ClientCall } from './client-call.ts'
import { isNativeThen, isPlainPromise, PROMISE_METHODS } from './client-shape.ts'

/** Returns a promise with the members of the method's own, whose end settles the call. */
export function guardPromise(call: ClientCall, promise: Promise<unknown>): Promise<unknown> {
  return isPlainPromise(promise) ? call.follow(promise) : new GuardedPromise(call, promise).proxy
}

/**
 * A promise with more members than those of the language: methods that read a body, an iterator over
 * pages. The call ends with what the caller takes from it first. Nothing else of it is awaited, so
 * that a failure rejects nothing but what the caller holds.
 */
class GuardedPromise {
  readonly proxy: Promise<unknown>
  readonly #promise: Promise<unknown>
  /** Awaiting it has an effect, such as reading a body: it is awaited only when the caller does. */
  readonly #isLazy: boolean
  #call: ClientCall
  #taken = false
  #late = false
  #awaited: Promise<unknown> | undefined

  constructor(call: ClientCall, promise: Promise<unknown>) {
    this.#call = call
    this.#promise = promise
    this.#isLazy = !isNativeThen(promise.then)
    this.proxy = new Proxy(promise, {
      get: (target, key) => {
        if (PROMISE_METHODS.has(key)) {
          return (...args: [never]) => this.#await()[key as 'then'](...args)
        }
        const member: unknown = Reflect.get(target, key, target)
        if (typeof member !== 'function' || key === 'constructor') return member
        return (...args: unknown[]) => this.#use(key, () => member.apply(target, args))
      },
    })
    inNextTurn(call.clock, this)
  }

  get over(): boolean {
    return this.#taken
  }

  onNextTurn(): void {
    this.#late = true
    // One that is not used would keep the permit.
    if (this.#isLazy) this.#call.cancel()
    else void this.#await()
  }

  #await(): Promise<unknown> {
    if (this.#awaited === undefined) {
      const call = this.#take()
      const wait = (): Promise<unknown> =>
        this.#isLazy
          ? new Promise((resolve, reject) => void this.#promise.then(resolve, reject))
          : this.#promise
      this.#awaited = call === undefined ? wait() : call.follow(call.run(wait))
    }
    return this.#awaited
  }

  /** The call that what is taken now belongs to: only the first one has one. */
  #take(): ClientCall | undefined {
    if (this.#taken) return undefined
    this.#taken = true
    return this.#late && this.#isLazy ? this.#renew() : this.#call
  }

  /** What is iterated after the end of its call is another one. */
  #takeStream(): ClientCall | undefined {
    return this.#taken && this.#call.settlement.settled ? this.#renew() : this.#take()
  }

  #renew(): ClientCall | undefined {
    const call = this.#call.again()
    if (call !== undefined) this.#call = call
    return call
  }

  #use(key: PropertyKey, run: () => unknown): unknown {
    // The caller handles what this method returns; the promise itself is not handled.
    this.#awaited?.catch(() => {})
    if (key === Symbol.asyncIterator) {
      const call = this.#takeStream()
      return call === undefined ? run() : call.iterate({ [Symbol.asyncIterator]: run } as Source)
    }
    if (LEAVING_METHODS.has(key)) this.#call.settlement.leave()
    const result = run()
    if (result === this.#promise) return this.proxy
    if (isPromise(result)) {
      const call = this.#take()
      return call === undefined ? result : guardPromise(call, result)
    }
    if (isStream(result)) return this.#takeStream()?.handOut(result) ?? result
    return result
  }
}
