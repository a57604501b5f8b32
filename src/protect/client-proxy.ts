import { type AnyFunction, isClass } from '../call/functions.ts'
import { isStream } from '../call/stream-iterators.ts'
import { fixed } from '../call/stream-proxy.ts'
import { isThenable } from '../options/validate.ts'
import { appendPath, ClientGuard, type ClientRules } from './client-guard.ts'
import { isObject, PROMISE_METHODS } from './client-shape.ts'

/** Returns a proxy of the client that guards its methods and those of the objects it returns. */
export function guardClient(client: object, rules: ClientRules): object {
  const guard = new ClientGuard(client, rules, createProxy)
  return guard.proxyOf(client, '', true)
}

function createProxy(this: ClientGuard, object: object, path: string, root = false): object {
  // A proxy must return the value of a property that is fixed in its target, so it could not guard
  // that value; an empty target has no such property.
  const hasFixedObjects =
    typeof object === 'object' && Reflect.ownKeys(object).some((key) => isFixedObject(object, key))
  const target = hasFixedObjects ? Object.create(Object.getPrototypeOf(object)) : object
  return new Proxy(target, new ObjectHandler(this, object, target, path, root))
}

function isFixedObject(object: object, key: PropertyKey): boolean {
  return fixed(object, key) && isObject(Object.getOwnPropertyDescriptor(object, key)?.value)
}

const ITERATOR_METHODS: ReadonlySet<PropertyKey> = new Set(['next', 'return', 'throw'])

/** Handles the proxy of one object. The client's code runs with the original as `this`. */
class ObjectHandler implements ProxyHandler<object> {
  readonly #guard: ClientGuard
  readonly #object: object
  /** What the proxy is created over: the object, or an empty one in its place. */
  readonly #target: object
  readonly #path: string
  readonly #root: boolean
  /** The proxies of methods, for the same property to return the same function each time. */
  readonly #methods = new Map<
    PropertyKey,
    { readonly original: unknown; readonly proxy: unknown }
  >()
  #iterator: AsyncIterator<unknown, unknown, unknown> | undefined

  constructor(guard: ClientGuard, object: object, target: object, path: string, root: boolean) {
    this.#guard = guard
    this.#object = object
    this.#target = target
    this.#path = path
    this.#root = root
  }

  get(_: object, key: PropertyKey): unknown {
    const object = this.#object
    const member: unknown = Reflect.get(object, key, object)
    if (!isObject(member)) return member
    if (this.#target === object && fixed(object, key)) return member
    const known = this.#methods.get(key)
    if (known?.original === member) return known.proxy
    if (key === 'constructor' || key === 'prototype') return member
    if (typeof object === 'function' && key in Function.prototype) return member
    if (typeof member !== 'function') return this.#guard.proxyIfNeeded(member, this.#pathOf(key))
    if (isClass(member)) return member
    const proxy = this.#awaitOrIterate(key) ?? this.#method(key, member as AnyFunction)
    this.#methods.set(key, { original: member, proxy })
    return proxy
  }

  #pathOf(key: PropertyKey): string {
    return appendPath(this.#path, this.#path === '' ? String(key) : `.${String(key)}`)
  }

  #method(key: PropertyKey, fn: AnyFunction): unknown {
    // Methods with a symbol are called by the language: to convert, to iterate, to dispose.
    if (typeof key === 'symbol') return fn.bind(this.#object)
    const path = this.#pathOf(key)
    const handler = new MethodHandler(this.#guard, fn, path, this.#object, this.#root)
    const proxy = new Proxy(fn, handler)
    this.#guard.originals.set(proxy, fn)
    return proxy
  }

  /** The guarded method if `key` is one by which a thenable is awaited or a stream is iterated. */
  #awaitOrIterate(key: PropertyKey): unknown {
    const object = this.#object
    const guard = this.#guard
    const method = () => guard.method(this.#path, object as never, this.#root)
    if (PROMISE_METHODS.has(key) && isThenable(object)) {
      return (...args: [never]) => guard.wait(method(), object)[key as 'then'](...args)
    }
    if (!isStream(object)) return undefined
    const iterate = () => guard.iterate(method(), object)
    const isIterator = 'next' in object
    const onlyIterator = () => {
      this.#iterator ??= iterate()
      return this.#iterator
    }
    if (key === Symbol.asyncIterator) return isIterator ? onlyIterator : iterate
    if (!isIterator || !ITERATOR_METHODS.has(key)) return undefined
    return (argument: unknown) => onlyIterator()[key as 'next']?.(argument)
  }

  set(_: object, key: PropertyKey, value: unknown): boolean {
    return Reflect.set(this.#object, key, this.#guard.originalOf(value), this.#object)
  }

  has(_: object, key: PropertyKey): boolean {
    return Reflect.has(this.#object, key)
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.#object)
  }

  getOwnPropertyDescriptor(_: object, key: PropertyKey): PropertyDescriptor | undefined {
    const own = Reflect.getOwnPropertyDescriptor(this.#object, key)
    // The empty target does not have the property, so a proxy may only report it as configurable.
    const isTarget = this.#target === this.#object
    return own && (isTarget ? own : { ...own, configurable: true })
  }

  defineProperty(_: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    return Reflect.defineProperty(this.#object, key, descriptor)
  }

  deleteProperty(_: object, key: PropertyKey): boolean {
    return Reflect.deleteProperty(this.#object, key)
  }

  getPrototypeOf(): object | null {
    return Reflect.getPrototypeOf(this.#object)
  }

  apply(_: object, self: unknown, args: unknown[]): unknown {
    const fn = this.#object as AnyFunction
    const method = this.#guard.method(this.#path, fn, this.#root)
    return this.#guard.call(method, fn, this.#guard.originalOf(self), args)
  }

  construct(_: object, args: unknown[]): object {
    return Reflect.construct(this.#object as never, args)
  }
}

/** Handles the proxy of a method, which may be a namespace as well. */
class MethodHandler extends ObjectHandler {
  readonly #owner: object

  constructor(guard: ClientGuard, fn: AnyFunction, path: string, owner: object, root: boolean) {
    super(guard, fn, fn, path, root)
    this.#owner = owner
  }

  /** A method that is called without its object runs with that object as `this`. */
  override apply(target: object, self: unknown, args: unknown[]): unknown {
    return super.apply(target, self === undefined ? this.#owner : self, args)
  }
}
