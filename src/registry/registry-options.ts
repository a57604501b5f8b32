import type { Circuit } from '../circuit/circuit.ts'
import { CircuitFactory, CircuitFactoryCache } from '../circuit/circuit-factory.ts'
import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { describeDifference, differences, isWrittenAlike } from '../options/compare-options.ts'
import { show } from '../options/validate.ts'
import type { CircuitBreakerOptions } from '../options.ts'
import type { RegistryEmitter } from './registry-emitter.ts'

/** Options of a breaker whose name and registry are known. */
export type RegisteredOptions<Fallback = never> = Omit<
  CircuitBreakerOptions<Fallback>,
  'name' | 'registry'
>

/** Options of a registry's breakers that are created without them. */
export type RegistryDefaults = Omit<RegisteredOptions, 'saved'>

type Options = RegisteredOptions<unknown>

/** Creates circuits that publish to the listeners of their registry. */
class RegistryCircuitFactory extends CircuitFactory {
  readonly defaults: RegistryDefaults
  readonly #registry: RegistryOptions

  constructor(options: Options, registry: RegistryOptions) {
    super(options)
    this.defaults = registry.defaults
    this.#registry = registry
  }

  override create(name: string, createdAt?: number): Circuit {
    const circuit = super.create(name, createdAt)
    circuit.emitter = this.#registry.emitter
    return circuit
  }
}

/** What a registry's breakers are created with: its defaults and its listeners. */
export class RegistryOptions {
  /** Undefined while the registry has no listeners. */
  emitter: RegistryEmitter | undefined = undefined
  #defaults: RegistryDefaults = {}
  #cache = new CircuitFactoryCache()
  /** For breakers without options. With empty defaults it is created with the first such breaker. */
  #withDefaults: CircuitFactory | undefined

  constructor(defaults: RegistryDefaults) {
    this.defaults = defaults
  }

  get defaults(): RegistryDefaults {
    return this.#defaults
  }

  set defaults(defaults: RegistryDefaults) {
    rejectKeys('the defaults', defaults, ['name', 'registry', 'saved'])
    const before = this.#defaults
    this.#defaults = Object.freeze({ ...defaults })
    try {
      this.#withDefaults = isEmpty(defaults) ? undefined : this.#create(this.#defaults)
    } catch (error) {
      this.#defaults = before
      throw error
    }
    this.#cache = new CircuitFactoryCache()
  }

  /** Returns the factory for these options over the defaults. */
  factoryFor(options: Options): CircuitFactory {
    if (isEmpty(options)) {
      this.#withDefaults ??= this.#create({})
      return this.#withDefaults
    }
    rejectKeys('the options', options, ['name', 'registry'])
    const merged = mergeDefaults(this.defaults, options)
    return this.#cache.get(merged, () => this.#create(merged))
  }

  #create(options: Options): CircuitFactory {
    return new RegistryCircuitFactory(options, this)
  }
}

function isEmpty(options: object): boolean {
  for (const _ in options) return false
  return true
}

function rejectKeys(what: string, options: object, keys: readonly string[]): void {
  const key = keys.find((value) => Object.hasOwn(options, value))
  if (key !== undefined) throw new TypeError(`${what} of a registry can't have ${show(key)}`)
}

/** Merges options over the defaults; an option that is `undefined` leaves its default. */
function mergeDefaults(defaults: RegistryDefaults, options: Options): Options {
  const all: Record<string, unknown> = { ...defaults }
  for (const [key, value] of Object.entries(options)) if (value !== undefined) all[key] = value
  // Both say when to open, so one replaces the default of the other.
  if (options.trip !== undefined && options.maxFailures === undefined) delete all['maxFailures']
  if (options.maxFailures !== undefined && options.trip === undefined) delete all['trip']
  return all
}

/** Throws when a breaker or a key group was created with other options than these. */
export function checkSame(entry: Pick<LazyCircuit, 'name' | 'factory'>, options: Options): void {
  if (isEmpty(options)) return
  const { factory } = entry
  // Compared over the defaults at its creation: defaults that were set later do not apply to it.
  const defaults = factory instanceof RegistryCircuitFactory ? factory.defaults : {}
  const asked = new CircuitFactory(mergeDefaults(defaults, options))
  const differing = describeDifferences(factory, asked)
  if (differing.length > 0) throw new TypeError(message(entry.name, differing, options))
}

/** Returns the error for a breaker whose name another one has. */
export function nameTaken(by: LazyCircuit, factory: CircuitFactory): TypeError {
  const differing = describeDifferences(by.factory, factory)
  if (differing.length > 0) return new TypeError(message(by.name, differing, {}))
  return new TypeError(
    `circuit ${show(by.name)} is registered already; use registry.breaker(${show(by.name)}) to share it`,
  )
}

function describeDifferences(before: CircuitFactory, after: CircuitFactory): string[] {
  const found = differences(
    { ...before.options, name: '' },
    { ...after.options, name: '' },
    isWrittenAlike,
  )
  const texts = found.map(describeDifference)
  if (before.clock !== after.clock) texts.push('clock is another one')
  if (before.random !== after.random) texts.push('random is another function')
  return texts
}

function message(name: string, differing: readonly string[], { maxFailures }: Options): string {
  const text = differing.join('; ')
  const named = maxFailures && text.replace('trip.consecutiveFailures is', 'maxFailures is')
  return `circuit ${show(name)} is registered with other options: ${named ?? text}`
}
