import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import { START, waiting } from '../../../test/helpers/overdue.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import { SUCCESS } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import { save } from '../save.ts'

const HOUR = 3_600_000

/** Makes calls at the readings of a clock, and tells the state after each. */
function follow(machine: Machine, ruleStatuses: readonly number[]): string[] {
  return ruleStatuses.map((clockTime) => {
    machine.admit(clockTime)
    return machine.state.name
  })
}

describe('the time of a machine', () => {
  it.each([0, 1, -1e9, 1.7e12, 0.125])('counts from the first reading, be it %d', (start) => {
    const machine = openMachine({}, start)

    expect(stateAt(machine, start + RESET_TIMEOUT - 1)).toBe('open')
    expect(stateAt(machine, start + RESET_TIMEOUT)).toBe('half-open')
  })

  it('stands still with a clock that is frozen', () => {
    expect(follow(openMachine({}, 50), [50, 50, 50])).toEqual(['open', 'open', 'open'])
  })

  it('recovers after the real elapsed time when the clock steps back an hour while open', () => {
    const machine = openMachine({}, HOUR)
    const ruleStatuses = [HOUR + 400, 400, 999, 1_000]

    expect(follow(machine, ruleStatuses)).toEqual(['open', 'open', 'open', 'half-open'])
  })

  it('does not count an hour twice that the clock goes back and forth', () => {
    const machine = openMachine({ resetTimeout: HOUR + 2 }, HOUR)
    const ruleStatuses = [HOUR, 0, HOUR + 1, HOUR + 2]

    expect(follow(machine, ruleStatuses)).toEqual(['open', 'open', 'open', 'half-open'])
  })

  it.each([NaN, Infinity, -Infinity])('passes over a reading of %d', (clockTime) => {
    const machine = openMachine()

    expect(follow(machine, [400, clockTime, 999, 1_000])).toEqual([
      'open',
      'open',
      'open',
      'half-open',
    ])
  })

  it.each([NaN, Infinity, -Infinity, -1e9])(
    'shows the last known state at a reading of %d',
    (at) => {
      const machine = openMachine()
      machine.admit(RESET_TIMEOUT - 1)

      expect(stateAt(machine, at)).toBe('open')
      expect(machine.retryAfter(at)).toBe(1)
    },
  )

  it('has simply passed after a huge jump forward: the next call is the probe', () => {
    const machine = openMachine()

    expect(admit(machine, 1e12).probe).toBe(true)
  })

  it('gives up a probe over a huge jump forward, and lets the same call be the next', () => {
    const { machine, probes } = probedMachine()

    const next = admit(machine, 1e12)

    expect(probes[0]?.open).toBe(false)
    expect(settle(machine, next, 'success', 1e12 + 1)).toBe(true)
    expect(machine.state.name).toBe('closed')
  })

  it('gives a probe its whole deadline when the clock steps back while it is in flight', () => {
    const { machine } = probedMachine()
    const back = RESET_TIMEOUT - HOUR
    machine.admit(back)

    expect(stateAt(machine, back + PROBE_TIMEOUT - 1)).toBe('half-open')
    expect(stateAt(machine, back + PROBE_TIMEOUT)).toBe('open')
  })

  it('counts results at any readings of the clock', () => {
    const machine = createMachine({ maxFailures: 5 }, 0)
    const permits = [HOUR, NaN, -HOUR, Infinity, 0].map((at) => admit(machine, at))

    const counted = permits.map((permit, i) => settle(machine, permit, 'failure', -i * HOUR))

    expect(counted).toEqual([true, true, true, true, true])
    expect(machine.state.name).toBe('open')
  })

  it('keeps an override for as long as was said when the clock steps back', () => {
    const machine = createMachine({}, HOUR)
    machine.force('forced-open', HOUR, { for: 100 })
    machine.admit(0)

    expect([machine.admit(99), typeof machine.admit(100)]).toEqual(['forced-open', 'object'])
  })

  it('is advanced by every verb that is told a reading', () => {
    const verbs: ((machine: Machine) => unknown)[] = [
      (machine) => machine.admit(70),
      (machine) => callOnce(machine, 'success', 70),
      (machine) => machine.trip(70),
      (machine) => machine.reset(70),
      (machine) => machine.force('disabled', 70, {}),
      (machine) => machine.release(70),
      (machine) => machine.configure(machine.settings, 70),
    ]

    const times = verbs.map((verb) => {
      const machine = createMachine()
      verb(machine)
      return machine.now(0)
    })

    expect(times).toEqual(verbs.map(() => 70))
  })

  it('is not advanced by reading', () => {
    const machine = createMachine()

    machine.peek(70)
    machine.retryAfter(70)
    machine.now(70)

    expect(machine.now(0)).toBe(0)
  })

  it('recovers at the largest reading there is', () => {
    const machine = openMachine()
    const permit = admit(machine, Number.MAX_VALUE)

    expect(settle(machine, permit, 'success', Number.MAX_VALUE)).toBe(true)
    expect(machine.state.name).toBe('closed')
  })

  it('keeps an override until released, however far the clock jumps', () => {
    const machine = createMachine({}, -Number.MAX_VALUE)
    machine.force('forced-open', -Number.MAX_VALUE, {})

    expect(machine.admit(Number.MAX_VALUE)).toBe('forced-open')
  })

  it('knows a probe for a probe, however far the clock jumps', () => {
    const machine = openMachine({}, -Number.MAX_VALUE)
    const permit = admit(machine, Number.MAX_VALUE)

    expect(permit.probe).toBe(true)
  })
})

describe('the same inputs', () => {
  it('give the same trace, whatever the clock reads', () => {
    const ruleStatuses = [
      5,
      5,
      900,
      NaN,
      1_100,
      300,
      1_700,
      2_900,
      Infinity,
      2_950,
      4_000,
      0,
      9_999,
    ]
    const play = () => {
      const machine = createMachine({ maxFailures: 2, probes: 2 }, 5)
      for (const [i, at] of ruleStatuses.entries()) {
        const permit = machine.admit(at)
        if (typeof permit === 'object') settle(machine, permit, i % 3 ? 'failure' : 'success', at)
      }
      return JSON.stringify([machine.changes, machine.counters.read(), tripsOf(machine)])
    }

    expect(play()).toBe(play())
    expect(JSON.parse(play())[0]).not.toHaveLength(0)
  })

  it('keep two machines from one settings object apart', () => {
    const machine = createMachine({ maxFailures: 1 })
    const other = createMachine({ maxFailures: 1 })
    Object.assign(other, { settings: machine.settings })

    callTimes(machine, 1, 'failure')

    expect([machine.state.name, other.state.name]).toEqual(['open', 'closed'])
    expect([machine.counters.read().failure, other.counters.read().failure]).toEqual([1, 0])
  })
})

describe('a call whose end was not timed', () => {
  it('leaves the statistics of a half-open circuit as they are', () => {
    const { machine, probes } = probedMachine({ statistics: true, probes: 2 })

    machine.settle(probes[0] as Permit, SUCCESS, Number.NaN)

    expect(machine.statistics?.latency.count).toBe(3)
    expect(Number.isFinite(save(machine, machine.now(RESET_TIMEOUT)).statistics?.latency.sum)).toBe(
      true,
    )
  })

  it('leaves what is normal a number when it was overdue', () => {
    const { machine, permits } = waiting(3)
    machine.admit(START + 60_000)

    for (const permit of permits) machine.settle(permit, SUCCESS, Number.NaN)

    expect(machine.baseline?.floor).toBe(90_000)
  })
})
