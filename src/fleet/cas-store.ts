import { unlessAborted } from '../adapter/unless-aborted.ts'
import { unobtrusiveClock } from './platform.ts'
import { type FleetRecord, NO_RECORD, timeToLive } from './record.ts'
import { step } from './step.ts'
import type { Answer, Ask, CasStore, FleetStore, Push } from './store.ts'

/** Others may save in between so often before an ask is given up. */
const MOST_ATTEMPTS = 32
/** Those that have lost a race wait, each for another time, ms: up to twice as long after each, up to this. */
const LONGEST_PAUSE = 64

/**
 * Makes a store of an engine that can compare and swap. All decisions are made here, by `step`: it loads a
 * record, decides, and saves it, again and again until no other process has saved in between.
 *
 * An exchange ends when its signal is aborted, whether or not the engine minds that.
 */
export function casStore(engine: CasStore): FleetStore {
  const turns = new Turns()
  return {
    async exchange(asks, signal) {
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
      await Promise.all(exchanges)
      return answers
    },
    ...(engine.watch && {
      watch: (onPush, onConnect) =>
        // biome-ignore lint/style/noNonNullAssertion: checked above.
        engine.watch!((name, bytes, nowMs) => {
          const push = pushOf(name, bytes, nowMs)
          if (push !== undefined) onPush(push)
        }, onConnect),
    }),
    async [Symbol.asyncDispose]() {},
  }
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
    const changed = changes.length > 0
    if (await engine.save(ask.name, encode(record), rev, ttlMs, signal, changed)) return answer
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
