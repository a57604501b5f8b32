import { describe, expect, it } from 'vitest'
import {
  createProcesses,
  EXCHANGE,
  join,
  OPEN,
  open,
  pass,
  reasonOf,
  states,
} from '../../test/helpers/fleet-processes.ts'

const HOUR = 3_600_000

describe('when the clock of the store goes back by an hour', () => {
  it('a fleet that is open is probed one open time after it was asked for', async () => {
    const { clock, store, processes } = createProcesses(2)
    await open(clock, processes)

    store.skew -= HOUR
    await pass(clock, OPEN)
    const rejected = Promise.all(processes.map(({ call }) => reasonOf(call())))
    await pass(clock, EXCHANGE)
    expect(await rejected).not.toContain('passed')
    await pass(clock, OPEN)
    const calls = Promise.all(processes.map(({ call }) => reasonOf(call())))
    await pass(clock, EXCHANGE)

    expect(await calls).toContain('passed')
    await pass(clock, EXCHANGE)
    expect(states(processes)).toEqual(['closed', 'closed'])
  })

  it('one that comes later hears of one open time at most', async () => {
    const fleet = createProcesses(2)
    await open(fleet.clock, fleet.processes)

    fleet.store.skew -= HOUR
    const late = await join(fleet)

    expect(late.breaker.state).toBe('open')
    expect(late.breaker.snapshot().retryAfter).toBeLessThanOrEqual(OPEN)
  })

  it('one that comes later is overridden for as long as was said at most', async () => {
    const fleet = createProcesses(1)
    const { clock, store, processes } = fleet
    await clock.advance(0)
    processes[0]?.breaker.forceOpen({ fleet: true, for: 10_000 })
    await pass(clock, EXCHANGE)

    store.skew -= HOUR
    const late = await join(fleet)
    expect(late.breaker.state).toBe('open')
    await pass(clock, 10_000)

    expect(late.breaker.state).toBe('closed')
  })
})

describe('when the clock of the store jumps ahead by an hour', () => {
  it('what it has lost as well comes back with the next poll', async () => {
    const { clock, store, processes, create } = createProcesses(1)
    await clock.advance(0)
    processes[0]?.breaker.forceOpen({ fleet: true })
    await pass(clock, EXCHANGE)

    store.lose()
    store.skew += HOUR
    const late = create('late')
    await pass(clock, 40_000)

    expect(late.breaker.state).toBe('open')
  })
})
