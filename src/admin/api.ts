import type { CircuitBreaker, CircuitRegistry, Clock } from '../index.ts'
import type { Detail, HistoryAnswer, List, ProcessInfo, Result } from './answers.ts'
import { type Caller, viaOf } from './caller.ts'
import type { Changes } from './changes.ts'
import { countsOf, type Entry } from './entry.ts'
import { EventStreams } from './event-streams.ts'
import { FleetDesk } from './fleet/desk.ts'
import type { Recorder } from './history/recorder.ts'
import type { Lister } from './list.ts'
import { LOG_KINDS, type Log, type LogEntry } from './log.ts'
import { configure, doneOf, perform } from './operations.ts'
import type { AdminOptions } from './options.ts'
import { type FieldError, invalid, Problem } from './problem.ts'
import { checkKnown, firstOf, limitOf, onlyNames, page, queryOf } from './query.ts'
import { RateLimit } from './rate-limit.ts'
import { OPERATIONS, type Route } from './routes.ts'
import type { Row } from './row.ts'
import { nearest } from './text.ts'
import { type CheckedWrite, checkWrite } from './write-request.ts'

interface Answer {
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

/** The order of the rows of a tick, and how many there are. */
const FIRST = { sort: 'trouble', after: undefined } as const
const MOST_TICKED = 100

/** What is asked, answered. Who asks has been let in. */
export class Api {
  readonly #registry: CircuitRegistry
  readonly #options: AdminOptions
  readonly #clock: Clock
  readonly #log: Log
  readonly #recorder: Recorder
  readonly #changes: Changes
  readonly #lister: Lister
  readonly #fleet: FleetDesk
  readonly #process: ProcessInfo
  readonly #streams: EventStreams
  readonly #writes: RateLimit
  #entries:
    | { readonly at: number; readonly isRead: boolean; readonly entries: Promise<readonly Entry[]> }
    | undefined = undefined

  constructor(
    options: AdminOptions,
    clock: Clock,
    boot: string,
    process: ProcessInfo,
    parts: { log: Log; recorder: Recorder; changes: Changes; lister: Lister },
  ) {
    this.#registry = options.registry
    this.#options = options
    this.#clock = clock
    this.#process = process
    this.#log = parts.log
    this.#recorder = parts.recorder
    this.#changes = parts.changes
    this.#lister = parts.lister
    this.#fleet = new FleetDesk(options.fleet, clock, process)
    this.#writes = new RateLimit(clock, 10, 1_000)
    this.#streams = new EventStreams(clock, parts.log, boot, process.id, (names) =>
      this.#tick(names),
    )
  }

  close(): void {
    this.#streams.close()
    this.#changes.close()
    this.#recorder.close()
  }

  async read(
    route: Exclude<Route, { kind: 'write' | 'redirect' | 'events' }>,
    { searchParams }: URL,
    caller: Caller,
  ): Promise<Answer> {
    await this.#recorder.update()
    switch (route.kind) {
      case 'index':
        return {
          body: { api: 'api/v1/', see: ['api/v1/session', 'api/v1/breakers', 'api/v1/log'] },
        }
      case 'session':
        return { body: this.#session(caller) }
      case 'list':
        return { body: await this.#list(searchParams) }
      case 'log':
        return { body: this.#readLog(searchParams) }
      case 'fleet':
        return { body: await this.#fleet.summary(searchParams) }
      case 'operation':
        return { body: await this.#fleet.applied(route.id, 0) }
      case 'breaker':
        return this.#detail(route.name)
      case 'history':
        return { body: this.#history(route.name, searchParams) }
    }
  }

  #session({ by, write }: Caller): object {
    const { readOnly = false, maxFor = null } = this.#options
    const can = write && !readOnly ? ['read', 'write'] : ['read']
    return {
      by,
      can,
      process: this.#process,
      now: this.#clock.wall(),
      fleet: this.#fleet.exists,
      statistics: this.#registry.defaults.statistics === true,
      historySince: this.#recorder.since,
      limits: { maxFor, operations: OPERATIONS },
    }
  }

  /** The same for all that ask within a moment. */
  #all(): Promise<readonly Entry[]> {
    const at = this.#clock.now()
    if (this.#entries === undefined || (this.#entries.isRead && at !== this.#entries.at)) {
      const reading = { at, isRead: false, entries: this.#lister.entries() }
      const end = () => {
        reading.isRead = true
      }
      reading.entries.then(end, end)
      this.#entries = reading
    }
    return this.#entries.entries
  }

  async #list(parameters: URLSearchParams): Promise<List> {
    const query = queryOf(parameters)
    const { names } = query
    const head = { now: this.#clock.wall(), process: { id: this.#process.id } }
    const all = await this.#all()
    if (names !== undefined) {
      const rows = await this.#lister.rows(names)
      const missing = names.filter((name) => !this.#registry.has(name))
      return { ...head, counts: countsOf(all), rows, next: null, missing }
    }
    const fitting = await this.#lister.fitting(all, query)
    const { entries, next } = page(fitting, query)
    const rows = await this.#lister.rows(entries.map(({ name }) => name))
    return { ...head, counts: countsOf(fitting), rows, next }
  }

  #breaker(name: string): CircuitBreaker {
    const breaker = this.#registry.get(name)
    if (breaker !== undefined) return breaker
    const near = nearest(name, this.#registry.names())
    const advice =
      near.length === 0 ? '' : `Did you mean ${near.map((one) => `"${one}"`).join(' or ')}? `
    throw new Problem(
      'ERR_ADMIN_UNKNOWN_BREAKER',
      `There is no breaker named ${JSON.stringify(name)}.`,
      {
        hint: `${advice}GET api/v1/breakers lists them all.`,
        more: { nearest: near },
      },
    )
  }

  #row(name: string): Row {
    return this.#lister.row(name) as Row
  }

  #detail(name: string): Answer {
    const breaker = this.#breaker(name)
    const row = this.#row(name)
    const body: Detail = {
      row,
      snapshot: breaker.snapshot(),
      explanation: breaker.explain(),
      log: this.#log.read(50, { name }),
    }
    return { body, headers: { etag: `"${row.version}"` } }
  }

  #history(name: string, parameters: URLSearchParams): HistoryAnswer {
    const window = parameters.get('window') ?? '15m'
    if (window !== '15m' && window !== '6h') {
      throw invalid({ pointer: '?window', message: 'window must be 15m or 6h' })
    }
    this.#breaker(name)
    const history = this.#recorder.history(name, window)
    const from = history.until - history.step * history.ok.length
    return { ...history, band: this.#lister.band(name, from) }
  }

  #readLog(parameters: URLSearchParams): object {
    const errors: FieldError[] = []
    const wrong = (name: string, message: string): undefined => {
      errors.push({ pointer: `?${name}`, message })
    }
    checkKnown(parameters, ['name', 'kind', 'before', 'limit'], wrong)
    const limit = limitOf(parameters, 50, 200, wrong)
    const kind = parameters.get('kind')
    if (kind !== null && !(LOG_KINDS as readonly string[]).includes(kind)) {
      wrong('kind', `kind must be one of ${LOG_KINDS.join(', ')}`)
    }
    if (errors.length > 0) throw invalid(...errors)
    const given = Object.entries({
      name: parameters.get('name'),
      kind,
      before: parameters.get('before'),
    })
    const filter = Object.fromEntries(given.filter(([, value]) => value !== null))
    return { now: this.#clock.wall(), entries: this.#log.read(limit, filter) }
  }

  events({ searchParams }: URL, lastId: string | null): ReadableStream<Uint8Array> {
    const { names = [] } = queryOf(new URLSearchParams(onlyNames(searchParams)))
    return this.#streams.open(names, lastId ?? searchParams.get('after'))
  }

  async #tick(names: readonly string[]): Promise<object> {
    const all = await this.#all()
    const first = firstOf(all, FIRST, MOST_TICKED)
    const wanted = new Set([...first.map(({ name }) => name), ...names])
    const rows = await this.#lister.rows(wanted)
    return { now: this.#clock.wall(), counts: countsOf(all), rows }
  }

  async write(
    { name, operation }: Extract<Route, { kind: 'write' }>,
    { searchParams }: URL,
    headers: Headers,
    text: string,
    caller: Caller,
  ): Promise<Result | object> {
    const known = this.#registry.get(name)
    const isShared = known !== undefined && this.#fleet.shares(known)
    const write = checkWrite(text, operation, this.#options.maxFor ?? Infinity, isShared)
    const breaker = this.#breaker(name)
    if (operation === 'configure' && searchParams.get('dry') === '1') {
      return configure(breaker, write.patch, { dryRun: true })
    }
    this.#checkVersion(name, headers)
    if (!this.#writes.take()) {
      throw new Problem('ERR_ADMIN_TOO_MANY', 'At most 10 changes are made in a second.', {
        headers: { 'retry-after': '1' },
      })
    }
    return this.#perform(breaker, operation, write, caller, viaOf(headers))
  }

  async #perform(
    breaker: CircuitBreaker,
    operation: Extract<Route, { kind: 'write' }>['operation'],
    write: CheckedWrite,
    { by, verified }: Caller,
    via: LogEntry['via'],
  ): Promise<Result> {
    const { name } = breaker
    const who = verified ? (by ?? undefined) : write.by
    let stamp: number | undefined
    const { entry, undo } = await this.#changes.quietly(name, async () => {
      if (write.scope === 'process') {
        return perform(breaker, operation, write, who, this.#clock.wall())
      }
      const before = breaker.snapshot()
      stamp = await this.#fleet.operate(name, operation, write, who)
      return doneOf(breaker, operation, before, write, this.#clock.wall())
    })
    const entered = this.#log.add({ ...entry, by: who ?? null, verified, via })
    this.#entries = undefined
    const applied = stamp === undefined ? undefined : await this.#fleet.applied(String(stamp))
    return { row: this.#row(name), entry: entered, undo, ...(applied && { applied }) }
  }

  /** Who changes something may say which version they saw; the page must. */
  #checkVersion(name: string, headers: Headers): void {
    const given = headers.get('if-match')
    if (given === null) {
      if (viaOf(headers) !== 'page') return
      throw new Problem(
        'ERR_ADMIN_VERSION_REQUIRED',
        'If-Match with the version of the row is missing.',
      )
    }
    const row = this.#row(name)
    const versions = given.split(',').map((version) => version.trim().replace(/^"(.*)"$/, '$1'))
    if (versions.includes('*') || versions.includes(row.version)) return
    const last = this.#log.read(50, { name }).find(({ kind }) => kind !== 'rejected')
    throw new Problem('ERR_ADMIN_CHANGED', 'The breaker is not as it was seen.', {
      hint: 'Look again, and send the version that you see then.',
      more: {
        changed: {
          by: last?.by ?? null,
          at: last?.at ?? null,
          text: last?.text ?? null,
          version: row.version,
        },
      },
    })
  }
}
