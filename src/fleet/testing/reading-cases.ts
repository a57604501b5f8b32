import { insist, notApplicable } from '../../testing/conformance/conformance-case.ts'
import type { FleetReading, FleetStore, JournalEntry, ProcessReport } from '../index.ts'
import { askOf, FORCE, HALF_OPEN, isSame, never, range, say, TRIP } from './asks.ts'
import { defineCase, type StoreCase } from './store-case.ts'

async function read(store: FleetStore, names?: readonly string[]): Promise<FleetReading> {
  return store.read?.(names, never()) ?? notApplicable('the store can not be read')
}

async function journal(store: FleetStore, limit: number): Promise<readonly JournalEntry[]> {
  return store.journal?.(limit, never()) ?? notApplicable('the store has no journal')
}

function reportOf(process: string, said: Partial<ProcessReport> = {}): ProcessReport {
  const counts = { uptime: 1_000, breakers: 1, heard: 0, degraded: 0 }
  return { process, service: '', version: '', ...counts, alone: [], policies: [], ...said }
}

const OPEN_ALONE = { name: 'käse', reason: 'failureRate', age: 7, hits: 3, calls: 4 }

/** What those who operate a fleet are told. */
export const readingCases: readonly StoreCase[] = [
  defineCase({
    id: 'S23',
    title: 'Breakers are reported, forced open and probed, and then read',
    expects: 'each is there by its name, with its state, calls, reporters, leases and policy',
    requires: ['read'],
    async check(stores) {
      const [store, other] = [await stores.open(), await stores.open()]
      const report = { success: 2, failure: 1, slow: 1 }
      const counted = await say(store, { name: 'käse', report })
      const forced = await say(store, { name: "o'clock", command: FORCE })
      await say(store, { name: 'probed', command: HALF_OPEN })
      await say(store, { name: 'probed', lease: 'p1.1' })

      const { breakers, nowMs } = await read(other)

      const names = breakers.map(({ name }) => name)
      insist(isSame(names, ['käse', "o'clock", 'probed']), `there were ${JSON.stringify(names)}`)
      const [first, second, third] = breakers
      insist(isSame(first?.calls ?? {}, report), `the calls were ${JSON.stringify(first?.calls)}`)
      insist(isSame(first?.reporters ?? [], ['p1']), `reporters: ${first?.reporters}`)
      insist(isSame(second?.registers ?? {}, forced.registers), 'there were other registers')
      insist(isSame(third?.leases ?? [], ['p1.1']), `leases: ${third?.leases}`)
      insist(first?.policy.split(' ').length === 12, `the policy was ${first?.policy}`)
      const apart = Math.abs(nowMs - counted.nowMs)
      insist(apart < 60_000, `its time is ${apart} ms from that of the answer`)
    },
  }),
  defineCase({
    id: 'S24',
    title: 'Some breakers are read by name, one of which there is not',
    expects:
      'those that there are, and no other; none, when none is asked for; nothing has changed',
    requires: ['read'],
    async check(stores) {
      const store = await stores.open()
      for (const name of ['a', 'b', 'c"\\', 'd']) await say(store, { name, command: TRIP })

      const { breakers } = await read(store, ['b', 'c"\\', 'no such'])

      const names = breakers.map(({ name }) => name).sort()
      insist(isSame(names, ['b', 'c"\\']), `there were ${JSON.stringify(names)}`)
      insist(
        (await read(store, [])).breakers.length === 0,
        'there were some that were not asked for',
      )
      const { created } = await say(store, { name: 'no such' })
      insist(created === true, 'one was made by reading')
    },
  }),
  defineCase({
    id: 'S25',
    title: 'Processes say what they are, with asks and without, one of them twice',
    expects: 'each is there once, by name, with what it has said last, and when',
    requires: ['read'],
    async check(stores) {
      const [store, other] = [await stores.open(), await stores.open()]
      await store.exchange([askOf()], never(), reportOf('p2', { version: '1' }))
      const last = reportOf('p2', {
        ...{ service: 'déjà "vu"', version: '2', heard: 2 ** 51, degraded: 5 },
        ...{ alone: [OPEN_ALONE], policies: [{ name: 'api', policy: '0.5 0' }] },
      })
      await other.exchange([], never(), last)
      const { nowMs: since } = await say(store)
      await store.exchange([askOf()], never(), reportOf('p1'))

      const { processes, nowMs } = await read(other, [])

      const names = processes.map(({ process }) => process)
      insist(isSame(names, ['p1', 'p2']), `there were ${JSON.stringify(names)}`)
      const [{ seenAt = 0, ...first } = {}, { seenAt: _, ...second } = {}] = processes
      insist(isSame(first, reportOf('p1')), `p1 was ${JSON.stringify(first)}`)
      insist(isSame(second, last), `p2 was ${JSON.stringify(second)}`)
      insist(
        seenAt >= since - 1 && seenAt <= nowMs + 1,
        `it was seen at ${seenAt}, before ${since}`,
      )
    },
  }),
  defineCase({
    id: 'S26',
    title: 'A breaker is tripped, forced open and released, and another one is tripped',
    expects: 'the journal has all of it, newest first, and no more of it than was asked for',
    requires: ['read'],
    async check(stores) {
      const store = await stores.open()
      const tripped = await say(store, { command: { ...TRIP, reason: 'déjà "vu"', by: "o'hara" } })
      await say(store, { command: FORCE })
      await say(store, { command: { ...FORCE, mode: null, reason: 'over' } })
      await say(await stores.open(), { name: 'db', command: TRIP })

      const entries = await journal(store, 10)

      const said = entries.map(({ name, register, from, to, cause, reason }) =>
        [name, register, from, to, cause, reason].join('|'),
      )
      const expected = [
        'db|automatic|closed|open|trip|a test',
        'api|override|forced-open|||over',
        'api|override||forced-open||a test',
        'api|automatic|closed|open|trip|déjà "vu"',
      ]
      // Shards have a journal each, which tells no order within a millisecond.
      insist(isSame(said.toSorted(), expected.toSorted()), `it was ${JSON.stringify(said)}`)
      const own = said.filter((text) => text.startsWith('api'))
      insist(isSame(own, expected.slice(1)), `in the order ${JSON.stringify(own)}`)
      const first = entries.find(({ by }) => by === "o'hara")
      const { stamp, until } = tripped.registers.automatic
      insist(first?.stamp === stamp && first.until === until, `stamped ${first?.stamp}`)
      insist(Math.abs(first.at - tripped.nowMs) < 1_000, `it was at ${first.at}`)
      insist(new Set(entries.map(({ id }) => id)).size === 4, 'two have one id')
      const [newest] = await journal(store, 1)
      insist(newest?.id === entries[0]?.id, 'the newest was another one')
      insist((await journal(store, 2)).length === 2, 'there were more or fewer than two')
    },
  }),
  defineCase({
    id: 'S27',
    title: 'Calls are reported, and a breaker is opened by them',
    expects: 'the journal has the opening alone',
    requires: ['read'],
    async check(stores) {
      const store = await stores.open()
      const policy = { ...askOf().policy, minimumCalls: 10 }
      const report = { success: 0, failure: 1, slow: 0 }
      for (const _ of range(10)) await say(store, { policy, report })

      const entries = await journal(store, 10)

      insist(entries.length === 1, `it has ${entries.length} entries`)
      const [{ to, cause, by } = { to: '', cause: '', by: '' }] = entries
      insist(to === 'open' && cause === 'failureRate' && by === 'p1', `${to} ${cause} ${by}`)
    },
  }),
]
