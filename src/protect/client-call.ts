import { callerSignal } from '../call/caller-signal.ts'
import { withFallback } from '../call/fallback.ts'
import { follow } from '../call/follow.ts'
import { InterruptibleCall } from '../call/interruptible-call.ts'
import { Settlement } from '../call/settlement.ts'
import { StreamCall } from '../call/stream.ts'
import { isStream, iteratorOf } from '../call/stream-iterators.ts'
import type { Circuit } from '../circuit/circuit.ts'
import type { SettleHandlers } from '../circuit/settle-handlers.ts'
import { CANCELLED } from '../core/outcome.ts'
import type { Permit, SharedPermit } from '../core/permit.ts'

/** One call of a client's method, under a permit. */
export class ClientCall {
  readonly #circuit: Circuit
  readonly #settlement: Settlement
  /** What the end of its promise is reported to. */
  readonly handlers: SettleHandlers

  /** `reveal` returns what the caller sees of a value. */
  constructor(
    circuit: Circuit,
    permit: Permit | SharedPermit,
    args: readonly unknown[],
    reveal: (value: unknown) => unknown,
  ) {
    const { fallback } = circuit.options
    const settlement = new Settlement(circuit, permit, callerSignal(args))
    const handlers: SettleHandlers = {
      // A stream goes on holding the permit.
      onFulfilled: (value) =>
        isStream(value)
          ? new StreamCall(circuit, args).adopt(settlement, value)
          : reveal(settlement.onFulfilled(value)),
      onRejected: settlement.onRejected,
    }
    this.#circuit = circuit
    this.#settlement = settlement
    this.handlers = fallback === undefined ? handlers : withFallback(handlers, fallback, args)
  }

  /** Gives the permit back without evidence. */
  cancel(): void {
    this.#settlement.settleAs(CANCELLED)
  }

  /** What stands for the promise that the method gave: with the same members, but followed. */
  guard(promise: Promise<unknown>): Promise<unknown> {
    if (promise.then !== Promise.prototype.then) return this.#guardLazily(promise)
    const followed = this.#follow(promise)
    return isPlain(promise)
      ? followed
      : dressedPromise(
          promise,
          () => followed,
          (value) => value,
        )
  }

  #follow(promise: Promise<unknown>): Promise<unknown> {
    const { callTimeout } = this.#circuit.options
    const { onFulfilled, onRejected } = this.handlers
    if (callTimeout === undefined) return follow(onFulfilled, onRejected, promise)
    return new InterruptibleCall(this.#circuit, this.handlers).run(callTimeout, () => promise)
  }

  /**
   * A promise that does more when it is waited for, such as reading a body: it is not waited for
   * before the caller does. How the first thing ends that the caller asks of it, the call ends.
   */
  #guardLazily(promise: Promise<unknown>): Promise<unknown> {
    let asked = false
    const first = (value: Promise<unknown>): Promise<unknown> => {
      if (asked) return value
      asked = true
      return this.#follow(value)
    }
    let followed: Promise<unknown> | undefined
    const then = (): Promise<unknown> => {
      followed ??= first(new Promise((resolve, reject) => void promise.then(resolve, reject)))
      return followed
    }
    // Nobody may ever ask; then there is no evidence either.
    this.#circuit.clock.setTimer(0, () => {
      if (!asked) this.cancel()
      asked = true
    })
    return dressedPromise(promise, then, (value) =>
      value instanceof Promise ? first(value) : value,
    )
  }
}

/** True for a promise that can do no more than any. */
export function isPlain(promise: Promise<unknown>): boolean {
  return (
    Object.getPrototypeOf(promise) === Promise.prototype && Reflect.ownKeys(promise).length === 0
  )
}

const WAITING: ReadonlySet<PropertyKey> = new Set(['then', 'catch', 'finally'])

/** The promise itself, but waiting for it is waiting for the guarded one. */
function dressedPromise(
  promise: Promise<unknown>,
  guarded: () => Promise<unknown>,
  seen: (value: unknown) => unknown,
): Promise<unknown> {
  return new Proxy(promise, {
    get: (target, key) => {
      if (WAITING.has(key)) {
        return (...args: [never]) => guarded()[key as 'then'](...args)
      }
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function' || key === 'constructor') return value
      return (...args: unknown[]) => seen(value.apply(target, args))
    },
  })
}

/**
 * What a refused call gives when it is not known to give a plain promise: a promise that can be
 * iterated as well, and that has the methods of `shape`, which give it again. Listeners for errors
 * hear of the refusal.
 */
export function refusedAs(promise: Promise<unknown>, shape: object | null): Promise<unknown> {
  const error = (): unknown => new TypeError('the fallback gave no async iterable')
  const iterable = Object.assign(promise.then(), {
    [Symbol.asyncIterator]: () => iteratorOf(promise, error),
  })
  // Whoever uses it in another way never looks at the promise.
  iterable.catch(() => {})
  if (shape === null || shape === Promise.prototype) return iterable
  const refused: Promise<unknown> = new Proxy(iterable, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value === 'function') return key === 'constructor' ? value : value.bind(target)
      if (value !== undefined || !isMethod(shape, key)) return value
      return (event: unknown, listener: unknown) => {
        if (event === 'error' && typeof listener === 'function')
          void promise.catch(listener as never)
        return refused
      }
    },
  })
  return refused
}

/** Looks without running a getter. */
function isMethod(shape: object, key: PropertyKey): boolean {
  for (let value: object | null = shape; value !== null; value = Object.getPrototypeOf(value)) {
    const own = Object.getOwnPropertyDescriptor(value, key)
    if (own !== undefined) return typeof own.value === 'function'
  }
  return false
}
