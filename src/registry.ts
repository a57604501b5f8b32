import type { AsyncFunction, Guarded } from './call/function-types.ts'
import type { ConfigureResult } from './circuit/configure.ts'
import { LazyCircuit } from './circuit/lazy-circuit.ts'
import { type ListenOptions, listen } from './circuit/listen.ts'
import { type CircuitBreaker, lazyCircuitOf } from './circuit-breaker.ts'
import { EVENT_NAMES, type RegistryEvent, type RegistryEventName } from './events.ts'
import { type BreakerSummary, type Snapshot, snapshot, summary } from './inspect/snapshot.ts'
import { checkName } from './options/check-options.ts'
import type { SharedBreakers } from './options/shared-options.ts'
import { callable, integer, object, wrongType } from './options/validate.ts'
import type { AnyArguments } from './options.ts'
import { type BreakerReading, ReusedReading } from './registry/breaker-reading.ts'
import type { RegisteredOptions, RegistryDefaults } from './registry/configuration.ts'
import { KeyedBreakers, type KeyedOptions } from './registry/keyed.ts'
import { breakerOf, RegistryEntries } from './registry/registry-entries.ts'
import {
  type RegistryConfiguration,
  RegistryOptions,
  readGiven,
} from './registry/registry-options.ts'
import { checkSame, nameTaken } from './registry/same-options.ts'

export interface CircuitRegistryOptions {
  /** Options of breakers that are created without them. */
  readonly defaults?: RegistryDefaults | undefined
  /**
   * The number of breakers to keep. Breakers that are open, half-open or overridden are kept beyond it;
   * see {@link CircuitRegistry}.
   * An integer of at least 1.
   * @defaultValue `10_000`
   */
  readonly maxSize?: number | undefined
  /**
   * Shares all its breakers with those of other processes, each under its name: what `shared(store)` of
   * `short-circuit/fleet` returns. Experimental.
   * @defaultValue none
   */
  readonly shared?: SharedBreakers | undefined
}

/** A registry in short. */
export interface RegistrySummary extends Omit<RegistrySnapshot, 'breakers'> {
  readonly breakers: readonly BreakerSummary[]
}

/** Everything visible in a registry, as plain JSON data. */
export interface RegistrySnapshot {
  readonly size: number
  readonly maxSize: number
  /** The number of evictions so far, including those for which there was no event. */
  readonly evicted: number
  readonly breakers: readonly Snapshot[]
}

/**
 * Breakers by name, each created when it is first asked for. A registry has no timers and adds no
 * cost to a call.
 *
 * Beyond `maxSize` it evicts, first breakers that hold no evidence (lifetime totals do
 * not count), then abandoned ones, then breakers with only healthy calls, then the oldest closed one;
 * all but the first with an `evict` event. A breaker that is open or half-open stays, even if the registry
 * outgrows `maxSize`, until it is abandoned: not called for an hour, and for ten of its open times. An
 * overridden one always stays. An evicted breaker keeps working for code that holds it; where there may
 * be many breakers, ask for them by name each time.
 *
 * @example
 * import { CircuitRegistry } from 'short-circuit'
 *
 * const registry = new CircuitRegistry({ defaults: { maxFailures: 3, resetTimeout: 3_000 } })
 * await registry.breaker('users').run(async () => 'answer')
 * console.assert(registry.get('users')?.state === 'closed' && registry.get('orders') === undefined)
 */
export class CircuitRegistry implements Iterable<CircuitBreaker> {
  readonly #options: RegistryOptions
  readonly #entries: RegistryEntries
  readonly #keyed: KeyedBreakers

  /**
   * Not in a static block: bundlers would keep the class in applications that never use it.
   *
   * @internal
   */
  static unusedName(registry: CircuitRegistry, base: string): string {
    return registry.#keyed.unusedName(base)
  }

  /** @throws TypeError or RangeError naming the option that is wrong */
  constructor(options: CircuitRegistryOptions = {}) {
    object('options', options, ['defaults', 'maxSize', 'shared'])
    const { defaults = {}, maxSize = 10_000, shared } = options
    this.#options = new RegistryOptions(defaults, shared)
    this.#entries = new RegistryEntries(this.#options, integer('maxSize', maxSize, 1))
    this.#keyed = new KeyedBreakers(this.#options, this.#entries)
  }

  /** The number of breakers. */
  get size(): number {
    return this.#entries.size
  }

  /**
   * Options of breakers that are created without them: an option of `breaker` or `keyed` replaces its
   * default as a whole, and `maxFailures` and `trip` replace each other. A breaker has the defaults as
   * they are when it is first used, whenever it was created: setting them later changes none that
   * is in use. To change those as well, use {@link configure}.
   */
  get defaults(): RegistryDefaults {
    return this.#options.defaults
  }

  set defaults(defaults: RegistryDefaults) {
    this.#options.setDefaults(defaults, this.#entries.all())
  }

  /** The number of breakers to keep; setting a lower one evicts at once. */
  get maxSize(): number {
    return this.#entries.maxSize
  }

  set maxSize(maxSize: number) {
    this.#entries.maxSize = integer('maxSize', maxSize, 1)
  }

  /**
   * Returns the breaker of that name, and creates it if there is none.
   *
   * @throws TypeError when it has other options, neither those that it was created with nor those
   * configured live; the message says which. A function is the same only if it is that very function:
   * define it once, and not with every call. Without `options` it never throws for that.
   */
  breaker<Fallback = never, Args extends unknown[] = AnyArguments>(
    name: string,
    options?: RegisteredOptions<Fallback, Args>,
  ): CircuitBreaker<Fallback, Args> {
    let lazy = this.#entries.get(name)
    if (lazy === undefined) {
      checkName('name', name)
      const given = readGiven(options)
      lazy = new LazyCircuit(name, this.#options.factoryFor(given, [name]))
      // The ages in saved state count from now.
      if (given.saved !== undefined) lazy.existing = lazy.create()
      this.#entries.insert(lazy)
    } else if (options !== undefined) checkSame(lazy, readGiven(options))
    return breakerOf(lazy)
  }

  /** Returns the breaker of that name; undefined if there is none. */
  get(name: string): CircuitBreaker | undefined {
    const lazy = this.#entries.get(name)
    return lazy && breakerOf(lazy)
  }

  has(name: string): boolean {
    return this.#entries.get(name) !== undefined
  }

  /**
   * Registers a breaker that was created elsewhere, under its name, as the option `registry` does.
   *
   * @throws TypeError when another breaker has that name; the message says how their options differ
   */
  add(breaker: CircuitBreaker<unknown>): this {
    const lazy = typeof breaker === 'function' ? lazyCircuitOf(breaker) : undefined
    if (lazy === undefined) throw wrongType('breaker', 'a CircuitBreaker', breaker)
    const taken = this.#entries.get(lazy.name)
    if (taken === lazy) return this
    if (taken !== undefined) throw nameTaken(taken, lazy.factory)
    // Another registry's factory would attach the circuit to that registry alone, so create it first.
    lazy.existing ??= lazy.circuit
    this.#entries.insert(lazy)
    this.#options.configureAdded(lazy)
    return this
  }

  /**
   * Removes the breaker, which keeps working for code that holds it. Returns false if there was none.
   */
  delete(name: string): boolean {
    const lazy = this.#entries.get(name)
    if (lazy === undefined) return false
    this.#entries.delete(lazy)
    return true
  }

  /** Yields the names in the order of registration, without creating breakers that were not used yet. */
  names(): IterableIterator<string> {
    return this.#entries.names()
  }

  /** Yields the breakers in the order in which they were registered. */
  *[Symbol.iterator](): IterableIterator<CircuitBreaker> {
    for (const lazy of this.#entries.all()) yield breakerOf(lazy)
  }

  /**
   * Returns a function that is guarded by one breaker per key: a host, a tenant, a shard. The breakers
   * are in this registry as `name:key` and count towards `maxSize`. A call whose key is `undefined` is
   * not guarded. Functions with the same `name` share the breakers of their keys.
   *
   * Create it once, not with every call. It rejects as any guarded function does, and with the error
   * that `key` throws, in which case nothing runs.
   *
   * @throws TypeError or RangeError naming the option that is wrong, or how the options differ from
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
    return this.#keyed.guard(fn, options as KeyedOptions<AsyncFunction, unknown>) as never
  }

  /**
   * Calls `listener` for that event of every breaker in the registry, now and later. Calls cost nothing
   * more while there are no listeners.
   *
   * @returns a function that unsubscribes; aborting `signal` does the same
   * @throws TypeError for an unknown event or option, with the nearest known name, or a wrong value
   */
  on<E extends RegistryEventName>(
    event: E,
    listener: (event: RegistryEvent<E>) => void,
    options?: ListenOptions,
  ): () => void {
    const emitter = () => this.#entries.emitter()
    return listen(emitter, [...EVENT_NAMES, 'evict'], event, listener, options)
  }

  /**
   * Applies a whole configuration, from a file perhaps, to the breakers that there are and those to
   * come. Afterwards each breaker has the defaults, over them its options in code, and over those what
   * `breakers` has for its name; changes that were made by its own `configure` are replaced. State,
   * evidence and calls in flight are kept, and so are the clock and the source of random numbers of
   * breakers in use. What an earlier configuration had for a name is undone if `breakers` has nothing for
   * it; without `defaults` or without `breakers`, those in force stay.
   *
   * @returns by name, what changed for the breakers in use and what was lost
   * @throws TypeError or RangeError naming the option that is wrong; then nothing has changed
   * @example
   * import { CircuitRegistry } from 'short-circuit'
   *
   * const registry = new CircuitRegistry()
   * const users = registry.breaker('users', { maxFailures: 3 })
   * registry.configure({ defaults: { callTimeout: 500 }, breakers: { users: { maxFailures: 5 } } })
   * console.assert(users.options.trip.consecutiveFailures === 5 && users.options.callTimeout === 500)
   */
  configure(configuration: RegistryConfiguration): ReadonlyMap<string, ConfigureResult> {
    // biome-ignore lint/complexity/noArguments: a dry run, which there is only for one breaker, must not be applied.
    if (arguments.length > 1) {
      throw new TypeError(
        'configure of a registry takes only a configuration; dryRun is for breakers',
      )
    }
    return this.#options.configure(configuration, this.#entries.all())
  }

  /**
   * Calls `visit` for each breaker with its state, totals and latency, in the order of registration, for
   * exporters and dashboards. It hands over the same object each time, so that a breaker takes less than a
   * microsecond and hardly any memory. Does not change any state.
   *
   * @param names only these, in their order, and of them those that there are: thousands can be read in parts
   *
   * @example
   * import { CircuitRegistry } from 'short-circuit'
   *
   * const registry = new CircuitRegistry()
   * await registry.breaker('users').run(async () => 'answer')
   * const totals: [string, number][] = []
   * registry.read(({ name, counts }) => totals.push([name, counts.success]))
   * console.assert(totals.join() === 'users,1')
   */
  read(visit: (reading: BreakerReading) => void, names?: Iterable<string> & object): void {
    callable('visit', visit)
    if (typeof names === 'string') throw wrongType('names', 'an array of names', names)
    const reading = new ReusedReading()
    if (names !== undefined) {
      for (const name of names) {
        const lazy = this.#entries.get(name)
        if (lazy !== undefined) visit(reading.fill(lazy))
      }
      return
    }
    // Not those that `visit` adds: that need not end.
    let left = this.#entries.size
    for (const lazy of this.#entries.all()) if (left-- > 0) visit(reading.fill(lazy))
  }

  /** Returns the snapshots of all breakers, as plain JSON data. Does not change any state. */
  snapshot(): RegistrySnapshot {
    const { size, maxSize, evicted } = this.#entries
    const breakers = Array.from(this.#entries.all(), ({ name, existing, factory }) => {
      const { machine, namedOptions, clock, membership } = existing ?? factory.create(name)
      return snapshot(machine, namedOptions, clock, membership?.status())
    })
    return { size, maxSize, evicted, breakers }
  }

  /** What `JSON.stringify` shows: each breaker in short. */
  toJSON(): RegistrySummary {
    const { breakers, ...rest } = this.snapshot()
    return { ...rest, breakers: breakers.map(summary) }
  }
}

/** The default registry. The library has no other global state that users see. */
export const circuits: CircuitRegistry = /* @__PURE__ */ new CircuitRegistry()
