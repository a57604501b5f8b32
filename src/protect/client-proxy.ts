import { type AnyFunction, boundTo, isClass } from '../call/functions.ts'
import { isStream } from '../call/stream-iterators.ts'
import { fixed } from '../call/stream-proxy.ts'
import { isThenable, show } from '../options/validate.ts'
import { ClientGuard, type ClientRules } from './client-guard.ts'
import { appendPath, type Place } from './client-method.ts'
import { isCursor, isObject, PROMISE_METHODS } from './client-shape.ts'

/** Returns a proxy of the client that guards its methods and those of the objects it returns. */
export function guardClient(client: object, rules: ClientRules): object {
  const guard = new ClientGuard(client, rules, createProxy)
  return guard.proxyOf(client)
}

function createProxy(this: ClientGuard, object: object, place: Place): object {
  const target = standIn(object)
  return new Proxy(target, new ObjectHandler(this, object, target, place))
}

/**
 * What a proxy is created over: it must return the value of a property that is fixed in its target, so
 * it could not guard the members of one that is frozen, now or later.
 */
function standIn(object: object): object {
  // A bound constructor can be called in both ways, and has no prototype that can't be deleted.
  return showing(typeof object === 'function' ? Object.bind(null) : Object.create(null), object)
}

/** Node prints the target of a proxy. */
function showing<T extends object>(target: T, object: object): T {
  return Object.defineProperty(target, Symbol.for('nodejs.util.inspect.custom'), {
    value: () => object,
    configurable: true,
  })
}

const NOT_FIXED = 'a proxy could not guard what is fixed in it'

/** What every function has. */
const PLAIN_MEMBERS: ReadonlySet<PropertyKey> = new Set([
  'arguments',
  'caller',
  'length',
  'name',
  'prototype',
])

const ITERATOR_METHODS: ReadonlySet<PropertyKey> = new Set(['next', 'return', 'throw'])

/** Handles the proxy of one object. The client's code runs with the original as `this`. */
class ObjectHandler implements ProxyHandler<object> {
  readonly #guard: ClientGuard
  readonly #object: object
  /** What the proxy is created over: the object, or an empty one in its place. */
  readonly #target: object
  readonly #place: Place
  /** The proxies of methods, for the same property to return the same function each time. */
  readonly #methods = new Map<
    PropertyKey,
    { readonly original: unknown; readonly proxy: unknown }
  >()
  #iterator: AsyncIterator<unknown, unknown, unknown> | undefined
  /** Whose method it is. */
  readonly owner: object | undefined = undefined

  constructor(guard: ClientGuard, object: object, target: object, place: Place) {
    this.#guard = guard
    this.#object = object
    this.#target = target
    this.#place = place
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
    if (typeof member !== 'function') {
      return this.#guard.proxyIfNeeded(member, this.#pathOf(key), this.#place.session)
    }
    if (isClass(member)) return member
    const proxy = this.#awaitOrIterate(key) ?? this.#method(key, member as AnyFunction)
    this.#methods.set(key, { original: member, proxy })
    return proxy
  }

  #pathOf(key: PropertyKey): string {
    const { path } = this.#place
    return appendPath(path, path === '' ? String(key) : `.${String(key)}`)
  }

  #method(key: PropertyKey, fn: AnyFunction): unknown {
    // Methods with a symbol are called by the language: to convert, to iterate, to dispose.
    if (typeof key === 'symbol') return boundTo(this.#object, fn)
    const place = { ...this.#place, path: this.#pathOf(key) }
    const hasMembers = Reflect.ownKeys(fn).some((name) => !PLAIN_MEMBERS.has(name))
    const target = hasMembers ? standIn(fn) : fn
    const proxy = new Proxy(target, new MethodHandler(this.#guard, fn, target, place, this.#object))
    this.#guard.originals.set(proxy, fn)
    return proxy
  }

  /** The guarded method if `key` is one by which a thenable is awaited or a stream is iterated. */
  #awaitOrIterate(key: PropertyKey): unknown {
    const object = this.#object
    const guard = this.#guard
    const method = () => guard.method(this.#place, object as never)
    if (PROMISE_METHODS.has(key) && isThenable(object)) {
      return (...args: [never]) => guard.wait(method(), object)[key as 'then'](...args)
    }
    if (!isStream(object)) return undefined
    const iterate = () => guard.iterate(method(), object)
    // That of a cursor returns the item itself.
    const isIterator = 'next' in object && !isCursor(object)
    const onlyIterator = () => {
      this.#iterator ??= iterate()
      return this.#iterator
    }
    if (key === Symbol.asyncIterator) return isIterator ? onlyIterator : iterate
    if (!isIterator || !ITERATOR_METHODS.has(key)) return undefined
    return (argument: unknown) => onlyIterator()[key as 'next']?.(argument)
  }

  set(_: object, key: PropertyKey, value: unknown): boolean {
    return Reflect.set(this.#object, key, this.#guard.originals.of(value), this.#object)
  }

  has(_: object, key: PropertyKey): boolean {
    return Reflect.has(this.#object, key)
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.#object)
  }

  getOwnPropertyDescriptor(_: object, key: PropertyKey): PropertyDescriptor | undefined {
    const own = Reflect.getOwnPropertyDescriptor(this.#object, key)
    // A proxy may report only what its target has as well as not configurable.
    const isReal = Reflect.getOwnPropertyDescriptor(this.#target, key)?.configurable === false
    return own && (isReal ? own : { ...own, configurable: true })
  }

  defineProperty(_: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    // The language demands of a proxy to return such a value as it is.
    const own = Reflect.getOwnPropertyDescriptor(this.#object, key)
    const { configurable, writable, value } = { ...own, ...descriptor }
    if (!configurable && !writable && isObject(value)) {
      throw new TypeError(`define ${show(key)} on the client itself: ${NOT_FIXED}`)
    }
    if (!Reflect.defineProperty(this.#object, key, descriptor)) return false
    const defined = Reflect.getOwnPropertyDescriptor(this.#object, key)
    return defined?.configurable !== false || Reflect.defineProperty(this.#target, key, defined)
  }

  preventExtensions(): boolean {
    throw new TypeError(`freeze or seal the client itself: ${NOT_FIXED}`)
  }

  setPrototypeOf(_: object, prototype: object | null): boolean {
    return Reflect.setPrototypeOf(this.#object, prototype)
  }

  deleteProperty(_: object, key: PropertyKey): boolean {
    return Reflect.deleteProperty(this.#object, key)
  }

  getPrototypeOf(): object | null {
    return Reflect.getPrototypeOf(this.#object)
  }

  apply(_: object, self: unknown, args: unknown[]): unknown {
    const fn = this.#object as AnyFunction
    const method = this.#guard.method(this.#place, fn, this.owner)
    return this.#guard.call(method, fn, this.#guard.originals.of(self), args)
  }

  construct(_: object, args: unknown[], newTarget: object): object {
    const guard = this.#guard
    const originals = args.map((arg) => guard.originals.of(arg))
    const instance: object = Reflect.construct(
      this.#object as never,
      originals,
      guard.originals.of(newTarget) as never,
    )
    // A client that is a class creates what its methods are called on; a subclass has its own.
    const isClient = this.#place.path === '' && guard.originals.get(newTarget) === this.#object
    return isClient ? guard.proxyOf(instance) : instance
  }
}

/** Handles the proxy of a method, which may be a namespace as well. */
class MethodHandler extends ObjectHandler {
  override readonly owner: object

  constructor(guard: ClientGuard, fn: AnyFunction, target: object, place: Place, owner: object) {
    super(guard, fn, target, place)
    this.owner = owner
  }

  /** A method that is called without its object runs with that object as `this`. */
  override apply(target: object, self: unknown, args: unknown[]): unknown {
    return super.apply(target, self === undefined ? this.owner : self, args)
  }
}
