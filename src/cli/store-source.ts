import { countsOf } from '../admin/entry.ts'
import { type Applied, appliedOf, USUALLY, untilApplied } from '../admin/fleet/applied.ts'
import { commandOf, stampOf } from '../admin/fleet/commands.ts'
import { logEntryOf } from '../admin/fleet/journal.ts'
import { rowOf } from '../admin/fleet/row.ts'
import { type FleetSummary, fleetView, summaryOf } from '../admin/fleet/view.ts'
import type { List, LogEntry, Operation, Result, Write } from '../admin/index.ts'
import { nearest } from '../admin/text.ts'
import { undoOf } from '../admin/undo.ts'
import { type FleetReading, type FleetStore, type JournalEntry, operate } from '../fleet/index.ts'
import { duration } from './arguments.ts'
import { CliError, EXIT, usage } from './cli-error.ts'
import type { Io } from './io.ts'
import type { FoundDetail, ServerEvent, Source } from './source.ts'
import { explanationOf, fits, orderOf } from './store-list.ts'

/** An answer that takes longer is none, ms. */
const PATIENCE = 5_000
const TICK = 1_000
const MOST_ENTRIES = 1_000

/** Asks the store of a fleet, in place of a process. */
export class StoreSource implements Source {
  readonly #store: FleetStore
  readonly #io: Io
  readonly #name: string
  /** Where it is, without a password. */
  readonly #where: string

  constructor(store: FleetStore, io: Io, name: string, where: string) {
    this.#store = store
    this.#io = io
    this.#name = name
    this.#where = where
  }

  async #ask<T>(
    ask: (signal: AbortSignal) => Promise<T> | undefined,
    signal?: AbortSignal,
  ): Promise<T> {
    const { interrupted } = this.#io
    const patience = AbortSignal.timeout(PATIENCE)
    try {
      return (await ask(
        AbortSignal.any([interrupted, patience, ...(signal === undefined ? [] : [signal])]),
      )) as T
    } catch (error) {
      if (interrupted.aborted) throw new CliError(EXIT.interrupted, '')
      if (error instanceof CliError) throw error
      const { code, message } = error as { code?: string; message: string }
      if (['NOPERM', 'NOAUTH', 'WRONGPASS', '42501'].includes(code ?? '')) {
        throw new CliError(EXIT.forbidden, `${this.#where} says: ${message}`)
      }
      throw new CliError(EXIT.failed, `${this.#where} does not answer as it should: ${message}`)
    }
  }

  #read(names?: readonly string[], signal?: AbortSignal): Promise<FleetReading> {
    return this.#ask((within) => this.#store.read?.(names, within), signal)
  }

  #journal(signal?: AbortSignal): Promise<readonly JournalEntry[]> {
    return this.#ask((within) => this.#store.journal?.(MOST_ENTRIES, within), signal)
  }

  async list(query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<List> {
    const [reading, journal] = await Promise.all([
      this.#read(undefined, signal),
      this.#journal(signal),
    ])
    return this.#listOf(reading, journal, query)
  }

  #listOf(
    reading: FleetReading,
    journal: readonly JournalEntry[],
    query: Readonly<Record<string, string>> = {},
  ): List {
    const { now, breakers } = fleetView(reading)
    const all = breakers.map((breaker) => rowOf(breaker, journal, now))
    const rows = all.filter((row) => fits(row, query)).sort(orderOf(query['sort']))
    const counts = countsOf(rows.map((row) => ({ ...row, ...row.rates, severity: row.class })))
    return { now, process: { id: this.#name }, counts, rows, next: null }
  }

  async detail(name: string): Promise<FoundDetail> {
    const [reading, journal] = await Promise.all([this.#read([name]), this.#journal()])
    const { now, breakers } = fleetView(reading)
    const [breaker] = breakers
    if (breaker === undefined) throw await this.#unknown(name)
    const row = rowOf(breaker, journal, now)
    const log = journal.filter((entry) => entry.name === name).map(logEntryOf)
    return { row, explanation: { text: explanationOf(row, breaker) }, log }
  }

  async #unknown(name: string): Promise<CliError> {
    const { breakers } = await this.#read()
    const [meant] = nearest(
      name,
      breakers.map((breaker) => breaker.name),
    )
    const advice = meant === undefined ? '' : ` Did you mean "${meant}"?`
    return new CliError(
      EXIT.unknown,
      `There is no breaker named ${JSON.stringify(name)} in ${this.#name}.${advice}`,
    )
  }

  async log({
    name,
    kind,
    limit,
  }: Readonly<Record<string, string>>): Promise<{ entries: LogEntry[] }> {
    const entries = (await this.#journal())
      .map(logEntryOf)
      .filter(
        (entry) =>
          (name === undefined || entry.breaker === name) &&
          (kind === undefined || entry.kind === kind),
      )
    return { entries: entries.slice(0, Number(limit ?? 50)) }
  }

  async session(): ReturnType<Source['session']> {
    return { process: { id: this.#name, name: this.#name, environment: null } }
  }

  async write<T = Result>(
    name: string,
    operation: Operation,
    { reason, by, scope, for: lasting }: Write,
    { version }: { version?: string | undefined } = {},
  ): Promise<T> {
    if (scope === 'process') {
      throw usage('--process is for one process: ask it by --url, not by --store.')
    }
    const ms = lasting == null ? undefined : duration('for', String(lasting))
    if (operation === 'configure') {
      throw usage('Options are those of each process: configure one by --url, not by --store.')
    }
    const command = commandOf(operation, { reason, ms }, by)
    const before = await this.detail(name)
    if (version !== undefined && version !== before.row.version) {
      const [last] = before.log
      throw new CliError(
        EXIT.changed,
        `${last?.by ?? 'Somebody'} was faster: ${last?.text ?? 'it has changed'}. Look again.`,
      )
    }
    const answer = await this.#ask((signal) => operate(this.#store, name, command, signal))
    if (answer === undefined) throw await this.#unknown(name)
    const id = `${stampOf(command, answer)}`
    const applied = await untilApplied(() => this.applied(id), USUALLY, this.#io)
    const { row, log } = await this.detail(name)
    const undo = undoOf(operation, before.row.override, reason, this.#io.now())
    const result: Result = { row, entry: log[0] as LogEntry, undo, applied }
    return result as T
  }

  async applied(id: string): Promise<Applied> {
    return appliedOf(await this.#read([]), Number(id))
  }

  async fleet(all: boolean): Promise<FleetSummary> {
    return summaryOf(await this.#read(), all)
  }

  /** Ticks, and what is new in the journal, until the signal is aborted. */
  async *events(after: string | undefined, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    let last = after
    let wake = (): void => {}
    const watch = this.#store.watch?.(
      () => wake(),
      () => {},
    )
    try {
      while (!signal.aborted) {
        const [reading, journal] = await Promise.all([
          this.#read(undefined, signal),
          this.#journal(signal),
        ])
        const known = journal.findIndex(({ id }) => id === last)
        const fresh = last === undefined ? [] : journal.slice(0, known === -1 ? undefined : known)
        last = journal[0]?.id ?? last ?? ''
        for (const entry of fresh.toReversed()) yield eventOf('log', logEntryOf(entry), entry.id)
        const { now, counts, rows } = this.#listOf(reading, journal)
        yield eventOf('tick', { now, counts, rows }, last)
        // A change is pushed; how many calls there are is not.
        const pause = new AbortController()
        wake = () => pause.abort()
        await this.#io.sleep(TICK, AbortSignal.any([signal, pause.signal]))
      }
    } finally {
      await watch?.[Symbol.asyncDispose]()
    }
  }
}

function eventOf(event: string, data: object, id: string): ServerEvent {
  return { event, id, data: JSON.stringify(data) }
}
