import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../../src/index.ts'
import {
  createProcesses,
  EXCHANGE,
  failTimes,
  type Process,
  type Processes,
  pass,
} from '../../helpers/fleet-processes.ts'

/** Time until a breaker that is called has heard of a change without any push. */
const SOON = 2_000
/** Time until all have, those among them that nobody calls: a poll, and the exchange that it comes with. */
const POLL = { pushed: 42_000 + 1_000, alone: 7_000 + 1_000 }

/** How a process learns of changes; pushes are never heard. */
const WAYS = ['a store that does not push', 'a store whose pushes are lost'] as const
type Way = (typeof WAYS)[number]

async function createFleet(way: Way, count = 3): Promise<Processes> {
  const fleet = createProcesses(0)
  if (way === 'a store whose pushes are lost') fleet.store.mute = true
  else Object.assign(fleet.store, { watch: undefined })
  const processes = Array.from({ length: count }, (_, i) => fleet.create(`p${i}`))
  await pass(fleet.clock, 1_000)
  return { ...fleet, processes }
}

/** What a process holds of the fleet. */
function heldBy({ breaker }: Process): object {
  const { fleet, override } = breaker.snapshot()
  const { state, since, reason, connected } = fleet ?? {}
  return { state, since, reason, connected, mode: override?.mode }
}

/** Every process makes a call each 100 ms, until so much time has passed. */
async function keepCalling({ clock, processes }: Processes, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    for (const { call } of processes) call().catch(() => {})
    await pass(clock, 100)
  }
}

const byHand = { fleet: true, by: 'ada', reason: 'a test' } as const

type Change = (fleet: Processes) => unknown

const first = ({ processes }: Processes): CircuitBreaker => (processes[0] as Process).breaker

/** What can happen to a fleet, from where, and what then is. */
const CHANGES: Readonly<Record<string, readonly [Change, Change, object]>> = {
  'was tripped': [() => {}, (it) => first(it).trip(byHand), { state: 'open' }],
  'opens by failures that no process opens by alone': [
    () => {},
    async ({ clock, processes }) => {
      // Until what was called before is out of the window.
      await pass(clock, 11_000)
      for (const process of processes) await failTimes(process, 7)
    },
    { state: 'open', reason: 'failureRate' },
  ],
  'was reset while it was open': [
    (it) => first(it).trip({ ...byHand, for: 600_000 }),
    (it) => first(it).reset(byHand),
    { state: 'closed', reason: 'reset' },
  ],
  'closes by the probe of one process': [
    (it) => first(it).halfOpen(byHand),
    () => {},
    { state: 'closed', reason: 'recovered' },
  ],
  'was forced open': [
    () => {},
    (it) => first(it).forceOpen(byHand),
    { state: 'closed', mode: 'forced-open' },
  ],
  'was released, after it was forced open': [
    (it) => first(it).forceOpen(byHand),
    (it) => first(it).release(byHand),
    { state: 'closed', mode: undefined },
  ],
  'was forced closed while it was open': [
    (it) => first(it).trip({ ...byHand, for: 600_000 }),
    (it) => first(it).forceClosed(byHand),
    { state: 'open', mode: 'forced-closed' },
  ],
}

describe.each(WAYS)('processes of a fleet with %s', (way) => {
  it.each(Object.entries(CHANGES))(
    'agree within two seconds while they are called, when it %s',
    async (_, [begin, change, expected]) => {
      const fleet = await createFleet(way)
      await begin(fleet)
      await keepCalling(fleet, SOON)

      await change(fleet)
      await keepCalling(fleet, SOON)

      const held = fleet.processes.map(heldBy)
      expect(held[0]).toMatchObject({ ...expected, connected: true })
      expect(held).toEqual(held.map(() => held[0]))
    },
  )

  it.each(['down', 'hangs'] as const)(
    'agree within one poll though nobody calls them, after the store was %s',
    async (mode) => {
      const fleet = await createFleet(way)
      const { clock, store, processes } = fleet
      first(fleet).trip({ ...byHand, for: 600_000 })
      await pass(clock, EXCHANGE)
      store.mode = mode
      first(fleet).reset(byHand)
      processes[1]?.breaker.forceOpen(byHand)
      await pass(clock, 60_000)

      store.mode = 'up'
      await pass(clock, way === 'a store that does not push' ? POLL.alone : POLL.pushed)

      const held = processes.map(heldBy)
      expect(held[0]).toMatchObject({ state: 'closed', mode: 'forced-open', connected: true })
      expect(held).toEqual(held.map(() => held[0]))
    },
  )

  it('bring back within two seconds what the store has lost, while they are called', async () => {
    const fleet = await createFleet(way)
    first(fleet).trip({ ...byHand, for: 600_000 })
    first(fleet).forceOpen(byHand)
    await keepCalling(fleet, SOON)
    const held = fleet.processes.map(heldBy)

    fleet.store.lose()
    await keepCalling(fleet, SOON)

    await expectToJoinAs(fleet, held[0] as object)
    expect(fleet.processes.map(heldBy)).toEqual(held)
  })

  it('bring back what nobody calls with what is called', async () => {
    const fleet = await createFleet(way)
    const { clock, store, processes } = fleet
    const [{ fleet: shared }] = processes as [Process]
    const called = new CircuitBreaker({ name: 'orders', clock, shared })
    first(fleet).forceOpen(byHand)
    await called.run(() => 'answer')
    await pass(clock, SOON)
    const held = heldBy(processes[0] as Process)

    store.lose()
    await called.run(() => 'answer')
    await pass(clock, SOON)

    await expectToJoinAs(fleet, held)
  })

  it('bring back what nobody calls within one poll', async () => {
    const fleet = await createFleet(way)
    first(fleet).forceOpen(byHand)
    await pass(fleet.clock, EXCHANGE)
    const held = heldBy(fleet.processes[0] as Process)

    fleet.store.lose()
    await pass(fleet.clock, way === 'a store that does not push' ? POLL.alone : POLL.pushed)

    await expectToJoinAs(fleet, held)
  })
})

/** One that comes later hears that from the store. */
async function expectToJoinAs({ clock, create }: Processes, held: object): Promise<void> {
  const late = create('late')
  await pass(clock, EXCHANGE)
  expect(heldBy(late)).toEqual(held)
}

describe('a process that says nothing', () => {
  it('learns that the store is gone by the end of its subscription', async () => {
    const { clock, store, processes } = createProcesses(1)
    const [{ breaker, connections }] = processes as [Process]
    await pass(clock, 1_000)

    store.mode = 'down'
    store.cut()
    await pass(clock, EXCHANGE)

    expect(breaker.snapshot().fleet?.connected).toBe(false)
    expect(connections).toEqual([true, false])
  })

  it('stays as it is when only its subscription has ended', async () => {
    const { clock, store, processes } = createProcesses(1)
    const [{ connections }] = processes as [Process]
    await pass(clock, 1_000)

    store.cut()
    await pass(clock, 1_000)

    expect(connections).toEqual([true])
  })

  it('does not try more often while the store is gone, whatever ends meanwhile', async () => {
    const { clock, store } = createProcesses(1)
    await pass(clock, 1_000)
    store.mode = 'down'
    store.cut()
    await pass(clock, 60_000)
    const before = store.exchanges

    for (let i = 0; i < 100; i++) {
      store.cut()
      await pass(clock, 100)
    }

    expect(store.exchanges - before).toBeLessThanOrEqual(20)
  })
})
