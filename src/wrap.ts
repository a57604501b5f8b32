import { Call, callTracked } from './call.ts'
import { callerSignal } from './caller-signal.ts'
import type { Circuit } from './circuit.ts'
import { fallBack } from './fallback.ts'
import { Rejection } from './rejection.ts'
import { wrongType } from './validate.ts'

// biome-ignore lint/suspicious/noExplicitAny: any function can be wrapped.
export type AnyFunction = (this: any, ...args: any[]) => any

/** The kind of function it was written as, as far as the runtime can tell. */
export function kindOf(fn: AnyFunction): string {
  return (fn as unknown as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? 'Function'
}

export function checkFunction(what: string, fn: unknown): asserts fn is AnyFunction {
  if (typeof fn !== 'function') throw wrongType(what, 'a function', fn)
}

/** Gives the guarded function the looks of the original: name, length and own properties. */
export function dressed(guarded: AnyFunction, original: AnyFunction): AnyFunction {
  const {
    prototype: _,
    arguments: __,
    caller: ___,
    ...looks
  } = Object.getOwnPropertyDescriptors(original)
  return Object.defineProperties(guarded, looks)
}

/** A function with the same type that always gives a promise. */
export function wrapAsync(circuit: Circuit, fn: AnyFunction): AnyFunction {
  if (kindOf(fn).endsWith('GeneratorFunction')) {
    throw new TypeError('a generator function gives no promise; use breaker.stream')
  }
  return dressed(function (this: unknown, ...args: unknown[]) {
    return callAsync(circuit, fn, this, args)
  }, fn)
}

function callAsync(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: unknown[],
): Promise<unknown> {
  const lane = circuit.lane === undefined ? circuit.openLane() : circuit.lane
  const signal = callerSignal(args)
  if (lane !== null && signal === undefined && circuit.machine.enter()) {
    let result: unknown
    try {
      result = fn.apply(self, args)
    } catch (error) {
      return Promise.resolve(lane.rejected(error))
    }
    return result instanceof Promise
      ? result.then(lane.fulfilled, lane.rejected)
      : Promise.resolve(result).then(lane.fulfilled, lane.rejected)
  }
  const { callTimeout: timeout, fallback } = circuit.options
  const terms = { args, signal, timeout, classify: undefined, fallback, ownSignal: false }
  return callTracked(circuit, () => fn.apply(self, args), terms)
}

/** A function with the same type, guarded synchronously: it throws what a promise would reject with. */
export function wrapSync(circuit: Circuit, fn: AnyFunction): AnyFunction {
  const kind = kindOf(fn)
  if (kind !== 'Function') {
    const instead = kind === 'AsyncFunction' ? 'breaker(fn)' : 'breaker.stream(fn)'
    throw new TypeError(
      `breaker.sync takes a synchronous function, got ${article(kind)}; use ${instead}`,
    )
  }
  return dressed(function (this: unknown, ...args: unknown[]) {
    return callSync(circuit, fn, this, args)
  }, fn)
}

function article(kind: string): string {
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`
}

function callSync(circuit: Circuit, fn: AnyFunction, self: unknown, args: unknown[]): unknown {
  const { fallback } = circuit.options
  const lane = circuit.lane === undefined ? circuit.openLane() : circuit.lane
  if (lane !== null && circuit.machine.enter()) {
    let value: unknown
    try {
      value = fn.apply(self, args)
    } catch (error) {
      lane.rejected(error)
      throw error
    }
    if (value instanceof Promise) return value.then(lane.fulfilled, lane.rejected)
    return lane.fulfilled(value)
  }
  const permit = circuit.admit(undefined)
  if (typeof permit === 'string') {
    circuit.refused(permit)
    const error = () => circuit.refuse(permit)
    return orThrow(
      fallback === undefined ? new Rejection(error()) : fallBack(fallback, error, args),
    )
  }
  const terms = { args, signal: callerSignal(args), fallback, ...UNTIMED }
  const call = new Call(circuit, permit, terms)
  try {
    const value: unknown = fn.apply(self, args)
    return value instanceof Promise ? call.follow(value) : call.end({ status: 'fulfilled', value })
  } catch (reason) {
    return orThrow(call.end({ status: 'rejected', reason }))
  }
}

/** A synchronous function can't be interrupted. */
const UNTIMED = { timeout: undefined, classify: undefined, ownSignal: false }

function orThrow(result: unknown): unknown {
  if (result instanceof Rejection) throw result.error
  return result
}
