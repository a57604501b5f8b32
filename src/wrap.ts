import { Call, followPlain, refuse } from './call.ts'
import { callerSignal } from './caller-signal.ts'
import type { Circuit, Lane } from './circuit.ts'
import { fallBack } from './fallback.ts'
import { Rejection, rejectWith } from './rejection.ts'
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

/** Throws for what is no function, or one that can't give a promise. */
export function checkAsync(fn: unknown): asserts fn is AnyFunction {
  checkFunction('fn', fn)
  if (kindOf(fn).endsWith('GeneratorFunction')) {
    throw new TypeError('a generator function gives no promise; use breaker.stream')
  }
}

/** A function with the same type that always gives a promise. */
export function wrapAsync(circuit: Circuit, fn: AnyFunction): AnyFunction {
  if (kindOf(fn).endsWith('GeneratorFunction')) {
    throw new TypeError(
      `breaker takes a function that gives a promise, got ${article(kindOf(fn))}${streamHint(kindOf(fn))}`,
    )
  }
  const any = function (this: unknown, ...args: unknown[]): unknown {
    return callAsync(circuit, fn, this, args)
  }
  const guarded = fn.length === 0 ? nullary : fn.length === 1 ? unary : variadic
  return dressed(guarded(circuit, fn, any), fn)
}

type Guard = (circuit: Circuit, fn: AnyFunction, any: AnyFunction) => AnyFunction

// The usual numbers of arguments have wrappers of their own: an array of arguments that anything
// looks into must be allocated, which costs as much as all the rest. Objects may carry a signal. An
// async function gives a promise of the language's own, so nobody needs to look.

const nullary: Guard = (circuit, fn, any) => {
  const native = kindOf(fn) === 'AsyncFunction'
  return function (this: unknown) {
    const { lane } = circuit
    // biome-ignore lint/complexity/noArguments: a rest parameter would be allocated.
    if (lane == null || arguments.length !== 0 || !circuit.machine.enter()) {
      // biome-ignore lint/complexity/noArguments: as above.
      return any.apply(this, arguments as never)
    }
    try {
      const result = fn.call(this)
      return native ? result.then(lane.fulfilled, lane.rejected) : follow(lane, result)
    } catch (error) {
      return Promise.resolve(lane.rejected(error))
    }
  }
}

const unary: Guard = (circuit, fn, any) => {
  const native = kindOf(fn) === 'AsyncFunction'
  return function (this: unknown, argument: unknown) {
    const { lane } = circuit
    // biome-ignore lint/complexity/noArguments: a rest parameter would be allocated.
    const usual = arguments.length === 1 && typeof argument !== 'object'
    if (lane == null || !usual || !circuit.machine.enter()) {
      // biome-ignore lint/complexity/noArguments: as above.
      return any.apply(this, arguments as never)
    }
    try {
      const result = fn.call(this, argument)
      return native ? result.then(lane.fulfilled, lane.rejected) : follow(lane, result)
    } catch (error) {
      return Promise.resolve(lane.rejected(error))
    }
  }
}

const variadic: Guard = (_circuit, _fn, any) => any

function follow(lane: Lane, result: unknown): Promise<unknown> {
  return result instanceof Promise
    ? result.then(lane.fulfilled, lane.rejected)
    : Promise.resolve(result).then(lane.fulfilled, lane.rejected)
}

export function callAsync(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: unknown[],
): Promise<unknown> {
  const lane = circuit.lane === undefined ? circuit.openLane() : circuit.lane
  const signal = callerSignal(args)
  if (lane !== null && signal === undefined && circuit.machine.enter()) {
    try {
      return follow(lane, fn.apply(self, args))
    } catch (error) {
      return Promise.resolve(lane.rejected(error))
    }
  }
  const { callTimeout: timeout, fallback } = circuit.options
  const permit = circuit.admit(timeout)
  if (typeof permit === 'string') return refuse(circuit, permit, fallback, args)
  if (timeout === undefined && signal === undefined && fallback === undefined) {
    const result = attempt(fn, self, args)
    // A promise of its own kind may have a `then` that throws.
    if (isPlainPromise(result)) return followPlain(circuit, permit, result)
    return new Call(circuit, permit, args, signal, undefined, fallback).follow(result)
  }
  const call = new Call(circuit, permit, args, signal, undefined, fallback)
  return timeout === undefined
    ? call.follow(attempt(fn, self, args))
    : call.limit(timeout, undefined, () => fn.apply(self, args))
}

function isPlainPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise && value.then === Promise.prototype.then
}

function attempt(fn: AnyFunction, self: unknown, args: unknown[]): unknown {
  try {
    return fn.apply(self, args)
  } catch (error) {
    return rejectWith(error)
  }
}

/** A function with the same type, guarded synchronously: it throws what a promise would reject with. */
export function wrapSync(circuit: Circuit, fn: AnyFunction): AnyFunction {
  const kind = kindOf(fn)
  if (kind !== 'Function') {
    const hint = kind === 'AsyncFunction' ? '; use breaker(fn)' : streamHint(kind)
    throw new TypeError(`breaker.sync takes a synchronous function, got ${article(kind)}${hint}`)
  }
  return dressed(function (this: unknown, ...args: unknown[]) {
    return callSync(circuit, fn, this, args)
  }, fn)
}

function streamHint(kind: string): string {
  return kind === 'AsyncGeneratorFunction' ? '; use breaker.stream(fn)' : ''
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
    if (!isPromise(value)) return lane.fulfilled(value)
    try {
      return value.then(lane.fulfilled, lane.rejected)
    } catch (error) {
      return Promise.resolve(lane.rejected(error))
    }
  }
  const permit = circuit.admit(undefined)
  if (typeof permit === 'string') {
    const error = circuit.refused(permit)
    return orThrow(
      fallback === undefined ? new Rejection(error()) : fallBack(fallback, error, args),
    )
  }
  const call = new Call(circuit, permit, args, callerSignal(args), undefined, fallback)
  try {
    const value: unknown = fn.apply(self, args)
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
