import { describe, expect, it } from 'vitest'
import { createFleet, POLICY } from '../../test/helpers/fleet.ts'
import { NO_RECORD, timeToLive } from './record.ts'
import { madeAt, NO_REGISTERS, type Register } from './register.ts'
import { step } from './step.ts'
import { type Ask, policyText } from './store.ts'

const DAY = 24 * 3_600_000

describe('a fleet', () => {
  it('opens when enough of its calls have failed, whichever processes they were of', () => {
    const fleet = createFleet()

    fleet.report('a', { success: 5, failure: 2 })
    expect(fleet.state).toBe('closed')
    fleet.report('b', { failure: 3 })

    expect(fleet.automatic).toMatchObject({ state: 'open', reason: 'failureRate', by: 'b' })
    expect(fleet.automatic.until).toBe(fleet.now + POLICY.openMs)
  })

  it.each([
    [9, 'closed'],
    [10, 'open'],
  ])('with %d calls in the window is %s at a minimum of 10', (calls, state) => {
    const fleet = createFleet()

    fleet.report('a', { failure: 1 })
    fleet.report('b', { failure: calls - 1 })

    expect(fleet.state).toBe(state)
  })

  it.each([
    [4, 6, 'closed'],
    [5, 5, 'open'],
  ])('with %d failures and %d successes is %s at a rate of 0.5', (failure, success, state) => {
    const fleet = createFleet()

    fleet.report('a', { failure: 1 })
    fleet.report('b', { failure: failure - 1, success })

    expect(fleet.state).toBe(state)
  })

  it('opens when enough of its calls were slow', () => {
    const fleet = createFleet({ slowCallRate: 0.8 })

    fleet.report('a', { success: 5, slow: 4 })
    fleet.report('b', { success: 5, slow: 4 })

    expect(fleet.automatic).toMatchObject({ state: 'open', reason: 'slowCallRate' })
  })

  it('does not open by slow calls without a rate for them', () => {
    const fleet = createFleet({ slowCallRate: 0 })

    fleet.report('a', { success: 10, slow: 10 })
    fleet.report('b', { success: 10, slow: 10 })

    expect(fleet.state).toBe('closed')
  })

  it('is not opened by one process alone, however much of it fails', () => {
    const fleet = createFleet()

    for (let i = 0; i < 10; i++) fleet.report('poisoned', { failure: 100 })
    fleet.report('b', { success: 10 })

    expect(fleet.state).toBe('closed')
  })

  it('is opened by one process if no other one is connected', () => {
    const fleet = createFleet()
    fleet.live = 1

    fleet.report('a', { failure: 10 })

    expect(fleet.state).toBe('open')
  })

  it('does not take failures of another process for new that have left the window', () => {
    const fleet = createFleet()
    fleet.report('a', { failure: 10 })

    fleet.now += POLICY.buckets * POLICY.bucketMs
    fleet.report('b', { failure: 10 })

    expect(fleet.state).toBe('closed')
  })

  it('keeps no more reporters than it takes', () => {
    const fleet = createFleet()

    for (const process of ['a', 'b', 'c', 'a']) fleet.report(process, { failure: 1 })

    expect(fleet.record.reporters.map(([process]) => process)).toEqual(['c', 'a'])
  })
})

describe('the window of a fleet', () => {
  it('adds up the calls of a time slice, and forgets the oldest slice', () => {
    const fleet = createFleet()

    fleet.report('a', { success: 1 })
    fleet.report('b', { success: 2, failure: 1, slow: 1 })
    fleet.now += POLICY.bucketMs
    fleet.report('a', { success: 4 })
    expect(fleet.answer.fleet).toEqual({ success: 7, failure: 1, slow: 1 })
    fleet.now += (POLICY.buckets - 1) * POLICY.bucketMs
    fleet.report('a', { success: 8 })

    expect(fleet.answer.fleet).toEqual({ success: 12, failure: 0, slow: 0 })
  })

  it('forgets what lies ahead after the clock went back', () => {
    const fleet = createFleet()
    fleet.report('a', { success: 1 })

    fleet.now -= 10 * POLICY.bucketMs
    fleet.report('a', { success: 2 })

    expect(fleet.answer.fleet.success).toBe(2)
  })

  it('is another one for processes with another geometry', () => {
    const fleet = createFleet()
    fleet.report('a', { failure: 9 })

    fleet.policy = { ...POLICY, buckets: 20 }
    fleet.report('b', { failure: 9 })

    expect(fleet.state).toBe('closed')
    expect(Object.keys(fleet.record.windows)).toEqual(['1000x10', '1000x20'])
  })

  it('takes up to its number of buckets, whatever is reported', () => {
    const fleet = createFleet()

    for (let i = 0; i < 100; i++) {
      fleet.report('a', { success: 1 })
      fleet.now += 700
    }

    expect(fleet.record.windows['1000x10']).toHaveLength(10)
  })
})

describe('the stamps of a fleet', () => {
  it('grow with the clock of the store', () => {
    const fleet = createFleet()

    fleet.open()

    expect(madeAt(fleet.automatic.stamp)).toBe(fleet.now)
  })

  it('grow though the clock went back', () => {
    const fleet = createFleet()
    fleet.open()
    const { stamp } = fleet.automatic

    fleet.now -= 3_600_000
    fleet.command('a', { kind: 'reset' })

    expect(fleet.automatic.stamp).toBeGreaterThan(stamp)
  })

  it('differ with the nonce: two stores that are parted use none for two contents', () => {
    const ask = createFleet().ask('a', { command: { kind: 'reset', by: '', reason: '' } })
    const stampOf = (nonce: number) =>
      step(undefined, { ...ask, nonce }, 1_000).answer.registers.automatic.stamp

    expect(stampOf(7)).toBe(1_000 * 1024 + 7)
    expect(stampOf(8)).toBe(1_000 * 1024 + 8)
  })

  it('change with every content', () => {
    const fleet = createFleet({ probes: 1 })
    const contents = new Map<number, string>()
    const note = () => {
      const { automatic } = fleet
      const content = JSON.stringify(automatic)
      expect(contents.get(automatic.stamp) ?? content).toBe(content)
      contents.set(automatic.stamp, content)
    }

    for (let i = 0; i < 5; i++) {
      fleet.open()
      note()
      fleet.now = fleet.automatic.until
      fleet.lease('a', `l${i}`)
      note()
      fleet.result('a', `l${i}`, i % 2 === 0 ? 'failure' : 'success')
      note()
      fleet.command('a', { kind: 'reset' })
      note()
    }

    expect(contents.size).toBeGreaterThan(15)
  })
})

describe('a store that has lost its data', () => {
  it('takes the registers of the first process that asks, word for word', () => {
    const fleet = createFleet()
    fleet.open()
    fleet.command('ada', { kind: 'override', mode: 'forced-open', for: 0 })
    const { registers } = fleet
    fleet.say('b')

    fleet.lose()
    fleet.say('b')

    expect(fleet.registers).toEqual(registers)
    expect(fleet.answer.registers).toEqual(registers)
  })

  it('tells all others that it has them again', () => {
    const fleet = createFleet()
    fleet.open()
    const { automatic } = fleet
    fleet.say('b')

    fleet.lose()
    fleet.say('b')

    expect(fleet.changes).toEqual([
      { register: 'automatic', from: NO_REGISTERS.automatic, to: automatic },
    ])
  })

  it('comes back from half-open as open with its time over, under a new stamp and without leases', () => {
    const fleet = createFleet()
    fleet.openUntilNow()
    fleet.lease('a', 'l1')
    const { stamp, opens } = fleet.automatic

    fleet.lose()
    fleet.say('a')

    expect(fleet.automatic).toMatchObject({ state: 'open', reason: 'restored', until: fleet.now })
    expect(fleet.automatic.stamp).toBeGreaterThan(stamp)
    expect(fleet.automatic.opens).toBe(opens)
    expect(fleet.record.leases).toEqual([])
  })

  it('ignores the end of a probe whose lease it has lost', () => {
    const fleet = createFleet({ probes: 1 })
    fleet.openUntilNow()
    fleet.lease('a', 'l1')

    fleet.lose()
    fleet.result('a', 'l1', 'success')

    expect(fleet.state).toBe('open')
  })

  it('still has an override when an automatic change was made meanwhile, and the other way round', () => {
    const fleet = createFleet()
    fleet.command('ada', { kind: 'override', mode: 'disabled', for: 0 })
    const held = fleet.registers

    fleet.lose()
    fleet.known.set('b', NO_REGISTERS)
    fleet.command('b', { kind: 'trip', for: 0 })
    fleet.known.set('a', held)
    fleet.say('a')

    expect(fleet.state).toBe('open')
    expect(fleet.override).toEqual(held.override)
  })
})

describe('a store that has an older state than a process', () => {
  it('takes the newer one, and tells it to a process with the older one', () => {
    const fleet = createFleet()
    fleet.open()
    const older = fleet.record
    fleet.command('a', { kind: 'reset' })
    const newer = fleet.automatic

    fleet.record = older
    fleet.say('a')
    expect(fleet.automatic).toEqual(newer)
    fleet.say('b')

    expect(fleet.knownOf('b').automatic).toEqual(newer)
  })

  it('forgets the calls that it has counted meanwhile', () => {
    const fleet = createFleet()
    const older = fleet.record
    fleet.command('a', { kind: 'reset' })
    const newer = fleet.registers
    fleet.record = older
    fleet.known.set('b', NO_REGISTERS)
    fleet.report('b', { success: 4 })

    fleet.known.set('a', newer)
    fleet.report('a', { success: 1 })

    expect(fleet.answer.fleet.success).toBe(1)
  })

  it.each([
    ['a day', DAY, false],
    ['more than a day', DAY + 1, true],
  ])('refuses a state that is %s ahead of its clock: %s ms', (_, ms, refuses) => {
    const fleet = createFleet()
    const stamp = (fleet.now + ms) * 1024
    const automatic: Register = { ...NO_REGISTERS.automatic, stamp, state: 'open', until: 1 }

    fleet.known.set('broken', { ...NO_REGISTERS, automatic })
    fleet.say('broken')

    expect(fleet.answer.refused).toBe(refuses ? 'ahead' : undefined)
    expect(fleet.state).toBe(refuses ? 'closed' : 'open')
  })

  it('refuses an override that is far ahead, too', () => {
    const fleet = createFleet()
    const stamp = (fleet.now + 2 * DAY) * 1024
    const override = { ...NO_REGISTERS.override, stamp, mode: 'forced-open' as const }

    fleet.known.set('broken', { ...NO_REGISTERS, override })
    fleet.say('broken')

    expect(fleet.answer).toMatchObject({ refused: 'ahead', registers: NO_REGISTERS })
  })
})

describe('a report', () => {
  it('does not count when the state has changed since its calls began', () => {
    const fleet = createFleet()
    fleet.say('late')
    fleet.command('a', { kind: 'reset' })

    fleet.report('late', { success: 5, failure: 5 })

    expect(fleet.answer.fleet).toEqual({ success: 0, failure: 0, slow: 0 })
    expect(fleet.record.reporters).toEqual([])
  })

  it('begins anew with each state', () => {
    const fleet = createFleet()
    fleet.report('a', { failure: 9 })
    fleet.command('b', { kind: 'reset' })
    fleet.say('a')

    fleet.report('a', { failure: 1 })

    expect(fleet.answer.fleet.failure).toBe(1)
  })

  it.each(['open', 'half-open'])('does not count while the fleet is %s', (state) => {
    const fleet = createFleet()
    fleet.openUntilNow()
    if (state === 'half-open') fleet.lease('a', 'l1')
    fleet.say('b')

    fleet.report('b', { failure: 50 })

    expect(fleet.state).toBe(state)
    expect(fleet.record.windows).toEqual({})
  })
})

describe('a lease', () => {
  it('is refused until the open time is over; the answer says when to ask again', () => {
    const fleet = createFleet()
    fleet.open()

    fleet.now = fleet.automatic.until - 1
    fleet.lease('a', 'l1')
    expect(fleet.answer).toMatchObject({ granted: false, retryMs: 1 })
    expect(fleet.state).toBe('open')
    fleet.now++
    fleet.lease('a', 'l2')

    expect(fleet.answer.granted).toBe(true)
    expect(fleet.automatic).toMatchObject({ state: 'half-open', reason: 'elapsed', by: 'a' })
  })

  it('is given to as many as there may be probes in the whole fleet', () => {
    const fleet = createFleet({ probes: 2 })
    fleet.openUntilNow()

    const granted = ['a', 'b', 'c', 'd'].map((process) => fleet.lease(process, `l-${process}`))

    expect(granted).toEqual([true, true, false, false])
  })

  it('is given once though it is asked for twice', () => {
    const fleet = createFleet({ probes: 2 })
    fleet.openUntilNow()

    expect(fleet.lease('a', 'l1')).toBe(true)
    expect(fleet.lease('a', 'l1')).toBe(true)

    expect(fleet.record.leases).toHaveLength(1)
  })

  it('is free again when its probe has ended without evidence', () => {
    const fleet = createFleet({ probes: 1 })
    fleet.openUntilNow()
    fleet.lease('a', 'l1')

    fleet.result('a', 'l1', 'none')

    expect(fleet.state).toBe('half-open')
    expect(fleet.lease('b', 'l2')).toBe(true)
  })

  it('is free again when it has expired', () => {
    const fleet = createFleet({ probes: 1 })
    fleet.openUntilNow()
    fleet.lease('killed', 'l1')

    fleet.now += POLICY.leaseMs - 1
    expect(fleet.lease('b', 'l2')).toBe(false)
    fleet.now++

    expect(fleet.lease('b', 'l3')).toBe(true)
  })

  it('lasts as long as it is renewed', () => {
    const fleet = createFleet({ probes: 1 })
    fleet.openUntilNow()
    fleet.lease('a', 'l1')

    for (let i = 0; i < 5; i++) {
      fleet.now += POLICY.leaseMs - 1
      fleet.say('a', { renew: 'l1' })
    }

    expect(fleet.lease('b', 'l2')).toBe(false)
    fleet.result('a', 'l1', 'success')
    expect(fleet.record.succeeded + Number(fleet.state === 'closed')).toBeGreaterThan(0)
  })

  it('is not renewed once it has expired', () => {
    const fleet = createFleet({ probes: 1 })
    fleet.openUntilNow()
    fleet.lease('a', 'l1')

    fleet.now += POLICY.leaseMs
    fleet.say('a', { renew: 'l1' })

    expect(fleet.record.leases).toEqual([])
  })

  it.each([
    [undefined, 100],
    [10, 100],
    [1_000, 5_000],
  ])('that %s processes ask for is asked for again after %d ms or more', (live, ms) => {
    const fleet = createFleet({ probes: 1 })
    fleet.live = live
    fleet.openUntilNow()
    fleet.lease('a', 'l1')

    const waits = [0, 1023].map((nonce) => {
      fleet.say('b', { lease: 'l2', nonce })
      return fleet.answer.retryMs
    })

    expect(waits[0]).toBe(ms)
    expect(waits[1]).toBeGreaterThan(1.9 * ms)
    expect(waits[1]).toBeLessThan(2 * ms)
  })

  it('is not given by a closed fleet', () => {
    const fleet = createFleet()

    expect(fleet.lease('a', 'l1')).toBe(false)
    expect(fleet.answer.retryMs).toBe(undefined)
  })
})

/** Two processes have a lease each. */
function createProbedFleet(policy: Parameters<typeof createFleet>[0] = {}) {
  const fleet = createFleet({ probes: 2, ...policy })
  fleet.openUntilNow()
  fleet.lease('a', 'l1')
  fleet.lease('b', 'l2')
  return fleet
}

describe('a half-open fleet', () => {
  it('closes when enough probes have succeeded', () => {
    const fleet = createProbedFleet({ successes: 2 })

    fleet.result('a', 'l1', 'success')
    expect(fleet.state).toBe('half-open')
    fleet.result('b', 'l2', 'success')

    expect(fleet.automatic).toMatchObject({
      state: 'closed',
      opens: 0,
      reason: 'recovered',
      by: 'b',
    })
  })

  it('opens again with the first probe that fails', () => {
    const fleet = createProbedFleet()

    fleet.result('b', 'l2', 'failure')

    expect(fleet.automatic).toMatchObject({
      state: 'open',
      opens: 2,
      reason: 'probeFailed',
      by: 'b',
    })
    expect(fleet.record.leases).toEqual([])
  })

  it('stays open longer each time, up to a limit', () => {
    const fleet = createFleet({ openMs: 1_000, factor: 2, maxOpenMs: 5_000 })
    fleet.openUntilNow()

    const times = [1, 2, 3, 4].map((n) => {
      fleet.lease('a', `l${n}`)
      fleet.result('a', `l${n}`, 'failure')
      const { until } = fleet.automatic
      const ms = until - fleet.now
      fleet.now = until
      return ms
    })

    expect(times).toEqual([2_000, 4_000, 5_000, 5_000])
  })

  it.each(['success', 'failure'] as const)(
    'ignores the %s of a probe whose lease has expired',
    (outcome) => {
      const fleet = createFleet({ probes: 1, successes: 1 })
      fleet.openUntilNow()
      fleet.lease('paused', 'l1')

      fleet.now += POLICY.leaseMs
      fleet.result('paused', 'l1', outcome)

      expect(fleet.state).toBe('half-open')
      expect(fleet.record.succeeded).toBe(0)
    },
  )

  it('ignores a result that comes twice', () => {
    const fleet = createFleet({ probes: 2, successes: 2 })
    fleet.openUntilNow()
    fleet.lease('a', 'l1')

    fleet.result('a', 'l1', 'success')
    fleet.result('a', 'l1', 'success')

    expect(fleet.state).toBe('half-open')
  })

  it('opens again when two probes were lost: they may kill their processes', () => {
    const fleet = createFleet({ probes: 1 })
    fleet.openUntilNow()
    fleet.lease('a', 'l1')
    fleet.now += POLICY.leaseMs
    fleet.lease('b', 'l2')

    fleet.now += POLICY.leaseMs
    fleet.say('c')

    expect(fleet.automatic).toMatchObject({ state: 'open', reason: 'probesLost', opens: 2 })
  })
})

describe('a command', () => {
  it('trips the fleet for the time that it says, or as the policy says', () => {
    const fleet = createFleet()

    fleet.command('a', { kind: 'trip', for: 7_000, by: 'ada', reason: 'deploy' })
    expect(fleet.automatic).toMatchObject({
      state: 'open',
      until: fleet.now + 7_000,
      reason: 'trip',
      by: 'ada',
      note: 'deploy',
    })
    fleet.command('a', { kind: 'trip', for: 0 })

    expect(fleet.automatic.until).toBe(fleet.now + POLICY.openMs)
  })

  it('makes it ready for probes at once', () => {
    const fleet = createFleet()
    fleet.open()

    fleet.command('a', { kind: 'halfOpen' })

    expect(fleet.lease('b', 'l1')).toBe(true)
  })

  it('resets it: closed, under a new stamp', () => {
    const fleet = createFleet()
    fleet.open()
    const { stamp } = fleet.automatic

    fleet.command('a', { kind: 'reset', by: 'ada' })

    expect(fleet.automatic).toMatchObject({ state: 'closed', opens: 0, reason: 'reset', by: 'ada' })
    expect(fleet.automatic.stamp).toBeGreaterThan(stamp)
  })

  it('sets and lifts an override beside the automatic state', () => {
    const fleet = createFleet()
    fleet.open()
    const { automatic } = fleet

    fleet.command('a', { kind: 'override', mode: 'forced-closed', for: 0, by: 'ada', reason: 'x' })
    expect(fleet.override).toMatchObject({
      mode: 'forced-closed',
      until: 0,
      by: 'ada',
      reason: 'x',
    })
    const { stamp } = fleet.override
    fleet.command('b', { kind: 'override', mode: null, for: 0 })

    expect(fleet.override.mode).toBe(null)
    expect(fleet.override.stamp).toBeGreaterThan(stamp)
    expect(fleet.automatic).toEqual(automatic)
  })

  it('sets an override that lifts itself', () => {
    const fleet = createFleet()
    fleet.command('a', { kind: 'override', mode: 'disabled', for: 1_000 })

    fleet.now += 999
    fleet.say('b')
    expect(fleet.override.mode).toBe('disabled')
    fleet.now++
    fleet.say('b')

    expect(fleet.override.mode).toBe(null)
    expect(fleet.changes).toHaveLength(1)
  })
})

describe('an ask', () => {
  it.each([
    [0, true],
    [-1, false],
    [1, true],
  ])('that must come within %d ms has an effect: %s', (ms, counts) => {
    const fleet = createFleet()

    fleet.say('a', {
      notAfter: fleet.now + ms,
      command: { kind: 'trip', for: 0, by: '', reason: '' },
    })

    expect(fleet.state).toBe(counts ? 'open' : 'closed')
    expect(fleet.answer.refused).toBe(counts ? undefined : 'late')
  })

  it('has no effect on a record of a newer version', () => {
    const ask: Ask = createFleet().ask('a', { command: { kind: 'reset', by: '', reason: '' } })
    const newer = { ...NO_RECORD, schema: 2 as never }

    const { record, answer, changes } = step(newer, ask, 1_000)

    expect(record).toBe(newer)
    expect(answer.refused).toBe('schema')
    expect(changes).toEqual([])
  })

  it('names the policy of the process before if that was another one', () => {
    const fleet = createFleet()
    fleet.say('a')
    expect(fleet.answer.otherPolicy).toBe(undefined)

    fleet.policy = { ...POLICY, minimumCalls: 11 }
    fleet.say('b')
    expect(fleet.answer.otherPolicy).toBe(policyText(POLICY))
    fleet.say('b')

    expect(fleet.answer.otherPolicy).toBe(undefined)
  })

  it('does not change the record that it is given', () => {
    const fleet = createFleet()
    fleet.report('a', { failure: 3 })
    const before = structuredClone(fleet.record)
    const given = fleet.record

    fleet.report('b', { failure: 30 })

    expect(given).toEqual(before)
    expect(fleet.record).not.toEqual(before)
  })
})

describe('a record', () => {
  it('is kept for an hour, and for ten of its longest open times', () => {
    const fleet = createFleet()
    fleet.say('a')

    expect(timeToLive(fleet.record, { ...POLICY, maxOpenMs: 60_000 })).toBe(3_600_000)
    expect(timeToLive(fleet.record, { ...POLICY, maxOpenMs: 600_000 })).toBe(6_000_000)
  })

  it('is kept for ever while there is an override', () => {
    const fleet = createFleet()
    fleet.command('a', { kind: 'override', mode: 'disabled', for: 1_000 })

    expect(timeToLive(fleet.record, POLICY)).toBe(Infinity)
  })
})
