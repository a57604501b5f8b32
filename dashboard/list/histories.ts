/** How often one is read, ms. */
const EVERY = 10_000
/** A row that is only scrolled past is not asked for, ms. */
const PATIENCE = 200
/** So many are kept, those of rows out of view among them: they come back when the order changes. */
const KEPT = 100

interface Kept<T> {
  /** Undefined if there was no answer yet. */
  readonly answer: T | undefined
  readonly readAt: number
}

/** What is read of each breaker in view from time to time, one after the other: all at once takes more than a frame. */
export class Histories<T> {
  readonly #read: (name: string) => Promise<T>
  readonly #kept = new Map<string, Kept<T>>()
  readonly #followed = new Map<string, (answer: T) => void>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #isReading = false

  constructor(read: (name: string) => Promise<T>) {
    this.#read = read
  }

  /** The last answer, or undefined if there was none, or none lately. */
  of(name: string): T | undefined {
    return this.#kept.get(name)?.answer
  }

  /** Passes on each answer, until what it returns is called. */
  follow(name: string, show: (answer: T) => void): () => void {
    this.#followed.set(name, show)
    this.#schedule()
    return () => {
      if (this.#followed.get(name) === show) this.#followed.delete(name)
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#isReading || this.#followed.size === 0) return
    const due = Math.min(...[...this.#followed.keys()].map((name) => this.#dueAt(name)))
    const wait = Math.max(PATIENCE, due - performance.now())
    this.#timer = setTimeout(() => this.#readDue(), wait)
  }

  #dueAt(name: string): number {
    const { readAt = Number.NEGATIVE_INFINITY } = this.#kept.get(name) ?? {}
    return readAt + EVERY
  }

  async #readDue(): Promise<void> {
    this.#isReading = true
    for (let name = this.#nextDue(); name !== undefined; name = this.#nextDue()) {
      // Without an answer what is there stays, and the banner says so.
      const answer = await this.#read(name).catch(() => undefined)
      this.#keep(name, answer ?? this.of(name))
      if (answer !== undefined) this.#followed.get(name)?.(answer)
    }
    this.#isReading = false
    this.#schedule()
  }

  #nextDue(): string | undefined {
    const now = performance.now()
    return [...this.#followed.keys()].find((name) => this.#dueAt(name) <= now)
  }

  #keep(name: string, answer: T | undefined): void {
    // Last, so that those come first that were read longest ago.
    this.#kept.delete(name)
    this.#kept.set(name, { answer, readAt: performance.now() })
    for (const other of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break
      if (!this.#followed.has(other)) this.#kept.delete(other)
    }
  }
}
