import { Slots } from '../adapter/slots.ts'
import type {
  CasReading,
  CasStore,
  JournalChange,
  JournalEntry,
  ProcessReport,
  ProcessStatus,
} from '../fleet/index.ts'
import type { PostgresClient, PostgresPool } from './client.ts'
import { PostgresStoreError } from './errors.ts'
import { Listener } from './listener.ts'
import { type Statements, statementsOf } from './table.ts'

export interface EngineOptions {
  readonly namespace: string
  readonly table: string
  readonly createClient: (() => PostgresClient) | undefined
}

/** The rest of the pool is for others. */
const MOST_QUERIES = 4
/** A connection that is silent for so long, ms, is given up, so that there are others to come. */
const QUERY_TIMEOUT = 2_000
/** What others have done at the same time, under a stricter isolation, or while rows are cleaned. */
const RACES: readonly unknown[] = ['40001', '40P01']

type Watch = NonNullable<CasStore['watch']>

/** Rows with a revision, in a table. */
export class PostgresEngine implements CasStore {
  readonly watch?: Watch
  readonly #pool: PostgresPool
  readonly #namespace: string
  readonly #table: string
  readonly #statements: Statements
  readonly #slots = new Slots(MOST_QUERIES)
  readonly #listeners = new Set<Listener>()

  constructor(pool: PostgresPool, { namespace, table, createClient }: EngineOptions) {
    this.#pool = pool
    this.#namespace = namespace
    this.#table = table
    this.#statements = statementsOf(table)
    if (createClient !== undefined) this.watch = (...args) => this.#watch(createClient, ...args)
  }

  get #channel(): string {
    return `sc1:${this.#namespace}`
  }

  async load(name: string, signal: AbortSignal): ReturnType<CasStore['load']> {
    const [row] = await this.#query(signal, this.#statements.load, [this.#namespace, name])
    const { now, rev, record } = row as { now: unknown; rev: string | null; record: Uint8Array }
    return { bytes: record, rev: rev ?? '', nowMs: Number(now) }
  }

  async save(
    name: string,
    bytes: Uint8Array,
    rev: string,
    ttlMs: number,
    signal: AbortSignal,
    changes: readonly JournalChange[],
  ): Promise<boolean> {
    const { insert, update } = this.#statements
    const tells = changes.length > 0
    const text = (rev === '' ? insert : update)(tells)
    const lifetime = ttlMs === Infinity ? null : ttlMs
    const values = [this.#namespace, name, crypto.randomUUID(), bytes, lifetime, rev]
    // Also where this store does not listen: others do.
    if (tells) values.push(JSON.stringify(changes), this.#channel, this.#table)
    try {
      return (await this.#query(signal, text, values)).length > 0
    } catch (error) {
      if (error instanceof PostgresStoreError && RACES.includes(error.code)) return false
      throw error
    }
  }

  async note(report: ProcessReport, signal: AbortSignal): Promise<void> {
    const { process } = report
    await this.#query(signal, this.#statements.note, [
      ...[this.#namespace, process, JSON.stringify(report)],
    ])
  }

  async read(names: readonly string[] | undefined, signal: AbortSignal): Promise<CasReading> {
    const { processes, records } = this.#statements
    const [said, found] = await Promise.all([
      this.#query(signal, processes, [this.#namespace]),
      this.#query(signal, records, [this.#namespace, names ?? null]),
    ])
    const rows = said as { now: unknown; seen: unknown; report: string | null }[]
    return {
      nowMs: Number(rows[0]?.now),
      processes: rows.flatMap(({ seen, report }): ProcessStatus[] =>
        report === null
          ? []
          : [{ ...(JSON.parse(report) as ProcessReport), seenAt: Math.floor(Number(seen)) }],
      ),
      records: (found as { name: string; record: Uint8Array }[]).map(
        ({ name, record }) => [name, record] as const,
      ),
    }
  }

  async journal(limit: number, signal: AbortSignal): Promise<readonly JournalEntry[]> {
    const found = await this.#query(signal, this.#statements.journal, [this.#namespace, limit])
    const rows = found as { at: string; rev: string; changes: string }[]
    const entries = rows.flatMap(({ at, rev, changes }) =>
      (JSON.parse(changes) as JournalChange[])
        .map((change, i) => ({ id: `${at}-${rev}-${i}`, ...change }))
        .reverse(),
    )
    return entries.slice(0, limit)
  }

  /** What is not sent while there are too many queries, is not sent after `signal` is aborted. */
  #query(signal: AbortSignal, text: string, values: unknown[]): Promise<unknown[]> {
    return this.#slots.run(signal, async () => {
      const query = { text, values, query_timeout: QUERY_TIMEOUT }
      const { rows } = await this.#pool.query(query).catch((error: unknown) => {
        throw PostgresStoreError.of(error)
      })
      for (const listener of this.#listeners) listener.start()
      return rows
    })
  }

  #watch(
    createClient: () => PostgresClient,
    onChange: Parameters<Watch>[0],
    onConnect: () => void,
    onLost: () => void = () => {},
  ): AsyncDisposable {
    const onMessage = (payload: string): void => void this.#hear(payload, onChange)
    const listener = new Listener(createClient, this.#channel, onMessage, onConnect, onLost)
    this.#listeners.add(listener)
    listener.start()
    return {
      [Symbol.asyncDispose]: async () => {
        this.#listeners.delete(listener)
        listener.end()
      },
    }
  }

  async #hear(payload: string, onChange: Parameters<Watch>[0]): Promise<void> {
    try {
      const [table, name, now, text] = JSON.parse(payload) as [string, string, number, string?]
      if (table !== this.#table) return
      const pushed = text ? { bytes: bytesOf(text), nowMs: now } : undefined
      // It was too long to be pushed.
      const { bytes, nowMs } = pushed ?? (await this.load(name, new AbortController().signal))
      if (bytes !== null) onChange(name, bytes, nowMs)
    } catch {
      // It is not a push, or is lost: the next exchange has it.
    }
  }

  close(): void {
    for (const listener of this.#listeners) listener.end()
    this.#listeners.clear()
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
