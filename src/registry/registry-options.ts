import { CircuitFactory } from '../circuit/circuit-factory.ts'
import type { ConfigureResult } from '../circuit/configure.ts'
import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { readOptions } from '../options/check-options.ts'
import type { SharedBreakers } from '../options/shared-options.ts'
import { object, show } from '../options/validate.ts'
import {
  Configuration,
  mergeOptions,
  type RegisteredOptions,
  RegistryCircuitFactory,
  type RegistryDefaults,
} from './configuration.ts'
import { isUnused, reconfigure } from './reconfigure.ts'
import type { RegistryEmitter } from './registry-emitter.ts'

type Options = RegisteredOptions<unknown>

/** What {@link CircuitRegistry.configure} applies. A part that is left out stays as it is. */
export interface RegistryConfiguration {
  /** Options of breakers that are created without them. */
  readonly defaults?: RegistryDefaults | undefined
  /**
   * Options by the name of a breaker, or of a keyed function for the breakers of all its keys. They
   * take precedence over the options that a breaker has in code.
   */
  readonly breakers?: Readonly<Record<string, RegistryDefaults>> | undefined
}

/** Options of breakers that have none: one object, so that comparing is quick. */
const NONE: Options = /* @__PURE__ */ Object.freeze({})

/** What a registry's breakers are created with: its configuration and its listeners. */
export class RegistryOptions {
  /** Undefined while the registry has no listeners. */
  emitter: RegistryEmitter | undefined = undefined
  readonly #shared: SharedBreakers | undefined
  #current: Configuration = new Configuration({}, new Map())

  constructor(defaults: RegistryDefaults, shared: SharedBreakers | undefined) {
    this.#shared = shared
    this.#current = this.#checked({ defaults })
  }

  get defaults(): RegistryDefaults {
    return this.#current.defaults
  }

  factoryFor(given: Options, names: readonly string[]): RegistryCircuitFactory {
    return this.#current.factoryFor(this, given, names)
  }

  /** What creates the breaker of a key; brings the keyed function up to date. */
  factoryOfKey(
    keyed: { readonly name: string; factory: RegistryCircuitFactory },
    fullName: string,
  ): RegistryCircuitFactory {
    const { name, factory } = keyed
    if (factory.configuration !== this.#current) {
      keyed.factory = this.factoryFor(factory.given, [name])
    }
    return this.#current.byName.has(fullName)
      ? this.factoryFor(factory.given, [name, fullName])
      : keyed.factory
  }

  /** Applies new defaults to breakers that were not used yet, and to those to come. */
  setDefaults(defaults: RegistryDefaults, entries: Iterable<LazyCircuit>): void {
    const next = this.#checked({ defaults })
    const replaced = this.#replace(next, entries).filter(({ lazy }) => isUnused(lazy))
    this.#current = next
    for (const { lazy, factory } of replaced) reconfigure(lazy, factory)
  }

  /** Applies a configuration to all breakers. Returns what changed for those in use. */
  configure(
    configuration: RegistryConfiguration,
    entries: Iterable<LazyCircuit>,
  ): ReadonlyMap<string, ConfigureResult> {
    const next = this.#checked(configuration)
    const replaced = this.#replace(next, entries)
    this.#current = next
    const results = new Map<string, ConfigureResult>()
    for (const { lazy, factory } of replaced) {
      // A listener may have applied another configuration, to all breakers.
      if (this.#current !== next) break
      const result = reconfigure(lazy, factory)
      if (result !== undefined) results.set(lazy.name, result)
    }
    return results
  }

  /** Applies what is configured for the name of a breaker that was created elsewhere. */
  configureAdded(lazy: LazyCircuit): void {
    for (const { factory } of this.#replace(this.#current, [lazy])) reconfigure(lazy, factory)
  }

  /** Reads and checks a configuration, without applying it. */
  #checked(given: RegistryConfiguration): Configuration {
    object('configuration', given, ['defaults', 'breakers'])
    const { defaults, breakers } = given
    const byName = breakers === undefined ? this.#current.byName : readBreakers(breakers)
    const next = new Configuration(
      defaults === undefined ? this.defaults : this.#readDefaults(defaults),
      byName,
    )
    next.factoryFor(this, NONE, [])
    for (const name of byName.keys()) {
      within(`breakers.${name}`, () => next.factoryFor(this, NONE, [name]))
    }
    return next
  }

  #readDefaults(defaults: RegistryDefaults): RegisteredOptions {
    const read = readRegistered('the defaults', defaults, ['saved'])
    return this.#shared === undefined ? read : { shared: this.#shared, ...read }
  }

  /** What creates each breaker under another configuration. */
  #replace(next: Configuration, entries: Iterable<LazyCircuit>): Replacement[] {
    const replacements: Replacement[] = []
    for (const lazy of entries) {
      const { factory, name } = lazy
      if (factory instanceof RegistryCircuitFactory && factory.registry === this) {
        replacements.push({ lazy, factory: next.factoryFor(this, factory.given, namesOf(lazy)) })
      } else if (this.#current.byName.has(name) || next.byName.has(name)) {
        const options = mergeOptions(factory.userOptions, next.byName.get(name) ?? NONE)
        replacements.push({ lazy, factory: new CircuitFactory(options) })
      }
    }
    return replacements
  }
}

interface Replacement {
  readonly lazy: LazyCircuit
  readonly factory: CircuitFactory
}

function namesOf({ name, keyed }: LazyCircuit): readonly string[] {
  return keyed ? [keyed.group.name, name] : [name]
}

/** Reads the options that a breaker has in code. */
export function readGiven(options: Options | undefined): Options {
  return options === undefined ? NONE : readRegistered('the options', options)
}

/** Reads each option once: what was checked is what applies. */
function readRegistered(
  what: string,
  options: object,
  unwanted: readonly string[] = [],
): RegisteredOptions {
  const given = readOptions('options', options) as RegisteredOptions
  const key = ['name', 'registry', ...unwanted].find((name) => Object.hasOwn(given, name))
  if (key !== undefined) throw new TypeError(`${what} of a registry can't have ${show(key)}`)
  return given
}

function readBreakers(breakers: object): Map<string, RegistryDefaults> {
  object('breakers', breakers, Object.keys(breakers ?? {}))
  const read = ([name, options]: [string, object]) =>
    within(`breakers.${name}`, () => {
      const unwanted = ['saved', 'clock', 'random']
      return [name, readRegistered('the configuration', options, unwanted)] as const
    })
  return new Map(Object.entries(breakers).map(read))
}

/** Runs a check, and names the breaker in its error. */
function within<T>(path: string, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (error instanceof Error) error.message = `${path}: ${error.message}`
    throw error
  }
}
