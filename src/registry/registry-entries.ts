import { Audience, joined, left } from '../circuit/emitter.ts'
import type { Seat } from '../circuit/lazy-circuit.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { Evictions, lostWith } from './eviction.ts'
import type { Kinds } from './registry-options.ts'

/** The breaker itself, which is made when somebody first asks for it. */
export function handleOf<Fallback>(seat: Seat): CircuitBreaker<Fallback> {
  seat.handle ??= new CircuitBreaker(seat as never)
  return seat.handle as CircuitBreaker<Fallback>
}

/** The breakers of a registry: bounded, and heard as one. */
export class Members {
  readonly #byName = new Map<string, Seat>()
  readonly #evictions = new Evictions()
  readonly #kinds: Kinds
  #maxSize: number
  #audience: Audience | undefined
  evicted = 0

  constructor(kinds: Kinds, maxSize: number) {
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

  get(name: string): Seat | undefined {
    return this.#byName.get(name)
  }

  /** In the order in which they came. */
  seats(): IterableIterator<Seat> {
    return this.#byName.values()
  }

  insert(seat: Seat): void {
    const gone = this.#makeRoom(1)
    this.#byName.set(seat.name, seat)
    seat.keyed?.seats.set(seat.keyed.key, seat)
    if (this.#audience !== undefined) this.#hear(seat, this.#audience)
    for (const tell of gone) tell()
  }

  delete(seat: Seat): void {
    this.#remove(seat)
    this.#evictions.forget()
  }

  /** Drops what has to go so that `more` fit in, and gives what tells of it. */
  #makeRoom(more: number): (() => void)[] {
    const gone: (() => void)[] = []
    while (this.size + more > this.#maxSize) {
      const seat = this.#evictions.next(this.#byName)
      if (seat === undefined) break
      const lost = lostWith(seat)
      this.#remove(seat)
      this.evicted++
      if (lost.length > 0) gone.push(() => this.#tell(seat.name, lost))
    }
    return gone
  }

  #tell(breaker: string, lost: readonly string[]): void {
    // One that nobody hears is not published, so that it need not be known to breakers.
    const event = { breaker, lost }
    this.#audience?.publish('evict' as never, event as never)
  }

  #remove(seat: Seat): void {
    this.#byName.delete(seat.name)
    seat.keyed?.seats.delete(seat.keyed.key)
    if (seat.built === undefined) seat.keyed = null
    else if (this.#audience !== undefined) {
      seat.built.emitter = left(seat.built.emitter, this.#audience)
    }
  }

  /** Where everything is published that happens to a member, from now on. */
  listenTo(): Audience {
    if (this.#audience !== undefined) return this.#audience
    const audience = new Audience(() => this.#hush(audience))
    this.#audience = this.#kinds.audience = audience
    for (const seat of this.seats()) this.#hear(seat, audience)
    return audience
  }

  #hear({ built }: Seat, audience: Audience): void {
    if (built !== undefined) built.emitter = joined(built.emitter, audience)
  }

  /** Nobody listens any more: calls are as cheap as before. */
  #hush(audience: Audience): void {
    this.#audience = this.#kinds.audience = undefined
    for (const { built } of this.seats()) {
      if (built !== undefined) built.emitter = left(built.emitter, audience)
    }
  }
}
