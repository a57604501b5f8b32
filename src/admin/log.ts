import type { Clock } from '../index.ts'

export const LOG_KINDS = [
  'transition',
  'override',
  'configure',
  'trip',
  'reset',
  'release',
  'evict',
  'rejected',
] as const
export type LogKind = (typeof LOG_KINDS)[number]

/** Something that has happened to a breaker, or an attempt that was rejected. */
export interface LogEntry {
  /** Ascending within one run of the process. */
  readonly id: string
  /** In milliseconds since 1970. */
  readonly at: number
  readonly kind: LogKind
  /** Empty for an attempt that names none. */
  readonly breaker: string
  readonly by: string | null
  /** Whether `authorize` has said who it was; false for what a client on this machine calls itself. */
  readonly verified: boolean
  /**
   * How it was done: by the API, or a client of it that names itself, by the code of the process, or elsewhere in
   * its fleet.
   */
  readonly via: 'page' | 'command' | 'api' | 'code' | 'fleet'
  readonly text: string
  readonly reason: string | null
  /** When an override lifts itself, in milliseconds since 1970. */
  readonly until: number | null
  /** State or override before and after. */
  readonly before: string
  readonly after: string
  /** The HTTP status of an attempt that was rejected. */
  readonly status: number | null
  readonly process: string
}

/** An entry without what the log adds. */
export type NewEntry = Pick<LogEntry, 'kind' | 'breaker' | 'text'> &
  Partial<Omit<LogEntry, 'id' | 'at' | 'process'>>

/** The last entries of one sort: many of one can't push those of another out. */
class Ring {
  readonly entries: LogEntry[] = []
  /** The number of the last one that had to go. */
  lost = 0
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  add(entry: LogEntry): void {
    this.entries.push(entry)
    if (this.entries.length <= this.#most) return
    this.lost = numberIn(this.entries.shift() as LogEntry)
  }
}

function numberIn({ id }: LogEntry): number {
  return Number(id.slice(id.indexOf('.') + 1))
}

/** So many of them are entered within a second; the others are counted. */
const REJECTED_PER_SECOND = 10

/** The last entries, and who listens to them. */
export class Log {
  readonly #boot: string
  readonly #process: string
  readonly #clock: Clock
  /** What people and code have done. */
  readonly #done = new Ring(1_000)
  readonly #transitions = new Ring(1_000)
  readonly #rejected = new Ring(200)
  #lastId = 0
  #second = { at: Number.NEGATIVE_INFINITY, entered: 0, counted: 0 }
  readonly #listeners: ((entry: LogEntry) => void)[] = []

  constructor(boot: string, process: string, clock: Clock) {
    this.#boot = boot
    this.#process = process
    this.#clock = clock
  }

  /** Calls `listener` with each entry from now on. */
  listen(listener: (entry: LogEntry) => void): void {
    this.#listeners.push(listener)
  }

  add(entry: NewEntry): LogEntry {
    const full: LogEntry = {
      id: `${this.#boot}.${++this.#lastId}`,
      at: this.#clock.wall(),
      by: null,
      verified: false,
      via: 'api',
      reason: null,
      until: null,
      before: '',
      after: '',
      status: null,
      process: this.#process,
      ...entry,
    }
    if (full.kind === 'rejected') this.#rejected.add(full)
    else if (full.kind === 'transition') this.#transitions.add(full)
    else this.#done.add(full)
    for (const listener of this.#listeners) listener(full)
    return full
  }

  /** Enters an attempt that was rejected; some of them, if there are many. */
  addRejected(entry: Omit<NewEntry, 'kind'>): void {
    this.#endSecond()
    if (this.#second.entered++ < REJECTED_PER_SECOND) this.add({ ...entry, kind: 'rejected' })
    else this.#second.counted++
  }

  /** Enters how many attempts were only counted, once their second is over. */
  #endSecond(): void {
    const now = this.#clock.now()
    // Also where the clock has gone back.
    if (now >= this.#second.at && now - this.#second.at < 1_000) return
    const { counted } = this.#second
    this.#second = { at: now, entered: 0, counted: 0 }
    if (counted === 0) return
    this.add({ kind: 'rejected', breaker: '', text: `${counted} more attempts were rejected` })
  }

  /** Those that fit, newest first; `before` is the id of an entry. */
  read(
    limit: number,
    { name, kind, before }: { name?: string; kind?: string; before?: string } = {},
  ): LogEntry[] {
    this.#endSecond()
    const end = before === undefined ? Infinity : this.numberOf(before)
    const fits = (entry: LogEntry) =>
      (name === undefined || entry.breaker === name) &&
      (kind === undefined || entry.kind === kind) &&
      numberIn(entry) < end
    return this.#all().filter(fits).reverse().slice(0, limit)
  }

  /** Oldest first. */
  #all(): LogEntry[] {
    return [this.#done, this.#transitions, this.#rejected]
      .flatMap(({ entries }) => entries)
      .sort((a, b) => numberIn(a) - numberIn(b))
  }

  /** Those after an id, oldest first; undefined if they are not all here, or it is of another run. */
  after(id: string): LogEntry[] | undefined {
    const number = this.numberOf(id)
    const lost = Math.max(this.#done.lost, this.#transitions.lost)
    if (!(number >= lost && number <= this.#lastId)) return undefined
    return this.#all().filter((entry) => numberIn(entry) > number)
  }

  /** NaN for an id of another run. */
  numberOf(id: string): number {
    const [boot, number] = id.split('.')
    return boot === this.#boot && /^\d{1,15}$/.test(number ?? '') ? Number(number) : Number.NaN
  }
}
