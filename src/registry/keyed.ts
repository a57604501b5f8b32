import { callAsync } from '../call/call.ts'
import type { AsyncFunction } from '../call/function-types.ts'
import { type AnyFunction, checkAsync, mimicFunction } from '../call/functions.ts'
import type { Circuit } from '../circuit/circuit.ts'
import { rejectWith } from '../circuit/deferred-rejection.ts'
import { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { synchronous, wrongType } from '../options/validate.ts'
import type { RegisteredOptions, RegistryCircuitFactory } from './configuration.ts'
import type { RegistryEntries } from './registry-entries.ts'
import { type RegistryOptions, readGiven } from './registry-options.ts'
import { checkSame } from './same-options.ts'

/** A number is the same key as its digits. */
export type BreakerKey = string | number

/** Options of {@link CircuitRegistry.keyed}: those of each key's breaker, and these two. */
export interface KeyedOptions<F extends AsyncFunction, Fallback = never>
  extends Omit<RegisteredOptions<Fallback, Parameters<F>>, 'saved'> {
  /**
   * Returns the key of a call, from its arguments and with its `this`. A call whose key is
   * `undefined` is not guarded.
   */
  readonly key: (...args: Parameters<F>) => BreakerKey | undefined
  /**
   * The first part of the breakers' names. Functions with the same `name` share the breaker of each
   * key, and must have the same options.
   * @defaultValue the name of the function, with a number appended if that is taken
   */
  readonly name?: string | undefined
}

/** The breakers of the keys of one `name`. */
interface KeyGroup {
  readonly name: string
  factory: RegistryCircuitFactory
  /** Holds only breakers that are in the registry. */
  readonly circuits: Map<unknown, LazyCircuit>
}

/** Guards functions by one breaker per key. */
export class KeyedBreakers {
  readonly #options: RegistryOptions
  readonly #entries: RegistryEntries
  /** By the option `name`. */
  readonly #groups = new Map<string, KeyGroup>()
  /** How often each default name was used. */
  readonly #uses = new Map<string, number>()

  constructor(options: RegistryOptions, entries: RegistryEntries) {
    this.#options = options
    this.#entries = entries
  }

  guard(fn: AnyFunction, userOptions: KeyedOptions<AsyncFunction, unknown>): AnyFunction {
    checkAsync(fn)
    const { key: keyOf, name, ...rest } = userOptions ?? {}
    if (typeof keyOf !== 'function') throw wrongType('key', 'a function', keyOf)
    const options = readGiven(rest)
    const group =
      name === undefined
        ? this.#createGroup(this.unusedName(fn.name || 'keyed'), options)
        : this.#groupOf(name, options)
    const circuitOf = (key: unknown): Circuit =>
      (group.circuits.get(key) ?? this.#addBreaker(group, key)).circuit
    return mimicFunction(function (this: unknown, ...args: unknown[]) {
      let circuit: Circuit
      try {
        const key: unknown = synchronous('key', keyOf.apply(this, args))
        if (key === undefined) return Promise.resolve(fn.apply(this, args))
        circuit = circuitOf(key)
      } catch (error) {
        return rejectWith(error)
      }
      return callAsync(circuit, fn, this, args)
    }, fn)
  }

  /** Returns a name that no group has: the base, or the base with a number appended. */
  unusedName(base: string): string {
    const times = (this.#uses.get(base) ?? 0) + 1
    this.#uses.set(base, times)
    const name = times === 1 ? base : `${base}#${times}`
    return this.#groups.has(name) ? this.unusedName(base) : name
  }

  #groupOf(name: string, options: RegisteredOptions<unknown>): KeyGroup {
    if (typeof name !== 'string' || name === '') {
      throw wrongType('name', 'a string that is not empty', name)
    }
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = this.#createGroup(name, options)
      this.#groups.set(name, group)
    } else checkSame(group, options)
    return group
  }

  #createGroup(name: string, options: RegisteredOptions<unknown>): KeyGroup {
    return { name, factory: this.#options.factoryFor(options, [name]), circuits: new Map() }
  }

  #addBreaker(group: KeyGroup, key: unknown): LazyCircuit {
    if (typeof key !== 'string' && (typeof key !== 'number' || Number.isNaN(key))) {
      throw wrongType('key', 'a function that returns a string, a number or undefined', key)
    }
    const { name } = group
    // Keys often have colons (`host:port`), so that those of the group's name are written otherwise:
    // the name must tell `a` with the key `b:c` from `a:b` with the key `c`.
    const fullName = `${name.replaceAll('%', '%25').replaceAll(':', '%3A')}:${key}`
    // A breaker that the user created by this name is meant for this key.
    const existing = this.#entries.get(fullName)
    if (existing !== undefined) return existing
    const factory = this.#options.factoryOfKey(group, fullName)
    const lazy = new LazyCircuit(fullName, factory, { group, key })
    this.#entries.insert(lazy)
    return lazy
  }
}
