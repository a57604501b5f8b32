import { Circuit } from './circuit.ts'
import { type Clock, systemClock } from './clock.ts'
import { Machine } from './core/machine.ts'
import { restore } from './core/saved.ts'
import type { MachineSettings } from './core/settings.ts'
import type { CircuitBreakerOptions, ResolvedOptions } from './options.ts'
import { machineSettings, ownCopy, resolveOptions } from './resolve-options.ts'
import { checkSaved } from './saved.ts'

/** What circuits are made from: checked and resolved once, for all that have the same options. */
export class Blueprint {
  /** As given, to merge patches into. */
  readonly given: CircuitBreakerOptions<unknown>
  readonly options: ResolvedOptions
  readonly clock: Clock
  readonly random: () => number
  readonly #saved: unknown
  #settings: MachineSettings | undefined

  constructor(options: CircuitBreakerOptions<unknown>) {
    this.options = resolveOptions(options)
    this.given = ownCopy(options)
    this.clock = options.clock ?? systemClock
    this.random = options.random ?? Math.random
    this.#saved = options.saved
  }

  build(name: string = this.options.name): Circuit {
    const { options, clock, random, given } = this
    const report = (error: unknown, source: string): void => circuit.report(error, source)
    // A rule of the user's own reports to its breaker; all else is shared.
    if (options.trip.when === undefined) this.#settings ??= machineSettings(options, report)
    const settings = this.#settings ?? machineSettings(options, report)
    const machine =
      this.#saved === undefined
        ? new Machine(settings, clock.now(), random)
        : restore(settings, checkSaved(this.#saved), clock.now(), random)
    const named = name === options.name ? options : Object.freeze({ ...options, name })
    const circuit = new Circuit(named, clock, machine, given)
    return circuit
  }
}

/** Where a breaker's circuit and its handle find each other; either is made when first needed. */
export class Seat {
  readonly name: string
  readonly blueprint: Blueprint
  /** Undefined until somebody needs it: until then the breaker is as new. */
  built: Circuit | undefined = undefined
  /** The breaker itself, once somebody has asked for it. */
  handle: unknown = undefined
  /** Undefined for a breaker that was registered by its name. */
  readonly keyed: { readonly seats: Map<unknown, Seat>; readonly key: unknown } | undefined

  constructor(name: string, blueprint: Blueprint, keyed?: Seat['keyed']) {
    this.name = name
    this.keyed = keyed
    this.blueprint = blueprint
  }

  get circuit(): Circuit {
    this.built ??= this.blueprint.build(this.name)
    return this.built
  }
}
