import { Rejection } from '../circuit/deferred-rejection.ts'
import type { FailedCall } from '../circuit/rejected-call.ts'
import type { SettleHandlers } from '../circuit/settle-handlers.ts'
import { isThenable } from '../options/validate.ts'
import type { AnyFallback } from '../options.ts'

/**
 * True for `() => …`, which has no way to see the error, so that none needs to be made: 112 ns for a
 * rejected call in place of 466.
 */
function takesNothing(fallback: AnyFallback): boolean {
  let known = seen.get(fallback)
  if (known === undefined) {
    known = /^(async\s*)?\(\s*\)\s*=>/.test(Function.prototype.toString.call(fallback))
    seen.set(fallback, known)
  }
  return known
}

const seen = /* @__PURE__ */ new WeakMap<AnyFallback, boolean>()

/** What to resolve with instead of the error: the fallback's value, or its own failure. */
export function runFallback(
  fallback: AnyFallback,
  failed: FailedCall,
  args: readonly unknown[],
): unknown {
  if (takesNothing(fallback)) return settleWith(fallback as () => unknown, failed)
  const error = failed.createError()
  return settleWith(() => fallback(error, ...args), { createError: () => error })
}

function settleWith(run: () => unknown, failed: FailedCall): unknown {
  try {
    const value = run()
    // Its error is created now: later the circuit may have moved on.
    return isThenable(value) ? explained(value, failed.createError()) : value
  } catch (failure) {
    return new Rejection(withCause(failure, failed.createError()))
  }
}

function explained(value: PromiseLike<unknown>, error: unknown): Promise<unknown> {
  return Promise.resolve(value).catch((failure: unknown) => {
    throw withCause(failure, error)
  })
}

/** The fallback's own failure, saying what it was to replace. */
export function withCause(failure: unknown, original: unknown): unknown {
  try {
    if (isError(failure) && failure !== original && failure.cause === undefined) {
      const descriptor = { value: original, configurable: true, writable: true }
      Object.defineProperty(failure, 'cause', descriptor)
    }
  } catch {
    // Frozen, or a proxy that objects: it is thrown as it is.
  }
  return failure
}

/** Also of another realm. */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

/** Puts the value of a fallback in place of a failure. */
export function withFallback(
  { onFulfilled, onRejected }: SettleHandlers,
  fallback: AnyFallback,
  args: readonly unknown[],
): SettleHandlers {
  return {
    onFulfilled,
    onRejected: (reason, timedOut) => {
      const result = onRejected(reason, timedOut)
      if (!(result instanceof Rejection && result.replaceable)) return result
      return runFallback(fallback, { createError: () => result.error }, args)
    },
  }
}
