import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type Answer,
  type Ask,
  type CasStore,
  casStore,
  type FleetStore,
  NO_REGISTERS,
} from '../../../src/fleet/index.ts'
import { CHANGE } from '../../../src/fleet/testing/asks.ts'
import {
  runStoreConformance,
  type StoreAdapter,
  storeCases,
} from '../../../src/fleet/testing/index.ts'
import { type CasEngine, engineBed } from '../../helpers/cas-engine.ts'

/** The store of an engine whose ways to it are changed by `flaw`. */
function engineWith(flaw: (right: CasStore, engine: CasEngine) => Partial<CasStore>): StoreAdapter {
  const open = (engine: CasEngine): CasStore => {
    const right = engine.open()
    return { ...right, ...flaw(right, engine) }
  }
  return { name: 'flawed engine', setUp: () => engineBed(open) }
}

/** A store that decides by itself, with a flaw. */
function storeWith(flaw: (right: FleetStore, engine: CasEngine) => Partial<FleetStore>) {
  const open = (engine: CasEngine): FleetStore => {
    const right = casStore(engine.open())
    return { ...right, ...flaw(right, engine) }
  }
  return { name: 'flawed store', setUp: () => engineBed(open) } satisfies StoreAdapter
}

/** Has every ask changed before it is sent. */
function asking(change: (ask: Ask) => Partial<Ask>): StoreAdapter {
  return storeWith(({ exchange }) => ({
    exchange: (asks, ...rest) =>
      exchange(
        asks.map((ask) => ({ ...ask, ...change(ask) })),
        ...rest,
      ),
  }))
}

/** Has every answer changed before it arrives. */
function answering(change: (answers: readonly Answer[]) => readonly Answer[]): StoreAdapter {
  return storeWith(({ exchange }) => ({
    exchange: async (...args) => change(await exchange(...args)),
  }))
}

function renaming(change: (name: string) => string): StoreAdapter {
  return engineWith(({ load, save }) => ({
    load: (name, ...args) => load(change(name), ...args),
    save: (name, ...args) => save(change(name), ...args),
  }))
}

const nothing: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} }

/** Each flaw, the cases that notice it at once, and those that do when their patience is over. */
const FLAWED: readonly (readonly [flaw: string, StoreAdapter, noticed: string, hangs?: string])[] =
  [
    [
      'saves whatever the revision is',
      engineWith(({ load, save }) => ({
        async save(name, bytes, _, ttlMs, signal, changes) {
          const { rev } = await load(name, signal)
          return (await save(name, bytes, rev, ttlMs, signal, changes)) || true
        },
      })),
      'S1 S2 S3 E2 E3 E4',
    ],
    [
      'has revisions that come again',
      engineWith((_, engine) => {
        engine.nextRev = (before) => String(Number(before) + 1 || 1)
        return {}
      }),
      'E4',
    ],
    [
      'goes by the clock of the process',
      engineWith((_, engine) => {
        engine.now = () => Date.now()
        return {}
      }),
      'S9',
    ],
    [
      'tells the time with fractions',
      answering((answers) => answers.map((it) => ({ ...it, nowMs: it.nowMs + 0.5 }))),
      'S4 S9',
    ],
    [
      'grants every lease',
      answering((answers) =>
        answers.map((it) => (it.granted === undefined ? it : { ...it, granted: true })),
      ),
      'S2 S4 S11',
    ],
    ['forgets who has a lease', asking(() => ({ renew: undefined, result: undefined })), 'S4'],
    ['minds no signal', engineWith(unabortable), 'E6'],
    [
      'minds no signal, and decides by itself',
      storeWith(({ exchange }) => ({
        exchange: (asks, _, report) => exchange(asks, new AbortController().signal, report),
      })),
      'S12',
      'S13',
    ],
    ['obeys what comes too late', asking(() => ({ notAfter: 0 })), 'S10'],
    [
      'takes what it can not read for nothing',
      engineWith(({ load }) => ({
        async load(...args) {
          const loaded = await load(...args)
          const isNewer = new TextDecoder().decode(loaded.bytes ?? undefined).includes('"schema":2')
          return isNewer ? { ...loaded, bytes: null } : loaded
        },
      })),
      'S18',
    ],
    [
      'does not hear what processes know',
      asking(() => ({ known: NO_REGISTERS })),
      'S4 S14 S15 S17',
    ],
    ['counts what it is sent twice', asking(twice), 'S1 S4 S5 S10 S23'],
    ['answers in another order', answering((answers) => answers.toReversed()), 'S5'],
    ['does not answer all', answering((answers) => answers.slice(0, 50)), 'S5'],
    [
      'does not ask if there is nothing to say',
      storeWith(remembering),
      'S3 S4 S7 S8 S10 S14 S15 S17 S25',
      'S9',
    ],
    ['takes names for the same that differ in case', renaming((it) => it.toLowerCase()), 'S6'],
    ['takes names for the same that differ in spaces', renaming((it) => it.trim()), 'S6'],
    ['takes names for the same that differ in accents', renaming((it) => it.normalize()), 'S6'],
    ['cuts names off', renaming((it) => it.slice(0, 127)), 'S6'],
    [
      'loses what is not ASCII',
      asking(({ command }) => ({
        command: command && { ...command, reason: command.reason.replace(/[^ -~\n]/g, '?') },
      })),
      'S4 S7 S26',
    ],
    [
      'keeps text only',
      engineWith(({ save }) => ({
        save: (name, bytes, ...args) =>
          save(name, new TextEncoder().encode(new TextDecoder().decode(bytes)), ...args),
      })),
      'E1',
    ],
    [
      'keeps nothing for ever',
      engineWith(({ save }) => ({
        save: (name, bytes, rev, ttlMs, ...args) =>
          save(name, bytes, rev, ttlMs === Infinity ? 0 : ttlMs, ...args),
      })),
      'S4 S7 S8 S14 S18 S23 S26 E5',
    ],
    [
      'keeps all for ever',
      engineWith(({ save }) => ({
        save: (name, bytes, rev, _, ...args) => save(name, bytes, rev, Infinity, ...args),
      })),
      '',
      'E5',
    ],
    [
      'pushes nothing',
      engineWith(({ watch }) => ({
        watch: (_, onConnect) => watch?.(() => {}, onConnect) ?? nothing,
      })),
      '',
      'S19 S20 S21 S22',
    ],
    [
      'pushes every report',
      engineWith(({ save }) => ({
        save: (name, bytes, rev, ttlMs, signal) => save(name, bytes, rev, ttlMs, signal, [CHANGE]),
      })),
      'S20 S26 S27',
    ],
    [
      'does not tell when it has subscribed again',
      engineWith(({ watch }) => ({
        watch(onChange, onConnect) {
          let told = false
          const once = (): void => {
            if (!told) onConnect()
            told = true
          }
          return watch?.(onChange, once) ?? nothing
        },
      })),
      '',
      'S21',
    ],
    [
      'pushes to those who have stopped watching',
      engineWith(({ watch }) => ({
        watch(...args) {
          watch?.(...args)
          return nothing
        },
      })),
      'S22',
    ],
    ['does not keep what processes say', engineWith(() => ({ note: async () => {} })), 'S25'],
    [
      'keeps what processes have said first',
      engineWith(({ note }, { processes }) => ({
        note: async (report, ...rest) =>
          processes.has(report.process) ? undefined : note?.(report, ...rest),
      })),
      'S25',
    ],
    [
      'reads all breakers whatever is asked for',
      engineWith(({ read }) => ({ read: async (_, signal) => read?.(undefined, signal) as never })),
      'S24',
    ],
    [
      'has a journal with the oldest first',
      engineWith((_, { entries }) => ({
        journal: async (limit) => entries.toReversed().slice(0, limit),
      })),
      'S26',
    ],
    [
      'has no end to its journal',
      engineWith((_, { entries }) => ({ journal: async () => entries })),
      'S26',
    ],
    [
      'ends for all when one is disposed of',
      storeWith((_, engine) => ({
        [Symbol.asyncDispose]: async () => engine.close(),
      })),
      '',
      'S22',
    ],
  ]

function unabortable({ load, save }: CasStore): Partial<CasStore> {
  const { signal } = new AbortController()
  return {
    load: (name) => load(name, signal),
    save: (name, bytes, rev, ttlMs, _, changes) => save(name, bytes, rev, ttlMs, signal, changes),
  }
}

function twice({ report }: Ask): Partial<Ask> {
  if (report === undefined) return {}
  const { success, failure, slow } = report
  return { report: { success: 2 * success, failure: 2 * failure, slow: 2 * slow } }
}

function remembering({ exchange }: FleetStore): Partial<FleetStore> {
  const last = new Map<string, Answer>()
  return {
    async exchange(asks, ...rest) {
      const [ask] = asks
      const { command, report, lease, result, name = '' } = ask ?? {}
      const known = (command ?? report ?? lease ?? result) ? undefined : last.get(name)
      if (known !== undefined && asks.length === 1) return [known]
      const answers = await exchange(asks, ...rest)
      for (const [i, answer] of answers.entries()) last.set(asks[i]?.name ?? '', answer)
      return answers
    },
  }
}

async function failedBy(adapter: StoreAdapter, ids: (id: string) => boolean): Promise<string> {
  const chosen = storeCases.filter(({ id }) => ids(id))
  const results = await runStoreConformance(adapter, chosen)
  const failed = results.filter(({ verdict }) => verdict === 'fail')
  return failed.map(({ id }) => id).join(' ')
}

function named([flaw, adapter, noticed, hangs = '']: (typeof FLAWED)[number]) {
  return { flaw, adapter, noticed, hangs }
}

describe('a store that', () => {
  afterEach(() => void vi.unstubAllGlobals())

  it.each(FLAWED.map(named))('$flaw fails', async ({ adapter, noticed, hangs }) => {
    const isHanging = (id: string): boolean => hangs.split(' ').includes(id)
    expect(await failedBy(adapter, (id) => !isHanging(id))).toBe(noticed)

    // What will not come is not waited for.
    const { setTimeout } = globalThis
    vi.stubGlobal('setTimeout', (fn: () => void, ms: number) => setTimeout(fn, Math.min(ms, 200)))
    expect(await failedBy(adapter, isHanging)).toBe(hangs)
  })
})
