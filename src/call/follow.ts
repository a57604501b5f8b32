import type { SettleHandlers } from '../circuit/settle-handlers.ts'
import type { AnyFunction } from './functions.ts'

/** Runs a function, reports how it ended to the handlers, and returns what the caller gets. */
export function invoke(
  { onFulfilled, onRejected }: SettleHandlers,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
): Promise<unknown> {
  let result: unknown
  try {
    result = fn.apply(self, args as unknown[])
  } catch (error) {
    return Promise.resolve(onRejected(error))
  }
  return follow(onFulfilled, onRejected, result)
}

/** Reports the end of `result` to the handlers, and returns what the caller gets. */
export function follow(
  onFulfilled: (value: unknown) => unknown,
  onRejected: (reason: unknown) => unknown,
  result: unknown,
): Promise<unknown> {
  try {
    return (isNativePromise(result) ? result : adopt(result)).then(onFulfilled, onRejected)
  } catch (error) {
    // A proxy of a promise has a `then` that throws, or it is nothing to wait for.
    return Promise.resolve(onRejected(error))
  }
}

/** Of RxJS, of the proposal, and of their relatives. */
export function isObservable(value: unknown): value is { subscribe(...args: unknown[]): unknown } {
  if (typeof value !== 'object' || value === null) return false
  const { subscribe, pipe, '@@observable': own = pipe } = value as Record<string, unknown>
  return typeof subscribe === 'function' && typeof own === 'function'
}

/** For a foreign promise, whose `then` may throw, or call back twice. */
function adopt(result: unknown): Promise<unknown> {
  // It would be a success before anything has run.
  if (isObservable(result)) {
    throw new TypeError('an observable was returned: protect its client, or return a promise')
  }
  return new Promise((resolve) => {
    resolve(result)
  })
}

const nativeThen = /* @__PURE__ */ (() => Promise.prototype.then)()

/** True for a promise whose `then` is that of the language, with no more than its own microtask. */
function isNativePromise(value: unknown): value is Promise<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return value.constructor === Promise && (value as Promise<unknown>).then === nativeThen
}
