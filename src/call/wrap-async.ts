import { Call, followPlain, refuse } from './call.ts'
import { callerSignal } from './caller-signal.ts'
import type { Circuit } from '../circuit/circuit.ts'
import type { Reactions } from './fast-path.ts'
import { rejectWith } from '../circuit/deferred-rejection.ts'
import { wrongType } from '../options/validate.ts'

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
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype' || key === 'arguments' || key === 'caller') continue
    const look = Object.getOwnPropertyDescriptor(original, key) as PropertyDescriptor
    // A function that is given a property takes as much memory again.
    if (!has(guarded, key, look)) Object.defineProperty(guarded, key, look)
  }
  return guarded
}

function has(fn: AnyFunction, key: PropertyKey, look: PropertyDescriptor): boolean {
  const own = Object.getOwnPropertyDescriptor(fn, key)
  return (
    own !== undefined &&
    own.value === look.value &&
    own.writable === look.writable &&
    own.enumerable === look.enumerable &&
    own.configurable === look.configurable
  )
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
  const guard = GUARDS[fn.length] ?? many
  return dressed(guard(circuit, fn, String(fn.name), kindOf(fn) === 'AsyncFunction'), fn)
}

export type Guard = (
  circuit: Circuit,
  fn: AnyFunction,
  name: string,
  native: boolean,
) => AnyFunction

// The usual numbers of arguments have guards of their own. An array of arguments that anything looks
// into must be allocated, which costs as much as all the rest; to give a function its name or length
// later takes as much memory as the function. Objects may carry a signal. An async function gives a
// promise of the language's own, so nobody needs to look.

const none: Guard = (circuit, fn, name, native) =>
  ({
    [name](this: unknown) {
      // biome-ignore lint/complexity/noArguments: a rest parameter would be allocated.
      if (arguments.length !== 0) return forward(circuit, fn, this, ...arguments)
      const call = circuit.enter()
      if (call === null) return callHeld(circuit, fn, this, NOTHING, undefined)
      let result: unknown
      try {
        result = fn.call(this)
        if (native) return (result as Promise<unknown>).then(call.fulfilled, call.rejected)
      } catch (error) {
        return Promise.resolve(call.rejected(error))
      }
      return follow(call, result)
    },
  })[name] as AnyFunction

const one: Guard = (circuit, fn, name, native) =>
  ({
    [name](this: unknown, argument: unknown) {
      // biome-ignore lint/complexity/noArguments: a rest parameter would be allocated.
      const usual = arguments.length === 1 && typeof argument !== 'object'
      const call = usual ? circuit.enter() : null
      // biome-ignore lint/complexity/noArguments: as above.
      if (call === null) return forward(circuit, fn, this, ...arguments)
      let result: unknown
      try {
        result = fn.call(this, argument)
        if (native) return (result as Promise<unknown>).then(call.fulfilled, call.rejected)
      } catch (error) {
        return Promise.resolve(call.rejected(error))
      }
      return follow(call, result)
    },
  })[name] as AnyFunction

const two: Guard = (circuit, fn, name) =>
  ({
    [name](this: unknown, _first: unknown, _second: unknown) {
      // biome-ignore lint/complexity/noArguments: there may be more of them, or fewer.
      return forward(circuit, fn, this, ...arguments)
    },
  })[name] as AnyFunction

const many: Guard = (circuit, fn, name) =>
  ({
    [name](this: unknown, ...args: unknown[]) {
      return callAsync(circuit, fn, this, args)
    },
  })[name] as AnyFunction

const GUARDS: readonly Guard[] = [none, one, two]

export const NOTHING: readonly unknown[] = /* @__PURE__ */ Object.freeze([])

function forward(circuit: Circuit, fn: AnyFunction, self: unknown, ...args: unknown[]): unknown {
  return callAsync(circuit, fn, self, args)
}

/** What the caller gets for a result that is reported when it is there. */
export function follow({ fulfilled, rejected }: Reactions, result: unknown): Promise<unknown> {
  // A promise of its own kind may have a `then` that throws, or calls back twice.
  const promise = isPlainPromise(result)
    ? result
    : new Promise((resolve) => {
        resolve(result)
      })
  return promise.then(fulfilled, rejected)
}

export function callAsync(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: unknown[],
): Promise<unknown> {
  const signal = callerSignal(args)
  const entered = signal === undefined ? circuit.enter() : null
  if (entered !== null) return pass(entered, fn, self, args)
  return callHeld(circuit, fn, self, args, signal)
}

/** For a call that needs a permit of its own. */
function callHeld(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const held = signal === undefined ? circuit.enterWith(args) : null
  if (held !== null) return held.run((call) => pass(call, fn, self, args))
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
    : call.limit(timeout, undefined, () => fn.apply(self, args as unknown[]))
}

function pass(
  call: Reactions,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
): Promise<unknown> {
  let result: unknown
  try {
    result = fn.apply(self, args as unknown[])
  } catch (error) {
    return Promise.resolve(call.rejected(error))
  }
  return follow(call, result)
}

/** True for a promise that does what the language says. */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  try {
    return value instanceof Promise && value.then === Promise.prototype.then
  } catch {
    // A proxy that objects to being asked.
    return false
  }
}

function attempt(fn: AnyFunction, self: unknown, args: readonly unknown[]): unknown {
  try {
    return fn.apply(self, args as unknown[])
  } catch (error) {
    return rejectWith(error)
  }
}

export function streamHint(kind: string): string {
  return kind === 'AsyncGeneratorFunction' ? '; use breaker.stream(fn)' : ''
}

export function article(kind: string): string {
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`
}
