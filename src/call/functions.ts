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
export function mimicFunction(guarded: AnyFunction, original: AnyFunction): AnyFunction {
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype' || key === 'arguments' || key === 'caller') continue
    const property = Object.getOwnPropertyDescriptor(original, key) as PropertyDescriptor
    // A function that is given a property takes as much memory again.
    if (!has(guarded, key, property)) Object.defineProperty(guarded, key, property)
  }
  return guarded
}

function has(fn: AnyFunction, key: PropertyKey, property: PropertyDescriptor): boolean {
  const own = Object.getOwnPropertyDescriptor(fn, key)
  return (
    own !== undefined &&
    own.value === property.value &&
    own.writable === property.writable &&
    own.enumerable === property.enumerable &&
    own.configurable === property.configurable
  )
}

export function streamHint(kind: string): string {
  return kind === 'AsyncGeneratorFunction' ? '; use breaker.stream(fn)' : ''
}

export function article(kind: string): string {
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`
}

/** Throws for what is no function, or one that can't give a promise. */
export function checkAsync(fn: unknown): asserts fn is AnyFunction {
  checkFunction('fn', fn)
  if (kindOf(fn).endsWith('GeneratorFunction')) {
    throw new TypeError('a generator function gives no promise; use breaker.stream')
  }
}
