import type { Circuit } from '../circuit/circuit.ts'
import { CircuitFactory } from '../circuit/circuit-factory.ts'
import type { RegistryEmitter } from '../circuit/emitter.ts'
import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { describeDifference, differences, writtenAlike } from '../options/compare-options.ts'
import { show } from '../options/validate.ts'
import type { CircuitBreakerOptions } from '../options.ts'

/** Options of a breaker whose name and registry are known. */
export type RegisteredOptions<Fallback = never> = Omit<
  CircuitBreakerOptions<Fallback>,
  'name' | 'registry'
>

/** Options that the breakers of a registry have unless told otherwise. */
export type RegistryDefaults = Omit<RegisteredOptions, 'saved'>

type Options = RegisteredOptions<unknown>

/** Breakers with equal options share a blueprint, among the last so many kinds. */
const KEPT = 16

/** The blueprint of a registry's own breakers: whatever is built from it is heard there. */
class RegistryCircuitFactory extends CircuitFactory {
  readonly defaults: RegistryDefaults
  readonly #kinds: RegistryOptions

  constructor(options: Options, kinds: RegistryOptions) {
    super(mergeDefaults(kinds.defaults, options))
    this.defaults = kinds.defaults
    this.#kinds = kinds
  }

  override create(name: string, createdAt?: number): Circuit {
    const circuit = super.create(name, createdAt)
    circuit.emitter = this.#kinds.emitter
    return circuit
  }
}

/** The kinds of breakers that a registry has made. */
export class RegistryOptions {
  /** What is built from now on is heard there. */
  emitter: RegistryEmitter | undefined = undefined
  #defaults: RegistryDefaults = {}
  /** The latest first. */
  #kept: RegistryCircuitFactory[] = []
  /** Of breakers that nothing was said about; made with the first one, where nothing can be wrong. */
  #plain: RegistryCircuitFactory | undefined

  constructor(defaults: RegistryDefaults) {
    this.defaults = defaults
  }

  get defaults(): RegistryDefaults {
    return this.#defaults
  }

  set defaults(defaults: RegistryDefaults) {
    refuseKeys('the defaults', defaults, ['name', 'registry', 'saved'])
    const before = this.#defaults
    this.#defaults = Object.freeze({ ...defaults })
    try {
      this.#plain = isEmpty(defaults) ? undefined : new RegistryCircuitFactory({}, this)
    } catch (error) {
      this.#defaults = before
      throw error
    }
    this.#kept = []
  }

  /** The blueprint for these options over the defaults. */
  of(options: Options): CircuitFactory {
    if (isEmpty(options)) {
      this.#plain ??= new RegistryCircuitFactory({}, this)
      return this.#plain
    }
    refuseKeys('the options', options, ['name', 'registry'])
    const kind = new RegistryCircuitFactory(options, this)
    if (options.saved !== undefined) return kind
    const alike = this.#kept.find((other) => sameKind(kind, other))
    if (alike !== undefined) return alike
    this.#kept = [kind, ...this.#kept.slice(0, KEPT - 1)]
    return kind
  }
}

function sameKind(a: CircuitFactory, b: CircuitFactory): boolean {
  if (a.clock !== b.clock || a.random !== b.random) return false
  return differences(a.options, b.options).length === 0
}

function isEmpty(options: object): boolean {
  for (const _ in options) return false
  return true
}

function refuseKeys(what: string, options: object, keys: readonly string[]): void {
  const key = keys.find((value) => Object.hasOwn(options, value))
  if (key !== undefined) throw new TypeError(`${what} of a registry can't have ${show(key)}`)
}

/** The options over the defaults: one that is given as `undefined` was not given. */
function mergeDefaults(defaults: RegistryDefaults, options: Options): Options {
  const all: Record<string, unknown> = { ...defaults }
  for (const [key, value] of Object.entries(options)) if (value !== undefined) all[key] = value
  // Two ways of saying when to open: the nearer one counts.
  if (options.trip !== undefined && options.maxFailures === undefined) delete all['maxFailures']
  if (options.maxFailures !== undefined && options.trip === undefined) delete all['trip']
  return all
}

/** Throws when a member was made with other options than those asked for now. */
export function checkSame(entry: Pick<LazyCircuit, 'name' | 'factory'>, options: Options): void {
  if (isEmpty(options)) return
  const { factory } = entry
  // With the defaults of that time: those that came later are nobody's wish here.
  const defaults = factory instanceof RegistryCircuitFactory ? factory.defaults : {}
  const asked = new CircuitFactory(mergeDefaults(defaults, options))
  const differing = unlike(factory, asked)
  if (differing.length > 0) throw new TypeError(message(entry.name, differing, options))
}

/** The error for a breaker whose name another one has. */
export function nameTaken(by: LazyCircuit, factory: CircuitFactory): TypeError {
  const differing = unlike(by.factory, factory)
  if (differing.length > 0) return new TypeError(message(by.name, differing, {}))
  return new TypeError(
    `circuit ${show(by.name)} is registered already; use registry.breaker(${show(by.name)}) to share it`,
  )
}

function unlike(before: CircuitFactory, after: CircuitFactory): string[] {
  const found = differences(
    { ...before.options, name: '' },
    { ...after.options, name: '' },
    writtenAlike,
  )
  const words = found.map(describeDifference)
  if (before.clock !== after.clock) words.push('clock is another one')
  if (before.random !== after.random) words.push('random is another function')
  return words
}

function message(name: string, differing: readonly string[], { maxFailures }: Options): string {
  const text = differing.join('; ')
  const named = maxFailures && text.replace('trip.consecutiveFailures is', 'maxFailures is')
  return `circuit ${show(name)} is registered with other options: ${named ?? text}`
}
