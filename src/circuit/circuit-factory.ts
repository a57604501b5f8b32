import { type Clock, systemClock } from '../clock.ts'
import { Machine } from '../core/machine.ts'
import { restore } from '../core/save.ts'
import type { MachineSettings } from '../core/settings.ts'
import { checkSaved } from '../options/check-saved.ts'
import { areEqual, isPlainData, isPlainObject } from '../options/compare-options.ts'
import { machineSettings, resolveOptions } from '../options/resolve-options.ts'
import type { SharedBreakers } from '../options/shared-options.ts'
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
  readonly shared: SharedBreakers | undefined
  readonly #saved: unknown
  #settings: MachineSettings | undefined

  /** `options` are a copy, made by `readOptions`. */
  constructor(options: CircuitBreakerOptions<unknown>) {
    const { name: _, registry: __, saved, shared, clock, random, ...userOptions } = options
    this.options = resolveOptions(options)
    this.userOptions = userOptions
    this.clock = clock ?? systemClock
    this.random = random ?? Math.random
    this.shared = shared
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
    const begins = createdAt ?? clock.now()
    const machine = new Machine(settings, begins, guardRandom(random, report), data)
    circuit = new Circuit(name, options, clock, machine, userOptions)
    return circuit
  }
}

type Options = CircuitBreakerOptions<unknown>

/** The number of factories to keep for breakers with equal options. */
const KEPT = 100

/** The newest first. They are never freed, so none of them keeps functions and what these refer to. */
let kept: readonly CircuitFactory[] = []

/**
 * Returns the factory for the options of a breaker. Those with equal options share one, whatever their
 * names: resolved options take more memory than the rest of a breaker that was never called.
 */
export function circuitFactoryFor(options: Options): CircuitFactory {
  if (!isPlainObject(options)) return new CircuitFactory(options)
  const { name: _, saved, registry, shared, clock, random, ...rest } = options
  const isOwn = [saved, registry, shared, clock, random].some((option) => option !== undefined)
  if (isOwn || !isPlainData(rest)) return new CircuitFactory(options)
  const equal = kept.find((factory) => areEqual(rest, factory.userOptions))
  if (equal !== undefined) return equal
  const factory = new CircuitFactory(options)
  kept = [factory, ...kept.slice(0, KEPT - 1)]
  return factory
}
