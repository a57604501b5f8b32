import type { Circuit } from '../circuit/circuit.ts'
import { CircuitFactory } from '../circuit/circuit-factory.ts'
import { guardClock, guardRandom } from '../circuit/guard-sources.ts'
import { Machine } from '../core/machine.ts'
import { areEqual } from '../options/compare-options.ts'
import type { TripRules } from '../options/policy-options.ts'
import { machineSettings } from '../options/resolve-options.ts'
import type { AnyArguments, CircuitBreakerOptions } from '../options.ts'
import type { RegistryEmitter } from './registry-emitter.ts'

/** Options of a breaker whose name and registry are known. */
export type RegisteredOptions<Fallback = never, Args extends unknown[] = AnyArguments> = Omit<
  CircuitBreakerOptions<Fallback, Args>,
  'name' | 'registry'
>

/** Options of a registry's breakers that are created without them. */
export type RegistryDefaults = Omit<RegisteredOptions, 'saved'>

/** The options that JSON can hold: those of {@link RegistryDefaults} without functions and objects of code. */
export type JsonOptions = {
  readonly [K in
    | 'maxFailures'
    | 'resetTimeout'
    | 'recovery'
    | 'callTimeout'
    | 'maxConcurrent'
    | 'maxRetryAfter'
    | 'statistics'
    | 'history']?: Exclude<RegistryDefaults[K], (...args: never[]) => unknown>
} & { readonly trip?: 'auto' | Omit<TripRules, 'when'> | undefined }

type Options = RegisteredOptions<unknown>

/** The number of factories to keep for breakers with equal options. */
const KEPT = 100

/** Options that apply to the breakers of a registry: the defaults, and those by name. */
export class Configuration {
  readonly defaults: RegistryDefaults
  /** By the name of a breaker or of a keyed function. They take precedence over those in code. */
  readonly byName: ReadonlyMap<string, RegistryDefaults>
  /** The newest first. */
  #kept: readonly RegistryCircuitFactory[] = []

  constructor(defaults: RegistryDefaults, byName: ReadonlyMap<string, RegistryDefaults>) {
    this.defaults = Object.freeze(defaults)
    this.byName = byName
  }

  /**
   * Returns what creates the breaker of these names, whose options in code are `given`; of the options
   * by name, later ones take precedence.
   *
   * @throws TypeError or RangeError when `given` is wrong
   */
  factoryFor(
    registry: Publisher,
    given: Options,
    names: readonly string[],
  ): RegistryCircuitFactory {
    const named = names.flatMap((name) => this.byName.get(name) ?? [])
    const isSame = (factory: RegistryCircuitFactory): boolean =>
      factory.isGiven(given) && named.every((options, i) => options === factory.named[i])
    const kept = this.#kept.find((it) => it.named.length === named.length && isSame(it))
    if (kept !== undefined) return kept
    const factory = new RegistryCircuitFactory(registry, this, given, named)
    if (given.saved === undefined) this.#kept = [factory, ...this.#kept.slice(0, KEPT - 1)]
    return factory
  }
}

/** Merges options over others; an option that is `undefined` leaves the other one. */
export function mergeOptions(before: Options, options: Options): Options {
  const all: Record<string, unknown> = { ...before }
  for (const [key, value] of Object.entries(options)) if (value !== undefined) all[key] = value
  // Both say when to open, so one replaces the other.
  if (options.trip !== undefined && options.maxFailures === undefined) delete all['maxFailures']
  if (options.maxFailures !== undefined && options.trip === undefined) delete all['trip']
  return all
}

/** A registry, as far as its listeners go; it has no emitter while there are none. */
interface Publisher {
  readonly emitter: RegistryEmitter | undefined
}

/** Creates circuits that publish to the listeners of their registry. */
export class RegistryCircuitFactory extends CircuitFactory {
  readonly configuration: Configuration
  /** The options in code. */
  readonly given: Options
  /** Those by name that apply. */
  readonly named: readonly Options[]
  readonly registry: Publisher

  constructor(
    registry: Publisher,
    configuration: Configuration,
    given: Options,
    named: readonly Options[],
  ) {
    super([given, ...named].reduce(mergeOptions, configuration.defaults))
    this.configuration = configuration
    this.given = given
    this.named = named
    this.registry = registry
  }

  override create(name: string, createdAt?: number): Circuit {
    const circuit = super.create(name, createdAt)
    circuit.emitter = this.registry.emitter
    return circuit
  }

  /** Lets a circuit that was not used yet begin with these options instead of its own. */
  renew(circuit: Circuit): void {
    const { options, userOptions } = this
    const report = (error: unknown, source: string): void => circuit.report(error, source)
    const settings = machineSettings(options, report)
    const clock = guardClock(this.clock, report)
    const random = guardRandom(this.random, report)
    circuit.connect(clock, new Machine(settings, clock.now(), random))
    circuit.replaceOptions(options, userOptions)
  }

  /** Whether these are the options in code. A clock may differ in more than its methods. */
  isGiven(options: Options): boolean {
    const { given } = this
    return given === options || (given.clock === options.clock && areEqual(given, options))
  }

  /** The same breaker with other options in code. */
  withGiven(options: Options): CircuitFactory {
    return new RegistryCircuitFactory(this.registry, this.configuration, options, this.named)
  }
}
