import { describe, expect, it } from 'vitest'
import { Fleet, TIMEOUT } from './fleet.ts'

const hurt: readonly (readonly [string, (fleet: Fleet) => Promise<void>])[] = [
  [
    'hangs',
    async (fleet) => {
      fleet.server.freeze()
      await fleet.connected(false)
      await fleet.moreCalls(20)
      fleet.server.thaw()
    },
  ],
  [
    'can not be reached, and nothing says so',
    async (fleet) => {
      fleet.network.keep()
      await fleet.connected(false)
      await fleet.moreCalls(20)
      fleet.network.pass()
    },
  ],
  [
    'answers after the deadline',
    async (fleet) => {
      fleet.network.delay = 400
      await fleet.connected(false)
      await fleet.moreCalls(20)
      fleet.network.delay = 0
    },
  ],
  [
    'is slow',
    async (fleet) => {
      fleet.network.delay = 50
      await fleet.moreCalls(40)
      fleet.network.delay = 0
    },
  ],
  [
    'dies, and starts with nothing',
    async (fleet) => {
      await fleet.loseData(() => fleet.server.stop())
      await fleet.connected(false)
      await fleet.moreCalls(20)
      await fleet.server.start()
    },
  ],
  ['loses its data', (fleet) => fleet.loseData(() => fleet.redis('FLUSHALL'))],
  ['forgets the script', async (fleet) => void (await fleet.redis('SCRIPT', 'FLUSH'))],
  [
    'ends all subscriptions',
    async (fleet) => void (await fleet.redis('CLIENT', 'KILL', 'TYPE', 'pubsub')),
  ],
  ['loses all connections', async (fleet) => fleet.network.cut()],
]

describe('a store that', { timeout: TIMEOUT }, () => {
  it.each(hurt)(
    '%s is not noticed by callers, and knows everything afterwards',
    async (_, hurt) => {
      await using fleet = await Fleet.start({
        processes: 3,
        deadline: 250,
        // Long enough for a busy machine to see all of them open at one moment.
        breaker: { resetTimeout: 1_000 },
      })
      const all = [...fleet.workers.values()]
      fleet.worker('p0').operate('forceClosed')
      await fleet.until('all are forced closed', () =>
        all.every(({ view }) => view?.override === 'forced-closed'),
      )

      await hurt(fleet)
      await fleet.moreCalls(10)
      await fleet.connected(true)
      expect(fleet.calls('success')).toBe(fleet.calls())
      await fleet.rest()
      expect((await fleet.registers()).override.mode).toBe('forced-closed')

      // From now on it is a fleet as before.
      fleet.worker('p1').operate('release')
      await fleet.until('none is forced closed', () =>
        all.every(({ view }) => view?.override === null),
      )
      fleet.worker('p2').operate('trip')
      await fleet.all('open')
      await fleet.all('closed')
      await fleet.rest()
    },
  )
})

describe('a store that hangs', { timeout: TIMEOUT }, () => {
  it('leaves each process to open by itself, and to follow the fleet again afterwards', async () => {
    await using fleet = await Fleet.start({
      processes: 3,
      deadline: 250,
      breaker: { maxFailures: 5, resetTimeout: 500 },
    })
    fleet.server.freeze()
    await fleet.connected(false)

    fleet.upstream.fail()
    await fleet.all('open')
    await fleet.until('all reject', () =>
      [...fleet.workers.keys()].every((name) => fleet.calls('rejected', name) > 0),
    )
    for (const name of fleet.workers.keys()) {
      expect(fleet.calls('failure', name)).toBeGreaterThanOrEqual(5)
    }
    fleet.server.thaw()
    await fleet.connected(true)
    fleet.upstream.answer()
    await fleet.all('closed')
    await fleet.rest()
  })

  it('leaves an open fleet to its time, and then each process to its own probe', async () => {
    await using fleet = await Fleet.start({
      processes: 3,
      deadline: 250,
      breaker: { maxFailures: 5, resetTimeout: 2_000 },
    })
    fleet.worker('p0').operate('trip')
    await fleet.all('open')
    fleet.server.freeze()

    await fleet.all('closed')
    expect(fleet.calls('failure')).toBe(0)
    fleet.server.thaw()
    await fleet.connected(true)
    await fleet.moreCalls(10)
    await fleet.all('closed')
    await fleet.rest()
  })
})

describe('a failover', { timeout: TIMEOUT }, () => {
  it('to a replica that is behind, and back, undoes nothing', async () => {
    await using fleet = await Fleet.start({ processes: 3, breaker: { resetTimeout: 60_000 } })
    const all = [...fleet.workers.values()]
    const overridden = (mode: string | null): Promise<void> =>
      fleet.until(`all are ${mode}`, () => all.every(({ view }) => view?.override === mode))
    fleet.worker('p0').operate('forceClosed')
    await overridden('forced-closed')
    await fleet.rest()

    const stale = await fleet.replica()
    await expect.poll(() => fleet.registers(stale)).toEqual(await fleet.registers())
    await fleet.redisAt(stale, 'REPLICAOF', 'NO', 'ONE')
    fleet.worker('p1').operate('forceOpen')
    await overridden('forced-open')
    fleet.worker('p2').operate('trip')
    await fleet.until('all know', () => all.every(({ view }) => view?.fleet === 'open'))
    await fleet.rest()

    await fleet.loseData(() => fleet.network.lead(stale))
    await fleet.moreCalls(10)
    await fleet.rest(stale)
    fleet.worker('p0').operate('release')
    await overridden(null)
    fleet.worker('p0').operate('reset')
    await fleet.all('closed')
    await fleet.rest(stale)

    await fleet.loseData(() => fleet.network.lead(fleet.server.port))
    await fleet.moreCalls(10)
    await fleet.rest()
    expect(all.map(({ view }) => [view?.state, view?.override])).toEqual(
      all.map(() => ['closed', null]),
    )
  })
})
