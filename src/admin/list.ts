import type { BreakerReading, CircuitRegistry, Clock, Snapshot } from '../index.ts'
import type { BandPart, Changes } from './changes.ts'
import type { Entry } from './entry.ts'
import type { Recorder } from './history/recorder.ts'
import { callsOf } from './history/totals.ts'
import { impactOf } from './order.ts'
import type { Query } from './query.ts'
import { BAND, describe, type Row } from './row.ts'
import { failsOften, IDLE, SteadySeverity, severityOf } from './severity.ts'
import { inParts, inTurns, readAll } from './turns.ts'

/** So many rows take about a millisecond, and so does looking for words in so many entries. */
const ROWS = 50
const LOOKED_AT = 2_000

/** Reads the breakers of a registry for lists and rows, without changing any. */
export class Lister {
  readonly #registry: CircuitRegistry
  readonly #clock: Clock
  readonly #recorder: Recorder
  readonly #changes: Changes
  readonly #steady = new SteadySeverity()

  constructor(registry: CircuitRegistry, clock: Clock, recorder: Recorder, changes: Changes) {
    this.#registry = registry
    this.#clock = clock
    this.#recorder = recorder
    this.#changes = changes
  }

  /** All breakers. */
  async entries(): Promise<Entry[]> {
    await this.#recorder.update()
    const now = this.#clock.now()
    const seconds = this.#recorder.latestSeconds
    const entries: Entry[] = []
    const read = readAll(this.#registry, (reading) => {
      entries.push(this.#entryOf(reading, now, seconds))
    })
    await inTurns(read)
    this.#steady.tidy(now)
    return entries
  }

  #entryOf(reading: BreakerReading, now: number, seconds: number): Entry {
    const { name, state, automatic, override } = reading
    const recording = this.#recorder.read(reading)
    const idleFor = this.#recorder.idleFor(recording)
    const isQuiet = automatic === 'closed' && override === null
    const found = severityOf(reading, {
      recording,
      idleFor: Math.min(idleFor, this.#clock.wall() - reading.since),
      trips: isQuiet ? this.#trips(name) : 0,
      maxConcurrent: () => this.#registry.get(name)?.options.maxConcurrent,
    })
    const latest = recording?.latest
    const calls = latest === undefined ? 0 : callsOf(latest) / seconds
    const failed = (latest?.failed ?? 0) / seconds
    const rejected = (latest?.rejected ?? 0) / seconds
    return {
      name,
      state,
      automatic,
      override,
      severity: this.#steady.of(name, found, now),
      impact: found === 3 ? -Number(idleFor >= IDLE) : impactOf(failed + rejected),
      calls,
      failed,
      rejected,
    }
  }

  #trips(name: string): number {
    return this.#changes.tripsSince(name, this.#clock.wall() - BAND)
  }

  /** The entries that a query asks for. */
  async fitting(all: readonly Entry[], query: Query): Promise<Entry[]> {
    const found: Entry[] = []
    const { words } = query
    await inTurns(
      inParts(all, words.length === 0 ? all.length : LOOKED_AT, (entry) => {
        if (this.#fits(entry, query)) found.push(entry)
      }),
    )
    return found
  }

  /** Looks at who has overridden it, if the query asks for that. */
  #fits({ name, state, automatic, override, severity }: Entry, query: Query): boolean {
    if (query.state !== undefined && !query.state.includes(state)) return false
    if (query.trouble && severity !== 0) return false
    if (query.hand && override === null) return false
    if (query.words.length === 0) return true
    const said = override === null ? null : this.#registry.get(name)?.snapshot().override
    const who = said?.by?.toLowerCase() ?? ''
    const text = [name, said?.reason, who].join('\n').toLowerCase()
    return query.words.every(({ field, word }) => {
      if (field === 'state') return state === word || automatic === word
      return field === 'by' ? who.includes(word) : text.includes(word)
    })
  }

  /** The rows of breakers, by name; those that there are. */
  async rows(names: Iterable<string>): Promise<Row[]> {
    const rows: Row[] = []
    const visit = (reading: BreakerReading) => {
      const row = this.#rowOf(reading)
      if (row !== undefined) rows.push(row)
    }
    await inTurns(readAll(this.#registry, visit, { names: [...new Set(names)], size: ROWS }))
    return rows
  }

  row(name: string): Row | undefined {
    return this.#readOne(name, (reading) => this.#rowOf(reading))
  }

  /** What calls of a breaker have met since then, in milliseconds since 1970. */
  band(name: string, from: number): BandPart[] {
    return this.#readOne(name, (reading) => this.#changes.band(reading, from)) ?? []
  }

  #readOne<T>(name: string, take: (reading: BreakerReading) => T): T | undefined {
    let taken: T | undefined
    this.#registry.read(
      (reading) => {
        taken = take(reading)
      },
      [name],
    )
    return taken
  }

  /** `reading` is of the breaker, and is not kept. */
  #rowOf(reading: BreakerReading): Row | undefined {
    const seconds = this.#recorder.latestSeconds
    const { severity } = this.#entryOf(reading, this.#clock.now(), seconds)
    const { name, state, automatic, generation, inFlight } = reading
    const breaker = this.#registry.get(name)
    if (breaker === undefined) return undefined
    const snapshot = breaker.snapshot()
    const recording = this.#recorder.get(name)
    const wall = this.#clock.wall()
    const trips = this.#trips(name)
    const recent = recording?.recent
    const ended = recent === undefined ? 0 : recent.ok + recent.failed
    const all = ended + (recent?.rejected ?? 0)
    const fullShare = all === 0 ? 0 : (recent?.full ?? 0) / all
    const failing = recent !== undefined && failsOften(recent.ok, recent.failed)
    const idleFor = this.#recorder.idleFor(recording)
    const circumstances = { idleFor, trips, fullShare, failing }
    const per = (calls: number | undefined) => Math.round(((calls ?? 0) / seconds) * 100) / 100
    const latest = recording?.latest
    return {
      name,
      state,
      automatic,
      stateFor: Math.round(snapshot.stateFor),
      trippedFor: trippedFor(snapshot),
      generation,
      override: snapshot.override,
      fleet: snapshot.fleet,
      class: severity,
      ...describe(snapshot, severity, circumstances, wall),
      rates: {
        calls: per(latest && callsOf(latest)),
        failed: per(latest?.failed),
        rejected: per(latest?.rejected),
        unenforced: per(latest?.unenforced),
      },
      failedShare: ended === 0 ? null : (recent?.failed ?? 0) / ended,
      p99: recording?.p99 ?? null,
      inFlight,
      retryAfter: snapshot.retryAfter,
      trips15m: trips,
      band: this.#changes.band(reading, wall - BAND),
      version: this.#changes.versionOf(reading),
    }
  }
}

function trippedFor({ automatic, trips }: Snapshot): number | null {
  const last = trips.at(-1)
  return automatic === 'closed' || last === undefined ? null : Math.round(last.age)
}
