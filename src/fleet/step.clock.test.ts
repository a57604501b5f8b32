import { describe, expect, it } from 'vitest'
import { createFleet, POLICY } from '../../test/helpers/fleet.ts'

const HOUR = 3_600_000
const JUMPS = [1, 1_000, POLICY.openMs + 1, HOUR, 30 * 24 * HOUR]

describe('a clock of the store that goes back', () => {
  it.each(JUMPS)('by %d ms keeps the fleet open for one open time at most', (jump) => {
    const fleet = createFleet()
    fleet.open()

    fleet.now -= jump
    fleet.say('a')

    expect(fleet.automatic.until - fleet.now).toBeLessThanOrEqual(POLICY.openMs)
    fleet.now += POLICY.openMs
    expect(fleet.lease('a', 'l1')).toBe(true)
  })

  it('keeps it open for as long as was said by hand, though that is longer than the policy says', () => {
    const fleet = createFleet()
    fleet.command('a', { kind: 'trip', for: 10 * POLICY.maxOpenMs })

    fleet.now -= 1_000
    fleet.say('a')
    expect(fleet.automatic.until - fleet.now).toBe(10 * POLICY.maxOpenMs)
    fleet.now += 10 * POLICY.maxOpenMs - 1

    expect(fleet.lease('a', 'l1')).toBe(false)
  })

  it('says so under a new stamp, as what is known has changed, and once', () => {
    const fleet = createFleet()
    fleet.command('a', { kind: 'trip', for: 0, by: 'ada', reason: 'drill' })
    const { stamp, until, ...about } = fleet.automatic

    fleet.now -= HOUR
    fleet.say('a')

    expect(fleet.automatic).toMatchObject(about)
    expect(fleet.automatic.stamp).toBeGreaterThan(stamp)
    expect(fleet.automatic.until).toBe(until - HOUR)
    expect(fleet.changes).toHaveLength(1)
    fleet.say('b')
    expect(fleet.changes).toEqual([])
  })

  it('does not keep a fleet open that may be probed already', () => {
    const fleet = createFleet()
    fleet.command('a', { kind: 'halfOpen' })

    fleet.now -= HOUR

    expect(fleet.lease('a', 'l1')).toBe(true)
  })

  it('is noticed for what a process brings back that knew of it before', () => {
    const fleet = createFleet()
    fleet.open()
    fleet.say('a')

    fleet.lose()
    fleet.now -= HOUR
    fleet.say('a')

    expect(fleet.automatic.until).toBe(fleet.now + POLICY.openMs)
  })

  it.each(JUMPS)('by %d ms leaves a lease one of its times at most', (jump) => {
    const fleet = createFleet({ probes: 1 })
    fleet.openUntilNow()
    fleet.lease('killed', 'l1')

    fleet.now -= jump
    expect(fleet.lease('b', 'l2')).toBe(false)
    fleet.now += POLICY.leaseMs

    expect(fleet.lease('b', 'l3')).toBe(true)
  })

  it('does not cut the longer lease of a process with another policy', () => {
    const fleet = createFleet({ probes: 1, leaseMs: 60_000 })
    fleet.openUntilNow()
    fleet.lease('patient', 'l1')

    fleet.policy = { ...fleet.policy, leaseMs: 5_000 }
    fleet.now -= HOUR
    fleet.say('b')
    fleet.now += 59_999

    expect(fleet.lease('b', 'l2')).toBe(false)
    fleet.result('patient', 'l1', 'success')
    expect(fleet.state).toBe('closed')
  })

  it.each(JUMPS)('by %d ms lets an override with an end last one of its times at most', (jump) => {
    const fleet = createFleet()
    fleet.command('a', { kind: 'override', mode: 'forced-open', for: 10_000, by: 'ada' })

    fleet.now -= jump
    fleet.say('a')
    expect(fleet.override).toMatchObject({ mode: 'forced-open', by: 'ada' })
    fleet.now += 10_000
    fleet.say('a')

    expect(fleet.override.mode).toBe(null)
  })

  it('leaves an override without an end alone', () => {
    const fleet = createFleet()
    fleet.command('a', { kind: 'override', mode: 'forced-open', for: 0 })
    const { override } = fleet

    fleet.now -= HOUR
    fleet.say('a')

    expect(fleet.override).toBe(override)
  })

  it('forgets who has reported failures at a time that is yet to come', () => {
    const fleet = createFleet()
    fleet.report('a', { failure: 10 })

    fleet.now -= HOUR
    fleet.report('b', { failure: 10 })

    expect(fleet.state).toBe('closed')
  })
})

describe('a clock of the store that jumps ahead', () => {
  it('ends an open time early', () => {
    const fleet = createFleet()
    fleet.open()

    fleet.now += HOUR

    expect(fleet.lease('a', 'l1')).toBe(true)
  })

  it('and back again opens for no longer than was said in between', () => {
    const fleet = createFleet()
    fleet.now += HOUR
    fleet.open()

    fleet.now -= HOUR
    fleet.say('a')

    expect(fleet.automatic.until).toBe(fleet.now + POLICY.openMs)
  })
})
