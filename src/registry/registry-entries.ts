import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { text } from '../options/validate.ts'
import { EvictionPolicy, lossesOf } from './eviction.ts'
import { attach, detach, RegistryEmitter } from './registry-emitter.ts'
import type { RegistryOptions } from './registry-options.ts'

/** Returns the public handle of a circuit, and creates it the first time. */
export function breakerOf<Fallback, Args extends unknown[]>(
  lazy: LazyCircuit,
): CircuitBreaker<Fallback, Args> {
  lazy.breaker ??= new CircuitBreaker(lazy)
  return lazy.breaker as CircuitBreaker<Fallback, Args>
}

/** The breakers of a registry: at most `maxSize`, with common listeners. */
export class RegistryEntries {
  evicted = 0
  readonly #options: RegistryOptions
  readonly #byName = new Map<string, LazyCircuit>()
  readonly #evictions = new EvictionPolicy()
  #maxSize: number

  constructor(options: RegistryOptions, maxSize: number) {
    this.#options = options
    this.#maxSize = maxSize
  }

  get maxSize(): number {
    return this.#maxSize
  }

  set maxSize(maxSize: number) {
    this.#maxSize = maxSize
    this.#evictions.reset()
    for (const publish of this.#makeRoom()) publish()
  }

  get size(): number {
    return this.#byName.size
  }

  /** @throws TypeError for anything but a name, such as a breaker */
  get(name: string): LazyCircuit | undefined {
    const lazy = this.#byName.get(name)
    if (lazy === undefined) text('name', name)
    return lazy
  }

  /** In the order of insertion. */
  names(): IterableIterator<string> {
    return this.#byName.keys()
  }

  /** In the order of insertion. */
  all(): IterableIterator<LazyCircuit> {
    return this.#byName.values()
  }

  insert(lazy: LazyCircuit): void {
    const evictions = this.#makeRoom(lazy)
    this.#byName.set(lazy.name, lazy)
    lazy.keyed?.group.circuits.set(lazy.keyed.key, lazy)
    const { existing } = lazy
    const { emitter } = this.#options
    if (emitter !== undefined && existing !== undefined) attach(existing, emitter)
    // A listener may use the registry, so the new breaker must be in place.
    for (const publish of evictions) publish()
  }

  delete(lazy: LazyCircuit): void {
    this.#remove(lazy)
    this.#evictions.reset()
  }

  /** Evicts until all fit in, and a newcomer. Returns functions that publish the evictions. */
  #makeRoom(newcomer?: LazyCircuit): (() => void)[] {
    const evictions: (() => void)[] = []
    const most = newcomer === undefined ? this.#maxSize : this.#maxSize - 1
    while (this.size > most) {
      const lazy = this.#evictions.next(this.#byName, newcomer)
      if (lazy === undefined) break
      const event = { breaker: lazy.name, lost: lossesOf(lazy) }
      this.#remove(lazy)
      this.evicted++
      if (event.lost.length > 0)
        evictions.push(() => this.#options.emitter?.publish('evict', event))
    }
    return evictions
  }

  #remove(lazy: LazyCircuit): void {
    const { existing } = lazy
    const { emitter } = this.#options
    this.#byName.delete(lazy.name)
    lazy.keyed?.group.circuits.delete(lazy.keyed.key)
    // Whatever registry it is added to, it is the breaker of that key no more.
    lazy.keyed = existing === undefined ? null : undefined
    if (existing !== undefined && emitter !== undefined) detach(existing, emitter)
  }

  /** Returns the emitter that all breakers publish to, and creates it for the first listener. */
  emitter(): RegistryEmitter {
    const { emitter } = this.#options
    if (emitter === undefined) return this.#attachEmitter()
    // What calls need depends on what is listened to.
    for (const { existing } of this.all()) existing?.forgetShared()
    return emitter
  }

  #attachEmitter(): RegistryEmitter {
    const emitter = new RegistryEmitter()
    this.#options.emitter = emitter
    for (const { existing } of this.all()) {
      if (existing !== undefined) attach(existing, emitter)
    }
    return emitter
  }
}
