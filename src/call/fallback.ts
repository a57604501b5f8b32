import type { Circuit } from '../circuit/circuit.ts'
import { Rejection } from '../circuit/deferred-rejection.ts'
import { publish } from '../circuit/publish.ts'
import type { FailedCall } from '../circuit/rejected-call.ts'
import type { SettleHandlers } from '../circuit/settle-handlers.ts'
import { isDisabled } from '../core/state/override.ts'
import { findCause } from '../errors.ts'
import { isThenable } from '../options/validate.ts'
import type { AnyFallback } from '../options.ts'

/**
 * True for `() => …`, which has no way to see the error, so that none needs to be made: 112 ns for a
 * rejected call in place of 466. Kept beside the circuit: a WeakMap of functions takes 6 ns more.
 */
function takesNothing(circuit: Circuit, fallback: AnyFallback): boolean {
  let known = circuit.lastFallback
  if (known?.fallback !== fallback) {
    const text = Function.prototype.toString.call(fallback)
    known = { fallback, takesNothing: /^(async\s*)?\(\s*\)\s*=>/.test(text) }
    circuit.lastFallback = known
  }
  return known.takesNothing
}

/** What to resolve with instead of the error: the fallback's value, or its own failure. */
export function runFallback(
  circuit: Circuit,
  fallback: AnyFallback,
  failed: FailedCall,
  args: readonly unknown[],
): unknown {
  if (takesNothing(circuit, fallback)) return settleWith(circuit, fallback as () => unknown, failed)
  return runWithError(circuit, fallback, failed.createError(), args)
}

/** Apart, because a closure makes each call pay for what it refers to. */
function runWithError(
  circuit: Circuit,
  fallback: AnyFallback,
  error: unknown,
  args: readonly unknown[],
): unknown {
  return settleWith(circuit, () => fallback(error, ...args), { createError: () => error })
}

function settleWith(circuit: Circuit, run: () => unknown, failed: FailedCall): unknown {
  let value: unknown
  try {
    value = run()
    // Its error is created now: later the circuit may have moved on.
    if (isThenable(value)) return follow(circuit, value, failed.createError())
  } catch (failure) {
    return new Rejection(failedWith(circuit, failure, failed.createError()))
  }
  ended(circuit, failed)
  return value
}

function follow(circuit: Circuit, value: PromiseLike<unknown>, error: unknown): Promise<unknown> {
  return Promise.resolve(value).then(
    (value) => {
      ended(circuit, { createError: () => error })
      return value
    },
    (failure: unknown) => {
      throw failedWith(circuit, failure, error)
    },
  )
}

function failedWith(circuit: Circuit, failure: unknown, error: unknown): unknown {
  const explained = withCause(failure, error)
  ended(circuit, { createError: () => error }, { failure: explained })
  return explained
}

/** Counts a fallback that has ended, and publishes that. */
function ended(circuit: Circuit, call: FailedCall, how?: { readonly failure: unknown }): void {
  const { machine, emitter } = circuit
  if (isDisabled(machine.override)) return
  const { rare } = machine.counters
  rare.fallbacks++
  if (how !== undefined) rare.failedFallbacks++
  if (!emitter?.hasListeners('fallback')) return
  const error = call.createError()
  publish(circuit, 'fallback', { error, failed: how !== undefined, failure: how?.failure })
}

/** The fallback's own failure, saying what it was to replace; not where that has it as a cause, which makes a circle. */
export function withCause(failure: unknown, original: unknown): unknown {
  try {
    const isUnexplained = isError(failure) && failure.cause === undefined
    if (isUnexplained && findCause(original, (cause) => cause === failure) === undefined) {
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
  circuit: Circuit,
  { onFulfilled, onRejected }: SettleHandlers,
  fallback: AnyFallback,
  args: readonly unknown[],
): SettleHandlers {
  return {
    onFulfilled,
    onRejected: (reason, timedOut) => {
      const result = onRejected(reason, timedOut)
      if (!(result instanceof Rejection && result.replaceable)) return result
      return runFallback(circuit, fallback, { createError: () => result.error }, args)
    },
  }
}
