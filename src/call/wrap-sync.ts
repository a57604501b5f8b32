import type { Circuit } from '../circuit/circuit.ts'
import { Rejection } from '../circuit/deferred-rejection.ts'
import { Call, follow, NOTHING } from './call.ts'
import { callerSignal } from './caller-signal.ts'
import { runFallback } from './fallback.ts'
import { type AnyFunction, article, kindOf, mimicFunction, streamHint } from './functions.ts'
import { enter } from './held-lane.ts'
import type { Guard } from './wrap-async.ts'

/** A function with the same type, guarded synchronously: it throws what a promise would reject with. */
export function wrapSync(circuit: Circuit, fn: AnyFunction): AnyFunction {
  const kind = kindOf(fn)
  if (kind !== 'Function') {
    const hint = kind === 'AsyncFunction' ? '; use breaker(fn)' : streamHint(kind)
    throw new TypeError(`breaker.sync takes a synchronous function, got ${article(kind)}${hint}`)
  }
  const guard = fn.length === 0 ? noneSync : manySync
  return mimicFunction(guard(circuit, fn, String(fn.name), false), fn)
}

const noneSync: Guard = (circuit, fn, name) =>
  ({
    [name](this: unknown) {
      // biome-ignore lint/complexity/noArguments: a rest parameter would be allocated.
      if (arguments.length !== 0) return forwardSync(circuit, fn, this, ...arguments)
      const call = enter(circuit)
      if (call === null) return callHeldSync(circuit, fn, this, NOTHING)
      let value: unknown
      try {
        value = fn.call(this)
      } catch (error) {
        call.rejected(error)
        throw error
      }
      return isPromise(value) ? follow(call, value) : call.fulfilled(value)
    },
  })[name] as AnyFunction

const manySync: Guard = (circuit, fn, name) =>
  ({
    [name](this: unknown, ...args: unknown[]) {
      return forwardSync(circuit, fn, this, ...args)
    },
  })[name] as AnyFunction

function forwardSync(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  ...args: unknown[]
): unknown {
  const call = enter(circuit)
  if (call === null) return callHeldSync(circuit, fn, self, args)
  let value: unknown
  try {
    value = fn.apply(self, args)
  } catch (error) {
    call.rejected(error)
    throw error
  }
  return isPromise(value) ? follow(call, value) : call.fulfilled(value)
}

/** For a call that needs a permit of its own. */
function callHeldSync(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
): unknown {
  const { fallback } = circuit.options
  const permit = circuit.admit(undefined)
  if (typeof permit === 'string') {
    const error = circuit.refused(permit)
    return orThrow(
      fallback === undefined ? new Rejection(error()) : runFallback(fallback, error, args),
    )
  }
  const call = new Call(circuit, permit, args, callerSignal(args), undefined, fallback)
  try {
    const value: unknown = fn.apply(self, args as unknown[])
    return isPromise(value) ? call.follow(value) : call.fulfilled(value)
  } catch (reason) {
    return orThrow(call.rejected(reason))
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  try {
    return value instanceof Promise
  } catch {
    // A proxy that objects to being asked.
    return false
  }
}

function orThrow(result: unknown): unknown {
  if (result instanceof Rejection) throw result.error
  return result
}
