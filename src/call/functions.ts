import { article, wrongType } from '../options/validate.ts'

// biome-ignore lint/suspicious/noExplicitAny: any function can be wrapped.
export type AnyFunction = (this: any, ...args: any[]) => any

/**
 * What the function seems to be. A bound function and a proxy have the tag of their target, and a
 * wrapper may have taken over that of what it wraps: it may return something else.
 */
export function tagOf(fn: AnyFunction): string {
  return (fn as unknown as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? 'Function'
}

/** The kind of function it was written as, where its text says the same as its tag. */
export function kindOf(fn: AnyFunction): string {
  const text = Function.prototype.toString.call(fn)
  const kind = `${/^async\b/.test(text) ? 'Async' : ''}${/^[^(]*\*/.test(text) ? 'Generator' : ''}Function`
  return kind === tagOf(fn) ? kind : 'Function'
}

/** A method may be named `class`, but has no prototype. */
export function isClass(fn: object): boolean {
  if (typeof fn !== 'function') return false
  return Object.hasOwn(fn, 'prototype') && /^class\b/.test(Function.prototype.toString.call(fn))
}

/** As `fn.bind(object)`, which V8 refuses to call at the end of a `using`, as it does a proxy. */
export function boundTo(object: unknown, fn: AnyFunction): AnyFunction {
  return (...args) => Reflect.apply(fn, object, args)
}

export function checkFunction(what: string, fn: unknown): asserts fn is AnyFunction {
  if (typeof fn !== 'function') throw wrongType(what, 'a function', fn)
}

/**
 * A function with the name, length and own properties of the original that hands its calls to
 * `call`.
 */
export function functionLike(
  original: AnyFunction,
  call: (self: unknown, args: readonly unknown[]) => unknown,
): AnyFunction {
  const shape = SHAPES[original.length] ?? (SHAPES[0] as Shape)
  return mimicFunction(shape(String(original.name), call), original)
}

type Shape = (
  name: string,
  call: (self: unknown, args: readonly unknown[]) => unknown,
) => AnyFunction

// By number of parameters: giving a function its name or length afterwards takes as much memory as
// the function.
const SHAPES: readonly Shape[] = [
  (name, call) =>
    ({
      [name](this: unknown, ...args: unknown[]) {
        return call(this, args)
      },
    })[name] as AnyFunction,
  (name, call) =>
    ({
      [name](this: unknown, _first: unknown) {
        // biome-ignore lint/complexity/noArguments: there may be more of them, or none.
        return call(this, arguments as unknown as unknown[])
      },
    })[name] as AnyFunction,
  (name, call) =>
    ({
      [name](this: unknown, _first: unknown, _second: unknown) {
        // biome-ignore lint/complexity/noArguments: there may be more of them, or fewer.
        return call(this, arguments as unknown as unknown[])
      },
    })[name] as AnyFunction,
]

/** What the package `reflect-metadata` adds to `Reflect`, if the application has loaded it. */
const metadata = Reflect as {
  getOwnMetadataKeys?: (target: object) => unknown[]
  getOwnMetadata?: (key: unknown, target: object) => unknown
  defineMetadata?: (key: unknown, value: unknown, target: object) => void
}

/**
 * Gives the wrapper the name, length, metadata and own properties of the original, except for
 * functions: those would run unguarded.
 */
export function mimicFunction(wrapper: AnyFunction, original: AnyFunction): AnyFunction {
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype' || key === 'arguments' || key === 'caller') continue
    const property = Object.getOwnPropertyDescriptor(original, key)
    if (property === undefined || !('value' in property)) continue
    if (typeof property.value === 'function') continue
    // A function that is given a property takes as much memory again.
    if (!has(wrapper, key, property)) Object.defineProperty(wrapper, key, property)
  }
  for (const key of metadata.getOwnMetadataKeys?.(original) ?? []) {
    metadata.defineMetadata?.(key, metadata.getOwnMetadata?.(key, original), wrapper)
  }
  return wrapper
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

/** Throws for anything but a function, and for one that can't return a promise. */
export function checkAsync(fn: unknown): asserts fn is AnyFunction {
  checkFunction('fn', fn)
  if (kindOf(fn).endsWith('GeneratorFunction')) {
    throw new TypeError(`fn must be a function that returns a promise, got ${article(kindOf(fn))}`)
  }
}
