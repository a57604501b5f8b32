import { ownSignal } from '../call/call-signal.ts'
import { callerSignal, replaceSignal } from '../call/caller-signal.ts'
import { withFallback } from '../call/fallback.ts'
import { follow } from '../call/follow.ts'
import { GuardedStream } from '../call/guarded-stream.ts'
import { InterruptibleCall } from '../call/interruptible-call.ts'
import { Settlement } from '../call/settlement.ts'
import { isStream, iteratorOf } from '../call/stream-iterators.ts'
import type { Circuit } from '../circuit/circuit.ts'
import { runInContext } from '../circuit/probe-context.ts'
import type { FailedCall } from '../circuit/rejected-call.ts'
import type { AdmittedPermit, SettleHandlers } from '../circuit/settle-handlers.ts'
import { CANCELLED } from '../core/outcome.ts'
import { hasMethod, isPlainPromise, PROMISE_METHODS } from './client-shape.ts'

/** One admitted call of a client's method. */
export class ClientCall {
  readonly #circuit: Circuit
  readonly #settlement: Settlement
  readonly #timeout: number | undefined
  readonly handlers: SettleHandlers
  /** With the signal of the call in place of its caller's. */
  readonly #args: readonly unknown[]

  /** `proxyOf` returns what the caller receives in place of a value. */
  constructor(
    circuit: Circuit,
    permit: AdmittedPermit,
    args: readonly unknown[],
    proxyOf: (value: unknown) => unknown,
  ) {
    const { callTimeout, fallback } = circuit.options
    const timeout = circuit.timeLimit(permit, callTimeout)
    const signal = callerSignal(args)
    const own = ownSignal(signal, timeout)
    const settlement = new Settlement(circuit, permit, signal, undefined, own)
    const handlers: SettleHandlers = {
      // The call of a stream ends with its iteration, so the stream takes the permit over.
      onFulfilled: (value) =>
        isStream(value)
          ? new GuardedStream(circuit, settlement).handOut(value)
          : proxyOf(settlement.onFulfilled(value)),
      onRejected: settlement.onRejected,
    }
    this.#circuit = circuit
    this.#settlement = settlement
    this.#args = replaceSignal(args, own)
    this.#timeout = timeout
    this.handlers = fallback === undefined ? handlers : withFallback(handlers, fallback, args)
  }

  /** Calls the method. */
  run(fn: (args: readonly unknown[]) => unknown): unknown {
    return runInContext(this.#circuit, this.#settlement.permit, () => fn(this.#args))
  }

  /** Returns the permit without evidence. */
  cancel(): void {
    this.#settlement.settleAs(CANCELLED)
  }

  /** Returns a promise with the members of the method's own, whose end settles the call. */
  guard(promise: Promise<unknown>): Promise<unknown> {
    if (promise.then !== Promise.prototype.then) return this.#guardLazily(promise)
    const followed = this.#follow(promise)
    return isPlainPromise(promise)
      ? followed
      : proxyPromise(
          promise,
          () => followed,
          (value) => value,
        )
  }

  #follow(promise: Promise<unknown>): Promise<unknown> {
    const { onFulfilled, onRejected } = this.handlers
    const timeout = this.#timeout
    if (timeout === undefined) return follow(onFulfilled, onRejected, promise)
    const call = new InterruptibleCall(this.#circuit, this.handlers, this.#settlement.own)
    return call.run(timeout, () => promise)
  }

  /**
   * For a promise with a `then` of its class: awaiting it has an effect, such as reading a body, so
   * it must not be awaited before the caller does. The call ends with the first promise that the
   * caller takes from it, be it by `then` or by another method.
   */
  #guardLazily(promise: Promise<unknown>): Promise<unknown> {
    let used = false
    const followFirst = (taken: Promise<unknown>): Promise<unknown> => {
      if (used) return taken
      used = true
      return this.#follow(taken)
    }
    let followed: Promise<unknown> | undefined
    const awaited = (): Promise<unknown> => {
      followed ??= followFirst(new Promise((resolve, reject) => void promise.then(resolve, reject)))
      return followed
    }
    // A promise that the caller ignores never ends, and would keep the permit.
    this.#circuit.clock.setTimer(0, () => {
      if (!used) this.cancel()
      used = true
    })
    return proxyPromise(promise, awaited, (result) =>
      result instanceof Promise ? followFirst(result) : result,
    )
  }
}

/**
 * The promise with all of its members, except that awaiting it awaits `awaited()`, and that its
 * other methods return `resultOf` what they return.
 */
function proxyPromise(
  promise: Promise<unknown>,
  awaited: () => Promise<unknown>,
  resultOf: (result: unknown) => unknown,
): Promise<unknown> {
  return new Proxy(promise, {
    get: (target, key) => {
      if (PROMISE_METHODS.has(key)) {
        return (...args: [never]) => awaited()[key as 'then'](...args)
      }
      const member: unknown = Reflect.get(target, key, target)
      if (typeof member !== 'function' || key === 'constructor') return member
      return (...args: unknown[]) => resultOf(member.apply(target, args))
    },
  })
}

export const noStream: FailedCall = {
  createError: () => new TypeError('the fallback did not return an async iterable'),
}

/**
 * What a rejected call returns where the method does not return plain promises: a promise that can
 * be iterated too, and that has the methods of `prototype`. They return the same promise, and a
 * listener for `error` receives the rejection.
 */
export function rejectionLike(
  promise: Promise<unknown>,
  prototype: object | null,
): Promise<unknown> {
  const iterable = Object.assign(promise.then(), {
    [Symbol.asyncIterator]: () => iteratorOf(promise, noStream),
  })
  // Callers that iterate it or listen to it do not handle the promise's rejection.
  iterable.catch(() => {})
  if (prototype === null || prototype === Promise.prototype) return iterable
  const rejection: Promise<unknown> = new Proxy(iterable, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key, target)
      if (typeof member === 'function') return key === 'constructor' ? member : member.bind(target)
      if (member !== undefined || !hasMethod(prototype, key)) return member
      return (event: unknown, listener: unknown) => {
        if (event === 'error' && typeof listener === 'function')
          void promise.catch(listener as never)
        return rejection
      }
    },
  })
  return rejection
}
