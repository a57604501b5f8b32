import type { AnyFunction } from '../call/functions.ts'
import { fixed } from '../call/stream.ts'
import { isStream } from '../call/stream-iterators.ts'
import { ClientGuard, type ClientRules, longer } from './client-guard.ts'
import { isClass, isObject, isThenable } from './client-shape.ts'

/** A stand-in for the client whose methods are guarded, as are those of what it hands out. */
export function guardClient(client: object, rules: ClientRules): object {
  const guard = new ClientGuard(client, rules, proxy)
  return guard.wrapped(client, '', true)
}

function proxy(this: ClientGuard, value: object, path: string, root = false): object {
  // A proxy must show what is fixed in its target, and so could not guard it.
  const shadowed =
    typeof value === 'object' && Reflect.ownKeys(value).some((key) => hides(value, key))
  const target = shadowed ? Object.create(Object.getPrototypeOf(value)) : value
  return new Proxy(target, new Handler(this, value, target, path, root))
}

function hides(value: object, key: PropertyKey): boolean {
  return fixed(value, key) && isObject(Object.getOwnPropertyDescriptor(value, key)?.value)
}

const WAITING: ReadonlySet<PropertyKey> = new Set(['then', 'catch', 'finally'])
const ITERATING: ReadonlySet<PropertyKey> = new Set(['next', 'return', 'throw'])

/** One object of the client's. Its own code never sees the proxy: `this` is the real object. */
class Handler implements ProxyHandler<object> {
  readonly #guard: ClientGuard
  readonly #value: object
  readonly #target: object
  readonly #path: string
  readonly #root: boolean
  readonly #made = new Map<PropertyKey, { readonly of: unknown; readonly proxy: unknown }>()
  #iterator: AsyncIterator<unknown, unknown, unknown> | undefined

  constructor(guard: ClientGuard, value: object, target: object, path: string, root: boolean) {
    this.#guard = guard
    this.#value = value
    this.#target = target
    this.#path = path
    this.#root = root
  }

  get(_: object, key: PropertyKey): unknown {
    const value = this.#value
    const held: unknown = Reflect.get(value, key, value)
    if (!isObject(held)) return held
    if (this.#target === value && fixed(value, key)) return held
    const made = this.#made.get(key)
    // The same one each time, as long as the property holds the same function.
    if (made?.of === held) return made.proxy
    if (key === 'constructor' || key === 'prototype') return held
    if (typeof value === 'function' && key in Function.prototype) return held
    if (typeof held !== 'function') return this.#guard.reveal(held, this.#pathOf(key))
    if (isClass(held)) return held
    const proxy = this.#special(key) ?? this.#plain(key, held as AnyFunction)
    this.#made.set(key, { of: held, proxy })
    return proxy
  }

  #pathOf(key: PropertyKey): string {
    return longer(this.#path, this.#path === '' ? String(key) : `.${String(key)}`)
  }

  #plain(key: PropertyKey, held: AnyFunction): unknown {
    // Symbols are what the language asks for: to convert, to iterate, to dispose.
    if (typeof key === 'symbol') return held.bind(this.#value)
    const path = this.#pathOf(key)
    const proxy = new Proxy(
      held,
      new MethodHandler(this.#guard, held, path, this.#value, this.#root),
    )
    this.#guard.real.set(proxy, held)
    return proxy
  }

  /** The methods by which something is waited for, or iterated. */
  #special(key: PropertyKey): unknown {
    const value = this.#value
    const guard = this.#guard
    const method = () => guard.method(this.#path, value as never, this.#root)
    if (WAITING.has(key) && isThenable(value)) {
      return (...args: [never]) => guard.wait(method(), value)[key as 'then'](...args)
    }
    if (!isStream(value)) return undefined
    const iterate = () => guard.iterate(method(), value)
    const own = 'next' in value
    const first = () => {
      this.#iterator ??= iterate()
      return this.#iterator
    }
    if (key === Symbol.asyncIterator) return own ? first : iterate
    if (!own || !ITERATING.has(key)) return undefined
    return (argument: unknown) => first()[key as 'next']?.(argument)
  }

  set(_: object, key: PropertyKey, held: unknown): boolean {
    return Reflect.set(this.#value, key, this.#guard.unwrapped(held), this.#value)
  }

  has(_: object, key: PropertyKey): boolean {
    return Reflect.has(this.#value, key)
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.#value)
  }

  getOwnPropertyDescriptor(_: object, key: PropertyKey): PropertyDescriptor | undefined {
    const own = Reflect.getOwnPropertyDescriptor(this.#value, key)
    const shadow = this.#target !== this.#value
    return own && (shadow ? { ...own, configurable: true } : own)
  }

  defineProperty(_: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    return Reflect.defineProperty(this.#value, key, descriptor)
  }

  deleteProperty(_: object, key: PropertyKey): boolean {
    return Reflect.deleteProperty(this.#value, key)
  }

  getPrototypeOf(): object | null {
    return Reflect.getPrototypeOf(this.#value)
  }

  apply(_: object, self: unknown, args: unknown[]): unknown {
    const fn = this.#value as AnyFunction
    const method = this.#guard.method(this.#path, fn, this.#root)
    return this.#guard.call(method, fn, this.#guard.unwrapped(self), args)
  }

  construct(_: object, args: unknown[]): object {
    return Reflect.construct(this.#value as never, args)
  }
}

/** One method; it may be a namespace as well. */
class MethodHandler extends Handler {
  readonly #owner: object

  constructor(guard: ClientGuard, fn: AnyFunction, path: string, owner: object, root: boolean) {
    super(guard, fn, fn, path, root)
    this.#owner = owner
  }

  /** Taken off its object, a method still belongs to it. */
  override apply(target: object, self: unknown, args: unknown[]): unknown {
    return super.apply(target, self === undefined ? this.#owner : self, args)
  }
}
