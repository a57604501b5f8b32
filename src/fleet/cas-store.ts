import { type FleetRecord, timeToLive } from './record.ts'
import { step } from './step.ts'
import type { Answer, Ask, CasStore, FleetStore } from './store.ts'

/** Others may save in between so often before an ask is given up. */
const MOST_ATTEMPTS = 16

/**
 * Makes a store of an engine that can compare and swap. All decisions are made here, by `step`: it loads a
 * record, decides, and saves it, again and again until no other process has saved in between.
 */
export function casStore(engine: CasStore): FleetStore {
  return {
    exchange: (asks, signal) => inTurn(asks, (ask) => exchange(engine, ask, signal)),
    ...(engine.watch && {
      watch: (onPush, onConnect) =>
        // biome-ignore lint/style/noNonNullAssertion: checked above.
        engine.watch!((name, bytes, nowMs) => {
          const { registers } = decode(bytes)
          onPush({ name, nowMs, registers })
        }, onConnect),
    }),
    async [Symbol.asyncDispose]() {},
  }
}

/** Those of one name one after the other: they would only get into each other's way. */
async function inTurn(
  asks: readonly Ask[],
  answerOf: (ask: Ask) => Promise<Answer>,
): Promise<Answer[]> {
  const last = new Map<string, Promise<Answer>>()
  const answers = asks.map((ask) => {
    const before = last.get(ask.name)
    const answer = before === undefined ? answerOf(ask) : before.then(() => answerOf(ask))
    last.set(ask.name, answer)
    return answer
  })
  return Promise.all(answers)
}

async function exchange(engine: CasStore, ask: Ask, signal: AbortSignal): Promise<Answer> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    signal.throwIfAborted()
    const { bytes, rev, nowMs } = await engine.load(ask.name, signal)
    const before = bytes === null ? undefined : decode(bytes)
    const { record, answer } = step(before, ask, Math.floor(nowMs))
    if (record === before) return answer
    const ttlMs = timeToLive(record, ask.policy)
    if (await engine.save(ask.name, encode(record), rev, ttlMs, signal)) return answer
  }
  throw new Error(`the record of ${ask.name} was changed by others ${MOST_ATTEMPTS} times`)
}

function encode(record: FleetRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record))
}

function decode(bytes: Uint8Array): FleetRecord {
  return JSON.parse(new TextDecoder().decode(bytes)) as FleetRecord
}
