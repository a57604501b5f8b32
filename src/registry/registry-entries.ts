import { attach, detach, RegistryEmitter } from '../circuit/emitter.ts'
import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { EvictionPolicy, lostWith } from './eviction.ts'
import type { RegistryOptions } from './registry-options.ts'

/** The breaker itself, which is made when somebody first asks for it. */
export function handleOf<Fallback>(lazy: LazyCircuit): CircuitBreaker<Fallback> {
  lazy.breaker ??= new CircuitBreaker(lazy as never)
  return lazy.breaker as CircuitBreaker<Fallback>
}

/** The breakers of a registry: bounded, and heard as one. */
export class RegistryEntries {
  readonly #byName = new Map<string, LazyCircuit>()
  readonly #evictions = new EvictionPolicy()
  readonly #kinds: RegistryOptions
  #maxSize: number
  #audience: RegistryEmitter | undefined
  evicted = 0

  constructor(kinds: RegistryOptions, maxSize: number) {
    this.#kinds = kinds
    this.#maxSize = maxSize
  }

  get maxSize(): number {
    return this.#maxSize
  }

  set maxSize(maxSize: number) {
    this.#maxSize = maxSize
    this.#evictions.forget()
    for (const gone of this.#makeRoom(0)) gone()
  }

  get size(): number {
    return this.#byName.size
  }

  get(name: string): LazyCircuit | undefined {
    return this.#byName.get(name)
  }

  /** In the order in which they came. */
  lazyCircuits(): IterableIterator<LazyCircuit> {
    return this.#byName.values()
  }

  insert(lazy: LazyCircuit): void {
    const gone = this.#makeRoom(1)
    this.#byName.set(lazy.name, lazy)
    lazy.keyed?.lazyCircuits.set(lazy.keyed.key, lazy)
    if (this.#audience !== undefined) this.#listenTo(lazy, this.#audience)
    for (const tell of gone) tell()
  }

  delete(lazy: LazyCircuit): void {
    this.#remove(lazy)
    this.#evictions.forget()
  }

  /** Drops what has to go so that `more` fit in, and gives what tells of it. */
  #makeRoom(more: number): (() => void)[] {
    const gone: (() => void)[] = []
    while (this.size + more > this.#maxSize) {
      const lazy = this.#evictions.next(this.#byName)
      if (lazy === undefined) break
      const lost = lostWith(lazy)
      this.#remove(lazy)
      this.evicted++
      if (lost.length > 0) gone.push(() => this.#tell(lazy.name, lost))
    }
    return gone
  }

  #tell(breaker: string, lost: readonly string[]): void {
    // One that nobody hears is not published, so that it need not be known to breakers.
    const event = { breaker, lost }
    this.#audience?.publish('evict', event)
  }

  #remove(lazy: LazyCircuit): void {
    this.#byName.delete(lazy.name)
    lazy.keyed?.lazyCircuits.delete(lazy.keyed.key)
    if (lazy.existing === undefined) lazy.keyed = null
    else if (this.#audience !== undefined) {
      lazy.existing.emitter = detach(lazy.existing.emitter, this.#audience)
    }
  }

  /** Where everything is published that happens to a member, from now on. */
  listenTo(): RegistryEmitter {
    if (this.#audience !== undefined) return this.#audience
    const emitter = new RegistryEmitter(() => this.#hush(emitter))
    this.#audience = this.#kinds.emitter = emitter
    for (const lazy of this.lazyCircuits()) this.#listenTo(lazy, emitter)
    return emitter
  }

  #listenTo({ existing }: LazyCircuit, emitter: RegistryEmitter): void {
    if (existing !== undefined) existing.emitter = attach(existing.emitter, emitter)
  }

  /** Nobody listens any more: calls are as cheap as before. */
  #hush(emitter: RegistryEmitter): void {
    this.#audience = this.#kinds.emitter = undefined
    for (const { existing } of this.lazyCircuits()) {
      if (existing !== undefined) existing.emitter = detach(existing.emitter, emitter)
    }
  }
}
