import type { Clock } from '../index.ts'

export type LogKind =
  | 'transition'
  | 'override'
  | 'configure'
  | 'trip'
  | 'reset'
  | 'release'
  | 'evict'
  | 'rejected'

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
  /** How it was done: by the API, or a client of it that names itself, or by the code of the process. */
  readonly via: 'page' | 'command' | 'api' | 'code'
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

const KEPT = 1_000
/** Apart from the others, so that attempts that are rejected can't push those out. */
const KEPT_REJECTED = 200
/** So many of them are entered within a second; the others are counted. */
const REJECTED_PER_SECOND = 10

/** The last entries, and who listens to them. */
export class Log {
  readonly #boot: string
  readonly #process: string
  readonly #clock: Clock
  readonly #entries: LogEntry[] = []
  readonly #rejected: LogEntry[] = []
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
    const ring = full.kind === 'rejected' ? this.#rejected : this.#entries
    ring.push(full)
    if (ring.length > (ring === this.#rejected ? KEPT_REJECTED : KEPT)) ring.shift()
    for (const listener of this.#listeners) listener(full)
    return full
  }

  /** Enters an attempt that was rejected; some of them, if there are many. */
  addRejected(entry: Omit<NewEntry, 'kind'>): void {
    const now = this.#clock.now()
    if (!(now - this.#second.at < 1_000)) {
      const { counted } = this.#second
      this.#second = { at: now, entered: 0, counted: 0 }
      if (counted > 0) {
        const text = `${counted} more attempts were rejected`
        this.add({ kind: 'rejected', breaker: '', text })
      }
    }
    if (this.#second.entered++ < REJECTED_PER_SECOND) this.add({ ...entry, kind: 'rejected' })
    else this.#second.counted++
  }

  /** Those that fit, newest first; `before` is the id of an entry. */
  read(
    limit: number,
    { name, kind, before }: { name?: string; kind?: string; before?: string } = {},
  ): LogEntry[] {
    const end = before === undefined ? Infinity : this.numberOf(before)
    return [...this.#entries, ...this.#rejected]
      .filter(
        (entry) =>
          (name === undefined || entry.breaker === name) &&
          (kind === undefined || entry.kind === kind) &&
          this.numberOf(entry.id) < end,
      )
      .sort((a, b) => this.numberOf(b.id) - this.numberOf(a.id))
      .slice(0, limit)
  }

  /** Those after an id, oldest first; undefined if they are not all here, or it is of another run. */
  after(id: string): LogEntry[] | undefined {
    const number = this.numberOf(id)
    const first = this.#entries[0]
    const oldest = first === undefined ? 0 : this.numberOf(first.id)
    const isComplete = this.#entries.length < KEPT || number >= oldest - 1
    if (Number.isNaN(number) || number > this.#lastId || !isComplete) return undefined
    return this.read(Infinity)
      .filter((entry) => this.numberOf(entry.id) > number)
      .reverse()
  }

  /** NaN for an id of another run. */
  numberOf(id: string): number {
    const [boot, number] = id.split('.')
    return boot === this.#boot && /^\d{1,15}$/.test(number ?? '') ? Number(number) : Number.NaN
  }
}
