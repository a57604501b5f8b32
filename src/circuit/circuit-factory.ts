import { type Clock, systemClock } from '../clock.ts'
import { Machine } from '../core/machine.ts'
import { restore } from '../core/save.ts'
import type { MachineSettings } from '../core/settings.ts'
import { checkSaved } from '../options/check-saved.ts'
import { copyOptions, machineSettings, resolveOptions } from '../options/resolve-options.ts'
import type { CircuitBreakerOptions, ResolvedOptions } from '../options.ts'
import { Circuit } from './circuit.ts'

/** What circuits are made from: checked and resolved once, for all that have the same options. */
export class CircuitFactory {
  /** As given, to merge patches into. */
  readonly userOptions: CircuitBreakerOptions<unknown>
  readonly options: ResolvedOptions
  readonly clock: Clock
  readonly random: () => number
  readonly #saved: unknown
  #settings: MachineSettings | undefined

  constructor(options: CircuitBreakerOptions<unknown>) {
    this.options = resolveOptions(options)
    this.userOptions = copyOptions(options)
    this.clock = options.clock ?? systemClock
    this.random = options.random ?? Math.random
    this.#saved = options.saved
  }

  /** `born` is the clock reading at which the circuit's time began, if that is over. */
  create(name: string, createdAt?: number): Circuit {
    const { options, clock, random, userOptions } = this
    const report = (error: unknown, source: string): void => circuit.report(error, source)
    // A rule of the user's own reports to its breaker; all else is shared.
    if (options.trip.when === undefined) this.#settings ??= machineSettings(options, report)
    const settings = this.#settings ?? machineSettings(options, report)
    const saved = this.#saved === undefined ? undefined : checkSaved(this.#saved)
    const data = saved && restore(settings, saved)
    const begins = data === undefined ? createdAt : undefined
    const machine = new Machine(settings, begins ?? clock.now(), random, data)
    const circuit = new Circuit(name, options, clock, machine, userOptions)
    return circuit
  }
}

/** More are not shared. */
const MOST_SHARED = 100
const shared = /* @__PURE__ */ new Map<string, CircuitFactory>()

/**
 * The blueprint for these options: plain data is resolved once for all breakers that say the same,
 * as resolved options take more memory than all the rest of a breaker that is at rest.
 */
export function circuitFactoryFor(options: CircuitBreakerOptions<unknown>): CircuitFactory {
  const key = keyOf(options)
  if (key === undefined) return new CircuitFactory(options)
  let factory = shared.get(key)
  if (factory === undefined) {
    factory = new CircuitFactory({ ...options, name: undefined })
    if (shared.size >= MOST_SHARED) shared.clear()
    shared.set(key, factory)
  }
  return factory
}

const UNDEFINED = '\u0000'

/** All but the name as text; undefined where text can't say it. */
function keyOf(options: CircuitBreakerOptions<unknown>): string | undefined {
  if (typeof options !== 'object' || options === null || !isPlainData(options)) return undefined
  const { name: _name, ...rest } = options
  if (rest.saved !== undefined || rest.registry !== undefined) return undefined
  let plain = true
  const key = JSON.stringify(rest, (_, value: unknown) => {
    plain &&= isPlainData(value)
    // Told apart from what is not there: its name may be wrong.
    if (value === undefined) return UNDEFINED
    return plain ? value : undefined
  })
  return plain ? key : undefined
}

function isPlainData(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null)
    return !['function', 'bigint', 'symbol'].includes(typeof value)
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
