import type { Circuit } from '../circuit/circuit.ts'
import { Blueprint } from '../circuit/circuit-factory.ts'
import type { Audience } from '../circuit/emitter.ts'
import type { Seat } from '../circuit/lazy-circuit.ts'
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
class Kind extends Blueprint {
  readonly defaults: RegistryDefaults
  readonly #kinds: Kinds

  constructor(options: Options, kinds: Kinds) {
    super(merged(kinds.defaults, options))
    this.defaults = kinds.defaults
    this.#kinds = kinds
  }

  override build(name: string, born?: number): Circuit {
    const circuit = super.build(name, born)
    circuit.emitter = this.#kinds.audience
    return circuit
  }
}

/** The kinds of breakers that a registry has made. */
export class Kinds {
  /** What is built from now on is heard there. */
  audience: Audience | undefined = undefined
  #defaults: RegistryDefaults = {}
  /** The latest first. */
  #kept: Kind[] = []
  /** Of breakers that nothing was said about; made with the first one, where nothing can be wrong. */
  #plain: Kind | undefined

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
      this.#plain = isNothing(defaults) ? undefined : new Kind({}, this)
    } catch (error) {
      this.#defaults = before
      throw error
    }
    this.#kept = []
  }

  /** The blueprint for these options over the defaults. */
  of(options: Options): Blueprint {
    if (isNothing(options)) {
      this.#plain ??= new Kind({}, this)
      return this.#plain
    }
    refuseKeys('the options', options, ['name', 'registry'])
    const kind = new Kind(options, this)
    if (options.saved !== undefined) return kind
    const alike = this.#kept.find((other) => sameKind(kind, other))
    if (alike !== undefined) return alike
    this.#kept = [kind, ...this.#kept.slice(0, KEPT - 1)]
    return kind
  }
}

function sameKind(a: Blueprint, b: Blueprint): boolean {
  if (a.clock !== b.clock || a.random !== b.random) return false
  return differences(a.options, b.options).length === 0
}

function isNothing(options: object): boolean {
  for (const _ in options) return false
  return true
}

function refuseKeys(what: string, options: object, keys: readonly string[]): void {
  const key = keys.find((it) => Object.hasOwn(options, it))
  if (key !== undefined) throw new TypeError(`${what} of a registry can't have ${show(key)}`)
}

/** The options over the defaults: one that is given as `undefined` was not given. */
function merged(defaults: RegistryDefaults, options: Options): Options {
  const all: Record<string, unknown> = { ...defaults }
  for (const [key, value] of Object.entries(options)) if (value !== undefined) all[key] = value
  // Two ways of saying when to open: the nearer one counts.
  if (options.trip !== undefined && options.maxFailures === undefined) delete all['maxFailures']
  if (options.maxFailures !== undefined && options.trip === undefined) delete all['trip']
  return all
}

/** Throws when a member was made with other options than those asked for now. */
export function checkSame(member: Pick<Seat, 'name' | 'blueprint'>, options: Options): void {
  if (isNothing(options)) return
  const { blueprint } = member
  // With the defaults of that time: those that came later are nobody's wish here.
  const defaults = blueprint instanceof Kind ? blueprint.defaults : {}
  const asked = new Blueprint(merged(defaults, options))
  const differing = unlike(blueprint, asked)
  if (differing.length > 0) throw new TypeError(message(member.name, differing, options))
}

/** The error for a breaker whose name another one has. */
export function nameTaken(by: Seat, blueprint: Blueprint): TypeError {
  const differing = unlike(by.blueprint, blueprint)
  if (differing.length > 0) return new TypeError(message(by.name, differing, {}))
  return new TypeError(
    `circuit ${show(by.name)} is registered already; use registry.breaker(${show(by.name)}) to share it`,
  )
}

function unlike(before: Blueprint, after: Blueprint): string[] {
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
