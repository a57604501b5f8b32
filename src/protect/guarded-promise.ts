import { isPromise } from '../call/call.ts'
import type { AnyFunction } from '../call/functions.ts'
import { inNextTurn } from '../call/next-turn.ts'
import { isStream, type Source } from '../call/stream-iterators.ts'
import { LEAVING_METHODS } from '../call/stream-proxy.ts'
import { ClientCall } from './client-call.ts'
import type { ReturnProfile } from './client-method.ts'
import { isNativeThen, isPlainPromise, PROMISE_METHODS } from './client-shape.ts'
import type { Originals, Part } from './originals.ts'
import { rejectedResult } from './rejected-result.ts'

/** Returns a promise with the members of the method's own, whose end settles the call. */
export function guardPromise(
  call: ClientCall,
  promise: Promise<unknown>,
  profile?: ReturnProfile,
  originals?: Originals,
): Promise<unknown> {
  if (isPlainPromise(promise)) return call.follow(promise)
  const guarded = new GuardedPromise(call, promise, profile)
  if (guarded.isLazy) originals?.set(guarded.proxy, promise, guarded)
  return guarded.proxy
}

/**
 * A promise with more members than those of the language: methods that read a body, an iterator over
 * pages. The call ends with what the caller takes from it first. Nothing else of it is awaited, so
 * that a failure rejects nothing but what the caller holds.
 */
class GuardedPromise implements Part {
  readonly proxy: Promise<unknown>
  /** Awaiting it has an effect, such as reading a body: it is awaited only when the caller does. */
  readonly isLazy: boolean
  readonly #promise: Promise<unknown>
  readonly #profile: ReturnProfile | undefined
  #call: ClientCall
  #taken = false
  #late = false
  #awaited: Promise<unknown> | undefined

  constructor(call: ClientCall, promise: Promise<unknown>, profile: ReturnProfile | undefined) {
    this.#profile = profile
    this.#call = call
    this.#promise = promise
    this.isLazy = !isNativeThen(promise.then)
    this.proxy = new Proxy(promise, {
      get: (target, key) => {
        if (PROMISE_METHODS.has(key)) {
          return (...args: [never]) => this.#await()[key as 'then'](...args)
        }
        const member: unknown = Reflect.get(target, key, target)
        if (typeof member !== 'function' || key === 'constructor') return member
        return (...args: unknown[]) => this.#use(key, args, () => member.apply(target, args))
      },
    })
    // What is to be a part of another call takes up nothing.
    if (this.isLazy && profile?.isPart) this.onNextTurn()
    else inNextTurn(call.circuit.clock, this)
  }

  pass(): undefined {
    if (this.#taken) return
    if (this.#profile !== undefined) this.#profile.isPart = true
    this.onNextTurn()
  }

  get over(): boolean {
    return this.#taken
  }

  onNextTurn(): void {
    this.#late = true
    // One that is not used would keep the permit.
    if (this.isLazy) this.#call.cancel()
    else void this.#await()
  }

  #await(): Promise<unknown> {
    this.#awaited ??= this.#resume() as Promise<unknown> | undefined
    if (this.#awaited === undefined) {
      const call = this.#take()
      const wait = (): Promise<unknown> =>
        this.isLazy
          ? new Promise((resolve, reject) => void this.#promise.then(resolve, reject))
          : this.#promise
      this.#awaited = call === undefined ? wait() : call.follow(call.run(wait))
    }
    return this.#awaited
  }

  /** Takes a permit for a part that is used by itself, or returns what a rejected call returns. */
  #resume(): unknown {
    const profile = this.#profile
    if (!this.#late || this.#taken || !this.isLazy || !profile?.isPart) return undefined
    const { circuit, args, onSession } = this.#call
    if (onSession && !this.#call.wouldPass) return undefined
    const call = this.#call.again()
    if (typeof call === 'string') return rejectedResult(circuit, call, profile, args, undefined)
    this.#call = call
    this.#late = false
    inNextTurn(circuit.clock, this)
    return undefined
  }

  /** The call that what is taken now belongs to: only the first one has one. */
  #take(): ClientCall | undefined {
    if (this.#taken) return undefined
    this.#taken = true
    return this.#late && this.isLazy ? this.#renew() : this.#call
  }

  /** What is iterated after the end of its call is another one. */
  #takeStream(): ClientCall | undefined {
    return this.#taken && this.#call.settlement.settled ? this.#renew() : this.#take()
  }

  #renew(): ClientCall | undefined {
    const call = this.#call.wouldPass && this.#call.again()
    if (!(call instanceof ClientCall)) return undefined
    this.#call = call
    return call
  }

  #use(key: PropertyKey, args: unknown[], run: () => unknown): unknown {
    const rejected = LEAVING_METHODS.has(key) ? undefined : this.#resume()
    if (rejected !== undefined)
      return (rejected as Record<PropertyKey, AnyFunction>)[key]?.(...args)
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
