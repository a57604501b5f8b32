import { insist } from '../../testing/conformance/conformance-case.ts'
import type { CasStore } from '../index.ts'
import { CHANGE, never, range } from './asks.ts'
import { defineCase, rejectsWith, type StoreCase, until } from './store-case.ts'

const HOUR = 3_600_000

/** Every byte there is, and more of them than a small field holds. */
const ALL_BYTES: Uint8Array = Uint8Array.from({ length: 65_536 }, (_, i) => i % 256)

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

async function textOf(engine: CasStore): Promise<string> {
  const { bytes } = await engine.load('api', never())
  return bytes === null ? 'nothing' : new TextDecoder().decode(bytes)
}

async function insistText(engine: CasStore, expected: string): Promise<void> {
  const text = await textOf(engine)
  insist(text === expected, `there is ${text} in place of ${expected}`)
}

async function save(
  engine: CasStore,
  text: string,
  rev?: string,
  ttlMs: number = HOUR,
): Promise<boolean> {
  const loaded = rev ?? (await engine.load('api', never())).rev
  return engine.save('api', bytesOf(text), loaded, ttlMs, never(), [])
}

/** What a `CasStore` has to do, without the decisions. */
export const engineCases: readonly StoreCase[] = [
  defineCase({
    id: 'E1',
    title: 'All bytes there are, in a record of 64 KiB',
    expects: 'another process loads the very same',
    requires: ['compare and swap'],
    async check(stores) {
      const engine = await stores.engine()
      const { bytes, rev } = await engine.load('api', never())
      insist(bytes === null, 'there is a record before the first')

      const saved = await engine.save('api', ALL_BYTES, rev, HOUR, never(), [CHANGE])

      insist(saved, 'it was not saved')
      const loaded = (await (await stores.engine()).load('api', never())).bytes
      insist(loaded?.length === ALL_BYTES.length, `it has ${loaded?.length} bytes`)
      const wrong = ALL_BYTES.findIndex((byte, i) => loaded[i] !== byte)
      insist(wrong === -1, `byte ${wrong} is another one`)
    },
  }),
  defineCase({
    id: 'E2',
    title: 'A hundred processes save at once on one revision, first of no record, then of one',
    expects: 'one of them saves, and its bytes are there',
    requires: ['compare and swap'],
    async check(stores) {
      const engines = await Promise.all(range(4).map(() => stores.engine()))
      const [first] = engines
      insist(first !== undefined, 'the store can not be opened')
      for (const round of ['the first', 'the second']) {
        const { rev } = await first.load('api', never())
        const saved = await Promise.all(
          range(100).map((i) => save(engines[i % 4] ?? first, `${round} of ${i}`, rev)),
        )

        const winners = range(100).filter((i) => saved[i])
        insist(winners.length === 1, `${winners.length} have saved`)
        await insistText(first, `${round} of ${winners[0]}`)
      }
    },
  }),
  defineCase({
    id: 'E3',
    title: 'A process saves on a revision that is over',
    expects: 'it is told that it has not saved, and nothing has changed',
    requires: ['compare and swap'],
    async check(stores) {
      const engine = await stores.engine()
      const revs: string[] = []
      for (const i of range(5)) {
        revs.push((await engine.load('api', never())).rev)
        insist(await save(engine, `text ${i}`), 'it can not be saved')
      }
      for (const rev of revs) insist(!(await save(engine, 'stale', rev)), 'it was saved')
      await insistText(engine, 'text 4')
    },
  }),
  defineCase({
    id: 'E4',
    title: 'The store loses all, has a new record, and a process saves on a revision of before',
    expects: 'it is told that it has not saved, before and after there is a new record',
    requires: ['compare and swap', 'lose'],
    async check(stores) {
      const engine = await stores.engine()
      const revs: string[] = []
      for (const i of range(3)) {
        await save(engine, `text ${i}`)
        revs.push((await engine.load('api', never())).rev)
      }

      await stores.need('lose')()

      for (const rev of revs) insist(!(await save(engine, 'stale', rev)), 'it was saved on nothing')
      for (const i of range(3)) {
        await save(engine, `new text ${i}`)
        for (const rev of revs) insist(!(await save(engine, 'stale', rev)), 'it was saved')
      }
    },
  }),
  defineCase({
    id: 'E5',
    title: 'Records that are to be kept for an hour, for ever, and for 50 ms',
    expects: 'the last one only is soon gone, and can be saved again',
    requires: ['compare and swap', 'expiry'],
    async check(stores) {
      const engine = await stores.engine()
      for (const ttlMs of [HOUR, Infinity]) {
        insist(await save(engine, String(ttlMs), undefined, ttlMs), 'it was not saved')
        await insistText(engine, String(ttlMs))
      }
      await save(engine, 'short', undefined, 50)
      await until('to be gone', async () => (await textOf(engine)) === 'nothing')
      insist(await save(engine, 'again'), 'it can not be saved again')
      await insistText(engine, 'again')
    },
  }),
  defineCase({
    id: 'E6',
    title: 'A process loads and saves with a signal that was aborted before',
    expects: 'both reject with its reason, and nothing is saved',
    requires: ['compare and swap'],
    async check(stores) {
      const engine = await stores.engine()
      const { rev } = await engine.load('api', never())
      const reason = new Error('too late')
      const aborted = AbortSignal.abort(reason)

      await rejectsWith(reason, engine.load('api', aborted))
      const saved = engine.save('api', bytesOf('late'), rev, HOUR, aborted, [])
      await rejectsWith(reason, saved)

      await insistText(engine, 'nothing')
    },
  }),
]
