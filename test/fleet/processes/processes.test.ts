import { describe, expect, it } from 'vitest'
import { Fleet, TIMEOUT } from './fleet.ts'
import type { Event } from './history.ts'

describe('a process of a fleet', { timeout: TIMEOUT }, () => {
  it('that is broken opens by itself, and no other one has a call rejected', async () => {
    await using fleet = await Fleet.start({
      processes: 8,
      breaker: { maxFailures: 60, resetTimeout: 500 },
      each: (index) => ({ callsPerSecond: index === 3 ? 0 : 1 }),
    })
    const broken = fleet.worker('p3')
    fleet.upstream.failsFor.add(broken.name)
    broken.do({ do: 'pace', callsPerSecond: 100 })

    await fleet.all('open', [broken])
    // In the whole fleet, most calls have failed.
    const most = (event: Event): boolean =>
      event.kind === 'answer' && event.fleet.failure > event.fleet.success + 20
    await fleet.until('it is known how many have failed', () => fleet.history.some(most))
    await fleet.until('it rejects', () => fleet.calls('rejected', broken.name) >= 100)
    const { automatic } = await fleet.registers()
    fleet.upstream.failsFor.clear()
    await fleet.all('closed')
    await fleet.rest()

    expect(automatic.stamp).toBe(0)
    for (const name of fleet.workers.keys()) {
      if (name !== broken.name)
        expect(fleet.calls('success', name)).toBe(fleet.calls(undefined, name))
    }
  })

  it('that is killed leaves no trace, and the next one begins as the fleet is', async () => {
    await using fleet = await Fleet.start({ processes: 3, breaker: { resetTimeout: 60_000 } })
    await fleet.moreCalls(5)
    await fleet.kill(fleet.worker('p1'))
    await fleet.moreCalls(25)
    expect(fleet.calls('success')).toBe(fleet.calls())

    fleet.worker('p0').operate('trip')
    await fleet.all('open')
    const late = await fleet.join()
    expect(late.view?.state).toBe('open')
    fleet.worker('p0').operate('reset')
    await fleet.all('closed')
    fleet.worker('p2').operate('forceOpen')
    await fleet.until('it is forced open', () => late.view?.override === 'forced-open')
    const later = await fleet.join()
    expect(later.view?.override).toBe('forced-open')
    expect(fleet.calls('success', later.name)).toBe(0)

    // Whichever process has set it, and whatever the store forgets.
    fleet.worker('p2').operate('forceClosed')
    const living = [...fleet.workers.values()]
    await fleet.until('all are forced closed', () =>
      living.every(({ view }) => view?.override === 'forced-closed'),
    )
    await fleet.kill(fleet.worker('p2'))
    await fleet.loseData(() => fleet.redis('FLUSHALL'))
    await fleet.moreCalls(5)
    await fleet.rest()
    expect((await fleet.registers()).override.mode).toBe('forced-closed')
  })

  it('may have another time than the others', async () => {
    const hour = 3_600_000
    const skews = [-hour, 0, hour, 24 * hour]
    await using fleet = await Fleet.start({
      processes: skews.length,
      breaker: { maxFailures: 10_000, resetTimeout: 500 },
      policy: { bucketMs: 200 },
      each: (index) => ({ skew: skews[index] as number }),
    })
    fleet.upstream.fail()
    await fleet.all('open')
    await fleet.until('a probe has failed', () => fleet.probesEnded('failure') > 0)
    fleet.upstream.answer()
    await fleet.all('closed')
    await fleet.rest()
  })

  it('says as little to the store when it makes many calls as when it makes few', async () => {
    await using fleet = await Fleet.start({
      processes: 2,
      each: (index) => ({ callsPerSecond: index === 0 ? 5 : 200 }),
    })
    const begin = process.hrtime.bigint()
    const asks = (name: string): number =>
      fleet.history.filter((event) => event.kind === 'ask' && event.process === name).length
    const before = asks('p1')
    await fleet.until('it has made many calls', () => fleet.calls('success', 'p1') > 500)

    const seconds = Number(process.hrtime.bigint() - begin) / 1e9
    expect(asks('p1') - before).toBeLessThanOrEqual(seconds + 2)
    await fleet.rest()
  })
})
