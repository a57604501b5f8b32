import { isPromise } from '../call/call.ts'
import { type AnyFunction, tagOf } from '../call/functions.ts'
import { LEAVING_METHODS } from '../call/stream-proxy.ts'
import { timeLimit } from '../call/timeout-queue.ts'
import type { Circuit } from '../circuit/circuit.ts'
import { CallTimeoutError } from '../errors.ts'
import type { ClientCall } from './client-call.ts'
import type { ReturnProfile } from './client-method.ts'
import { isObject, isPlainPromise, mayCallTarget } from './client-shape.ts'

/** Whether a function that a method takes may be called with an error: an action is not to be. */
export function isCallback(fn: unknown): fn is AnyFunction {
  return typeof fn === 'function' && tagOf(fn as AnyFunction) === 'Function' && fn.length > 1
}

/** Calls back what a rejected call ends with. */
export function rejectCallback(rejection: Promise<unknown>, callback: AnyFunction): void {
  // Outside of the promise: what a callback throws is no rejection.
  rejection.then(
    (value) => queueMicrotask(() => callback(null, value)),
    (error) => queueMicrotask(() => callback(error)),
  )
}

/** Takes the proxy by which the client has a function. */
interface KeptFunctions {
  readonly keep: (fn: AnyFunction, proxy: AnyFunction) => void
}

/** A call whose method takes a callback, which settles it unless the method returns a promise. */
export class CallbackCall {
  readonly #callback: AnyFunction
  readonly #circuit: Circuit
  readonly #call: ClientCall
  readonly #original: AnyFunction
  /** What it was called back with before its method returned. */
  #early: readonly unknown[] | undefined
  #state: 'starting' | 'waiting' | 'besides' | 'over' = 'starting'
  #timedOut = false
  #called = false
  #profile: ReturnProfile | undefined
  #stopTimer: (() => void) | undefined

  constructor(circuit: Circuit, call: ClientCall, original: AnyFunction) {
    this.#circuit = circuit
    this.#call = call
    this.#original = original
    this.#callback = new Proxy(original, {
      apply: (target, self, args) => {
        if (this.#timedOut) return undefined
        this.#called = true
        // An action gets what the client passes to it: its transaction is one call.
        const isAction = this.#state !== 'waiting' && !isCallback(original)
        if (this.#state === 'waiting') this.#settle(args)
        else if (this.#state === 'besides') this.#hear(args)
        else if (this.#state === 'starting') this.#early ??= args
        return Reflect.apply(target, self, isAction ? args : args.map((arg) => call.proxyOf(arg)))
      },
    })
  }

  /** The arguments of the method, with what notices when it is called back. */
  replace(args: readonly unknown[]): readonly unknown[] {
    return [...args.slice(0, -1), this.#callback]
  }

  /**
   * The method returned a promise, whose end the function does not tell: it may be an action. But some
   * promises are fulfilled once the callback has got the error. What has not been called by then is a
   * listener, which the client must get again to remove it.
   */
  awaitBesides(profile: ReturnProfile, result: unknown, { keep }: KeptFunctions): void {
    this.#state = 'besides'
    this.#profile = profile
    if (this.#early !== undefined) this.#hear(this.#early)
    if (!isPromise(result) || !isPlainPromise(result)) return
    const onFulfilled = (): void => {
      if (!this.#called) keep(this.#original, this.#callback)
    }
    result.then(onFulfilled, () => {})
  }

  /** Takes what the caller receives for the promise: a callback does not handle it. */
  handOut(guarded: unknown): void {
    if (!isPromise(guarded) || !isPlainPromise(guarded)) return
    guarded.catch((reason: unknown) => {
      if (this.#called || !(reason instanceof CallTimeoutError)) return
      this.#timedOut = true
      queueMicrotask(() => this.#original(reason))
    })
  }

  #hear(args: readonly unknown[]): void {
    const failed = isError(args[0])
    if (failed) this.#call.handlers.onRejected(args[0])
    // No action gets what only a callback does.
    if (failed || (args.length > 1 && (args[0] ?? undefined) === undefined)) {
      ;(this.#profile as ReturnProfile).callsBack = true
    }
  }

  /** What the caller receives in place of what the method returned. */
  await(result: unknown): unknown {
    this.#state = 'waiting'
    if (this.#early !== undefined) this.#settle(this.#early)
    else this.#limit()
    return isObject(result) && mayCallTarget(result) ? this.#proxy(result) : result
  }

  #settle([error]: readonly unknown[]): void {
    this.#state = 'over'
    this.#stopTimer?.()
    const { onFulfilled, onRejected } = this.#call.handlers
    if (isError(error)) onRejected(error)
    else onFulfilled(undefined)
  }

  #limit(): void {
    const { timeout } = this.#call
    if (timeout === undefined) return
    const { clock, name } = this.#circuit
    this.#stopTimer = timeLimit(clock, timeout, () => {
      const error = new CallTimeoutError(name, timeout)
      this.#state = 'over'
      this.#timedOut = true
      this.#call.settlement.onRejected(error, true)
      this.#call.abort(error)
      this.#original(error)
    })
  }

  /** Notices that the caller cancels the call. */
  #proxy(result: object): object {
    const proxy: object = new Proxy(result, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target)
        if (typeof member !== 'function' || key === 'constructor') return member
        return (...args: unknown[]) => {
          if (LEAVING_METHODS.has(key)) this.#call.settlement.leave()
          const returned = Reflect.apply(member, target, args)
          return returned === target ? proxy : returned
        }
      },
    })
    return proxy
  }
}

/** A response that is the only argument is none. */
export function isError(value: unknown): boolean {
  if (value instanceof Error) return true
  return Object.prototype.toString.call(value) === '[object Error]'
}
