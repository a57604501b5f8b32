import { type Clock, systemClock } from '../clock.ts'
import { Machine } from '../core/machine.ts'
import { restore } from '../core/save.ts'
import type { MachineSettings } from '../core/settings.ts'
import { checkSaved } from '../options/check-saved.ts'
import { areEqual, isPlainData, isPlainObject } from '../options/compare-options.ts'
import { machineSettings, resolveOptions } from '../options/resolve-options.ts'
import type { CircuitBreakerOptions, ResolvedOptions } from '../options.ts'
import { Circuit } from './circuit.ts'
import { printListenerError } from './emitter.ts'
import { guardClock, guardRandom } from './guard-sources.ts'

/** Creates circuits with the same options, which are checked and resolved once for all of them. */
export class CircuitFactory {
  /** As the user wrote them, but for those that are fixed: patches are merged into these. */
  readonly userOptions: CircuitBreakerOptions<unknown>
  readonly options: ResolvedOptions
  readonly clock: Clock
  readonly random: () => number
  readonly #saved: unknown
  #settings: MachineSettings | undefined

  /** `options` are a copy, made by `readOptions`. */
  constructor(options: CircuitBreakerOptions<unknown>) {
    const { name: _, registry: __, saved, clock, random, ...userOptions } = options
    this.options = resolveOptions(options)
    this.userOptions = userOptions
    this.clock = clock ?? systemClock
    this.random = random ?? Math.random
    this.#saved = saved
  }

  /** `createdAt` is the clock time at which the breaker was created; the default is now. */
  create(name: string, createdAt?: number): Circuit {
    const { options, random, userOptions } = this
    let circuit: Circuit | undefined
    const report = (error: unknown, source: string): void => {
      // The clock and the random numbers are read before there is a circuit.
      if (circuit === undefined) printListenerError({ breaker: name, error, source })
      else circuit.report(error, source)
    }
    const clock = guardClock(this.clock, report)
    // Functions report errors to their own breaker, so only settings without any are shared.
    const own = options.trip.when ?? typeof options.resetTimeout === 'function'
    if (!own) this.#settings ??= machineSettings(options, report)
    const settings = this.#settings ?? machineSettings(options, report)
    const saved = this.#saved === undefined ? undefined : checkSaved(this.#saved)
    const data = saved && restore(settings, saved)
    const begins = data === undefined ? createdAt : undefined
    const machine = new Machine(settings, begins ?? clock.now(), guardRandom(random, report), data)
    circuit = new Circuit(name, options, clock, machine, userOptions)
    return circuit
  }
}

type Options = CircuitBreakerOptions<unknown>

/** The number of factories that a cache keeps. */
const CACHE_SIZE = 100

/**
 * Lets breakers with equal options share a factory: resolved options take more memory than the rest
 * of a breaker that was never called.
 */
export class CircuitFactoryCache {
  /** The newest first. */
  #kept: readonly CircuitFactory[] = []

  /** Calls `create` if no factory is kept for equal options, whatever their names. */
  get(options: Options, create: () => CircuitFactory): CircuitFactory {
    const { name: _, saved, registry, clock = systemClock, random = Math.random, ...rest } = options
    if (saved !== undefined || registry !== undefined) return create()
    const kept = this.#kept.find(
      (factory) =>
        clock === factory.clock && random === factory.random && areEqual(rest, factory.userOptions),
    )
    if (kept !== undefined) return kept
    const factory = create()
    this.#kept = [factory, ...this.#kept.slice(0, CACHE_SIZE - 1)]
    return factory
  }
}

const shared = /* @__PURE__ */ new CircuitFactoryCache()

/**
 * Returns the factory for the options of a breaker. The shared cache is never freed, so it must not
 * keep functions and everything that they refer to.
 */
export function circuitFactoryFor(options: Options): CircuitFactory {
  const create = () => new CircuitFactory(options)
  const { saved: _, ...rest } = options
  return isPlainObject(options) && isPlainData(rest) ? shared.get(options, create) : create()
}
