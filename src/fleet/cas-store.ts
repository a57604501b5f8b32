import { unlessAborted } from '../adapter/unless-aborted.ts'
import { changeOf } from './journal.ts'
import { unobtrusiveClock } from './platform.ts'
import { living, type ProcessReport, type ProcessStatus } from './processes.ts'
import { breakerOf } from './reading.ts'
import { type FleetRecord, NO_RECORD, timeToLive } from './record.ts'
import { step } from './step.ts'
import type {
  Answer,
  Ask,
  FleetBreaker,
  FleetStore,
  JournalChange,
  JournalEntry,
  Push,
} from './store.ts'

/** Others may save in between so often before an ask is given up. */
const MOST_ATTEMPTS = 32
/** Those that have lost a race wait, each for another time, ms: up to twice as long after each, up to this. */
const LONGEST_PAUSE = 64

/**
 * A store that only compares and swaps. `casStore` makes a {@link FleetStore} of it, whose decisions are those
 * of `step`. Experimental: it may change in any version.
 */
export interface CasStore {
  /** `bytes` is null for a name that it does not have. `nowMs` is the clock of the engine, not of the process. */
  load(
    name: string,
    signal: AbortSignal,
  ): Promise<{
    readonly bytes: Uint8Array | null
    readonly rev: string
    readonly nowMs: number
  }>
  /**
   * Saves if the revision is still `rev`, and returns whether it was. No revision comes again, not even after all
   * was lost. `ttlMs` may be `Infinity`. Those who watch are to hear of it if there are `changes`, which are for the
   * journal, too: counts are no change.
   */
  save(
    name: string,
    bytes: Uint8Array,
    rev: string,
    ttlMs: number,
    signal: AbortSignal,
    changes: readonly JournalChange[],
  ): Promise<boolean>
  /**
   * Hears of changes of any process, with the clock of the engine. They may be lost. `onConnect` and `onLost` are
   * called as for {@link FleetStore.watch}.
   */
  watch?(
    onChange: (name: string, bytes: Uint8Array, nowMs: number) => void,
    onConnect: () => void,
    onLost?: () => void,
  ): AsyncDisposable
  /** Keeps what a process says of itself, and when that was. Those that have said nothing for a minute may go. */
  note?(report: ProcessReport, signal: AbortSignal): Promise<void>
  /** What it keeps, for those who operate the fleet: without it, a store can't be read. It changes nothing. */
  read?(names: readonly string[] | undefined, signal: AbortSignal): Promise<CasReading>
  /** The last changes that were saved, newest first, at most so many. */
  journal?(limit: number, signal: AbortSignal): Promise<readonly JournalEntry[]>
}

/** What an engine keeps. */
export interface CasReading {
  readonly nowMs: number
  /** What processes have said, and when, by the clock of the engine. */
  readonly processes: readonly ProcessStatus[]
  /** The records that were asked for, as far as there are any, or all of them by name. */
  readonly records: readonly (readonly [name: string, bytes: Uint8Array])[]
}

/**
 * Makes a store of an engine that can compare and swap. All decisions are made here, by `step`: it loads a
 * record, decides, and saves it, again and again until no other process has saved in between.
 *
 * An exchange ends when its signal is aborted, whether or not the engine minds that.
 */
export function casStore(engine: CasStore): FleetStore {
  const turns = new Turns()
  return {
    async exchange(asks, signal, report) {
      const answers: Answer[] = []
      const indexes = new Map<string, number[]>()
      for (const [i, { name }] of asks.entries()) {
        indexes.set(name, [...(indexes.get(name) ?? []), i])
      }
      const exchanges = Array.from(indexes, ([name, of]) =>
        turns.take(name, signal, async () => {
          for (const i of of) answers[i] = await exchange(engine, asks[i] as Ask, signal)
        }),
      )
      const noted = report && engine.note && unlessAborted(signal, engine.note(report, signal))
      // What is only for those who look is no reason to lose the answers.
      await Promise.all([...exchanges, asks.length > 0 ? noted?.catch(() => {}) : noted])
      return answers
    },
    ...(engine.watch && {
      watch: (onPush, onConnect, onLost) =>
        // biome-ignore lint/style/noNonNullAssertion: checked above.
        engine.watch!(
          (name, bytes, nowMs) => {
            const push = pushOf(name, bytes, nowMs)
            if (push !== undefined) onPush(push)
          },
          onConnect,
          onLost,
        ),
    }),
    ...(engine.read && {
      async read(names, signal) {
        // biome-ignore lint/style/noNonNullAssertion: checked above.
        const reading = await unlessAborted(signal, engine.read!(names, signal))
        const { processes, records } = reading
        const nowMs = Math.floor(reading.nowMs)
        const breakers = records.flatMap(([name, bytes]) => readable(name, bytes, nowMs))
        return { nowMs, processes: living(processes, nowMs), breakers }
      },
    }),
    ...(engine.journal && {
      // biome-ignore lint/style/noNonNullAssertion: checked above.
      journal: (limit, signal) => unlessAborted(signal, engine.journal!(limit, signal)),
    }),
    async [Symbol.asyncDispose]() {},
  }
}

/** None for a record of a newer version. */
function readable(name: string, bytes: Uint8Array, nowMs: number): FleetBreaker[] {
  const record = decode(bytes)
  return record.schema === NO_RECORD.schema ? [breakerOf(name, record, nowMs)] : []
}

/** Of one name one after the other, also those of several exchanges: they would only get into each other's way. */
class Turns {
  /** Never rejects. */
  readonly #last = new Map<string, Promise<void>>()

  async take(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(name)
    const done = unlessAborted(signal, before === undefined ? work() : before.then(work))
    const ended = done.catch(() => {})
    this.#last.set(name, ended)
    try {
      await done
    } finally {
      if (this.#last.get(name) === ended) this.#last.delete(name)
    }
  }
}

async function exchange(engine: CasStore, ask: Ask, signal: AbortSignal): Promise<Answer> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    if (attempt > 1) await pause(Math.random() * Math.min(2 ** attempt, LONGEST_PAUSE))
    signal.throwIfAborted()
    const { bytes, rev, nowMs } = await engine.load(ask.name, signal)
    const before = bytes === null ? undefined : decode(bytes)
    const { record, answer, changes } = step(before, ask, Math.floor(nowMs))
    if (record === before) return answer
    const ttlMs = timeToLive(record, ask.policy)
    signal.throwIfAborted()
    const entries = changes.map((change) => changeOf(ask.name, answer.nowMs, change))
    if (await engine.save(ask.name, encode(record), rev, ttlMs, signal, entries)) return answer
  }
  throw new Error(`the record of ${ask.name} was changed by others ${MOST_ATTEMPTS} times`)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void unobtrusiveClock.setTimer(ms, resolve))
}

function encode(record: FleetRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record))
}

function decode(bytes: Uint8Array): FleetRecord {
  return JSON.parse(new TextDecoder().decode(bytes)) as FleetRecord
}

/** A push is only a hint: what this version can't read is left to the next exchange. */
function pushOf(name: string, bytes: Uint8Array, nowMs: number): Push | undefined {
  try {
    const { schema, registers } = decode(bytes)
    return schema === NO_RECORD.schema ? { name, nowMs: Math.floor(nowMs), registers } : undefined
  } catch {
    return undefined
  }
}
