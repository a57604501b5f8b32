import { callAsync } from '../call/call.ts'
import type { AsyncFunction } from '../call/function-types.ts'
import { type AnyFunction, checkAsync, mimicFunction } from '../call/functions.ts'
import type { Circuit } from '../circuit/circuit.ts'
import type { CircuitFactory } from '../circuit/circuit-factory.ts'
import { rejectWith } from '../circuit/deferred-rejection.ts'
import { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { wrongType } from '../options/validate.ts'
import type { RegistryEntries } from './registry-entries.ts'
import { checkSame, type RegisteredOptions, type RegistryOptions } from './registry-options.ts'

/** What a key may be; numbers are the same keys as their digits. */
export type BreakerKey = string | number

/** Options of {@link CircuitRegistry.keyed}: those of each key's breaker, and these two. */
export interface KeyedOptions<F extends AsyncFunction, Fallback = never>
  extends Omit<RegisteredOptions<Fallback>, 'saved'> {
  /**
   * Which breaker a call belongs to, from its arguments. A call whose key is `undefined` is not
   * guarded. It is called with the `this` of the call.
   */
  readonly key: (...args: Parameters<F>) => BreakerKey | undefined
  /**
   * The first part of the breakers' names. Functions that are given the same one share the breaker
   * of each key, and must agree on the options.
   * @defaultValue the function's own name, with a number behind if that is taken
   */
  readonly name?: string | undefined
}

/** The breakers of one `name`. */
interface KeyGroup {
  readonly name: string
  readonly factory: CircuitFactory
  /** Of the keys that are members now. */
  readonly lazyCircuits: Map<unknown, LazyCircuit>
}

/** Guards functions by one breaker per key. */
export class KeyedBreakers {
  readonly #kinds: RegistryOptions
  readonly #members: RegistryEntries
  /** Those that functions have been given by name. */
  readonly #shared = new Map<string, KeyGroup>()
  /** How often a function's own name was used. */
  readonly #used = new Map<string, number>()

  constructor(kinds: RegistryOptions, entries: RegistryEntries) {
    this.#kinds = kinds
    this.#members = entries
  }

  guard(fn: AnyFunction, userOptions: KeyedOptions<AsyncFunction, unknown>): AnyFunction {
    checkAsync(fn)
    const { key: keyOf, name, ...options } = userOptions ?? {}
    if (typeof keyOf !== 'function') throw wrongType('key', 'a function', keyOf)
    const group =
      name === undefined
        ? this.#create(this.unusedName(fn.name || 'keyed'), options)
        : this.#share(name, options)
    const circuitOf = (key: unknown): Circuit =>
      (group.lazyCircuits.get(key) ?? this.#addLazyCircuit(group, key)).circuit
    return mimicFunction(function (this: unknown, ...args: unknown[]) {
      let circuit: Circuit
      try {
        const key: unknown = keyOf.apply(this, args)
        if (key === undefined) return Promise.resolve(fn.apply(this, args))
        circuit = circuitOf(key)
      } catch (error) {
        return rejectWith(error)
      }
      return callAsync(circuit, fn, this, args)
    }, fn)
  }

  /** A name that no group has been given yet: the base, or the base and a number. */
  unusedName(base: string): string {
    const times = (this.#used.get(base) ?? 0) + 1
    this.#used.set(base, times)
    const name = times === 1 ? base : `${base}#${times}`
    return this.#shared.has(name) ? this.unusedName(base) : name
  }

  #share(name: string, options: RegisteredOptions<unknown>): KeyGroup {
    if (typeof name !== 'string' || name === '') {
      throw wrongType('name', 'a string that is not empty', name)
    }
    let group = this.#shared.get(name)
    if (group === undefined) {
      group = this.#create(name, options)
      this.#shared.set(name, group)
    } else checkSame(group, options)
    return group
  }

  #create(name: string, options: RegisteredOptions<unknown>): KeyGroup {
    return { name, factory: this.#kinds.factoryFor(options), lazyCircuits: new Map() }
  }

  #addLazyCircuit({ name, factory, lazyCircuits }: KeyGroup, key: unknown): LazyCircuit {
    if (typeof key !== 'string' && typeof key !== 'number') {
      throw wrongType('key', 'a function that gives a string, a number or undefined', key)
    }
    const full = `${name}:${key}`
    // Whoever has made it by this name wants calls with this key to go through it.
    const there = this.#members.get(full)
    if (there !== undefined) return there
    const lazy = new LazyCircuit(full, factory, { lazyCircuits, key })
    this.#members.insert(lazy)
    return lazy
  }
}
