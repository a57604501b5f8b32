import type { AsyncFunction, Guarded } from './call/function-types.ts'
import { LazyCircuit } from './circuit/lazy-circuit.ts'
import { type ListenOptions, listen } from './circuit/listen.ts'
import { type CircuitBreaker, lazyCircuitOf } from './circuit-breaker.ts'
import { REGISTRY_EVENT_NAMES, type RegistryEvent, type RegistryEventName } from './events.ts'
import { type Snapshot, snapshot } from './inspect/snapshot.ts'
import { integer, object, wrongType } from './options/validate.ts'
import { KeyedBreakers, type KeyedOptions } from './registry/keyed.ts'
import { handleOf, RegistryEntries } from './registry/registry-entries.ts'
import {
  checkSame,
  nameTaken,
  type RegisteredOptions,
  type RegistryDefaults,
  RegistryOptions,
} from './registry/registry-options.ts'

/** A name that this registry has not given to anybody yet: the base, or with a number behind. */
export let unusedName: (registry: CircuitRegistry, base: string) => string

export interface CircuitRegistryOptions {
  /** Options that its breakers have unless told otherwise. */
  readonly defaults?: RegistryDefaults | undefined
  /**
   * More breakers than these are not kept, unless they are open, half-open or overridden.
   * An integer of at least 1.
   * @defaultValue `10_000`
   */
  readonly maxSize?: number | undefined
}

/** Everything visible in a registry, as plain JSON data. */
export interface RegistrySnapshot {
  readonly size: number
  readonly maxSize: number
  /** How many have been evicted so far, those that were as new among them. */
  readonly evicted: number
  readonly breakers: readonly Snapshot[]
}

/**
 * Breakers by name, created when first asked for. It holds no timers and costs a call nothing.
 *
 * It is bounded: beyond `maxSize` it drops breakers that can't be told from new ones by what they
 * will do (lifetime totals are not looked at). When there is none, the one goes that is missed
 * least, the oldest closed one if need be, and an `evict` event says so. One that is open, half-open
 * or overridden is never dropped, even if the registry outgrows `maxSize`. A breaker that was
 * dropped goes on for whoever holds it; ask for it by name each time where there may be many.
 *
 * @example
 * import { CircuitRegistry } from 'short-circuit'
 *
 * const registry = new CircuitRegistry({ defaults: { maxFailures: 3, resetTimeout: 3_000 } })
 * await registry.breaker('users').run(async () => 'answer')
 * console.assert(registry.get('users')?.state === 'closed' && registry.get('orders') === undefined)
 */
export class CircuitRegistry implements Iterable<CircuitBreaker> {
  readonly #kinds: RegistryOptions
  readonly #members: RegistryEntries
  readonly #groups: KeyedBreakers

  static {
    unusedName = (registry, base) => registry.#groups.unusedName(base)
  }

  /** @throws TypeError or RangeError naming the option that is wrong */
  constructor(options: CircuitRegistryOptions = {}) {
    object('options', options, ['defaults', 'maxSize'])
    const { defaults = {}, maxSize = 10_000 } = options
    this.#kinds = new RegistryOptions(defaults)
    this.#members = new RegistryEntries(this.#kinds, integer('maxSize', maxSize, 1))
    this.#groups = new KeyedBreakers(this.#kinds, this.#members)
  }

  /** How many breakers there are. */
  get size(): number {
    return this.#members.size
  }

  /**
   * Options that breakers have unless told otherwise, one by one: an option given to `breaker` or
   * `keyed` replaces that default as a whole, and `maxFailures` and `trip` replace each other.
   * Setting them changes no breaker that is there.
   */
  get defaults(): RegistryDefaults {
    return this.#kinds.defaults
  }

  set defaults(defaults: RegistryDefaults) {
    this.#kinds.defaults = defaults
  }

  /** How many breakers are kept; setting a lower one evicts at once. */
  get maxSize(): number {
    return this.#members.maxSize
  }

  set maxSize(maxSize: number) {
    this.#members.maxSize = integer('maxSize', maxSize, 1)
  }

  /**
   * The breaker of that name, created if there is none.
   *
   * @throws TypeError when it is there with other options, saying which; options that were
   * configured live since do not count. Asking without options never throws for that.
   */
  breaker<Fallback = never>(
    name: string,
    options: RegisteredOptions<Fallback> = {},
  ): CircuitBreaker<Fallback> {
    let lazy = this.#members.get(name)
    if (lazy === undefined) {
      checkName(name)
      lazy = new LazyCircuit(name, this.#kinds.factoryFor(options))
      // What is saved has an age, so its time begins now.
      if (options.saved !== undefined) lazy.existing = lazy.factory.create(name)
      this.#members.insert(lazy)
    } else checkSame(lazy, options)
    return handleOf(lazy)
  }

  /** The breaker of that name, if there is one; never creates any. */
  get(name: string): CircuitBreaker | undefined {
    const lazy = this.#members.get(name)
    return lazy && handleOf(lazy)
  }

  has(name: string): boolean {
    return this.#members.get(name) !== undefined
  }

  /**
   * Registers a breaker that was made elsewhere, under its own name, as the option `registry` does.
   *
   * @throws TypeError when the name is taken by another one, saying how their options differ
   */
  // biome-ignore lint/suspicious/noExplicitAny: whatever its fallback gives.
  add(breaker: CircuitBreaker<any>): this {
    const lazy = typeof breaker === 'function' ? lazyCircuitOf(breaker) : undefined
    if (lazy === undefined) throw wrongType('breaker', 'a CircuitBreaker', breaker)
    const taken = this.#members.get(lazy.name)
    if (taken === lazy) return this
    if (taken !== undefined) throw nameTaken(taken, lazy.factory)
    // Built by another registry it would be heard there alone.
    lazy.existing ??= lazy.circuit
    this.#members.insert(lazy)
    return this
  }

  /** Forgets the breaker, which goes on for whoever holds it. False when there was none. */
  delete(name: string): boolean {
    const lazy = this.#members.get(name)
    if (lazy === undefined) return false
    this.#members.delete(lazy)
    return true
  }

  /** The breakers, in the order in which they came. */
  *[Symbol.iterator](): IterableIterator<CircuitBreaker> {
    for (const lazy of this.#members.lazyCircuits()) yield handleOf(lazy)
  }

  /**
   * Guards a function by one breaker per key: a host, a tenant, a shard. They are members of this
   * registry, as `name:key`, and count for its `maxSize`. A call whose key is `undefined` is not
   * guarded. Functions given the same `name` share the breakers of their keys.
   *
   * Make it once, not with every call. Rejects as a guarded function does, and with what `key`
   * throws; nothing runs then.
   *
   * @throws TypeError or RangeError naming the option that is wrong, or how options differ from
   * those of an earlier function with that `name`
   * @example
   * import { circuits } from 'short-circuit'
   *
   * const load = async (host: string, path: string) => `http://${host}${path}`
   * const loadFrom = circuits.keyed(load, { key: (host) => host, maxFailures: 3 })
   * await loadFrom('a.example', '/')
   * console.assert(circuits.has('load:a.example'))
   */
  keyed<F extends AsyncFunction, Fallback = never>(
    fn: F,
    options: KeyedOptions<F, Fallback>,
  ): Guarded<F, Fallback> {
    return this.#groups.guard(fn, options as KeyedOptions<AsyncFunction, unknown>) as never
  }

  /**
   * Calls `listener` for that event of every breaker that is or will be here. While nobody listens
   * this costs a call nothing.
   *
   * @returns what unsubscribes it; aborting `signal` does the same
   * @throws TypeError for an unknown event, with the nearest known name
   */
  on<E extends RegistryEventName>(
    event: E,
    listener: (event: RegistryEvent<E>) => void,
    options?: ListenOptions,
  ): () => void {
    const emitter = () => this.#members.listenTo()
    return listen(emitter, REGISTRY_EVENT_NAMES, event, listener, options)
  }

  /** Everything visible of every breaker, as plain JSON data. Reading it moves nothing. */
  snapshot(): RegistrySnapshot {
    const { size, maxSize, evicted } = this.#members
    const breakers = Array.from(this.#members.lazyCircuits(), ({ name, existing, factory }) => {
      const { machine, namedOptions, clock } = existing ?? factory.create(name)
      return snapshot(machine, namedOptions, clock)
    })
    return { size, maxSize, evicted, breakers }
  }
}

function checkName(name: unknown): void {
  if (typeof name !== 'string' || name === '') {
    throw wrongType('name', 'a string that is not empty', name)
  }
}

/** The registry that is there from the start; the only thing of this library that is global. */
export const circuits: CircuitRegistry = /* @__PURE__ */ new CircuitRegistry()
