import { rejectWith } from '../circuit/deferred-rejection.ts'
import type { AnyFunction } from './functions.ts'

/** Reports the end of `result` to the handlers and returns what the caller gets. */
export function follow(
  onFulfilled: (value: unknown) => unknown,
  onRejected: (reason: unknown) => unknown,
  result: unknown,
): Promise<unknown> {
  const promise = isNativePromise(result) ? result : adopt(result)
  return promise.then(onFulfilled, onRejected)
}

/** For a foreign promise, which may have a `then` that throws, or calls back twice. */
function adopt(result: unknown): Promise<unknown> {
  return new Promise((resolve) => {
    resolve(result)
  })
}

/** True for a promise whose `then` is that of the language, with no more than its own microtask. */
function isNativePromise(value: unknown): value is Promise<unknown> {
  if (typeof value !== 'object' || value === null) return false
  try {
    return value.constructor === Promise && (value as Promise<unknown>).then === nativeThen
  } catch {
    // A proxy whose traps throw.
    return false
  }
}

const nativeThen = /* @__PURE__ */ (() => Promise.prototype.then)()

/** What the function returns; a rejected promise if it throws. */
export function invoke(fn: AnyFunction, self: unknown, args: readonly unknown[]): unknown {
  try {
    return fn.apply(self, args as unknown[])
  } catch (error) {
    return rejectWith(error)
  }
}
