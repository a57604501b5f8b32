import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  failuresInARow,
  type MachineOptions,
  openMachine,
  probedMachine,
  RESET_TIMEOUT,
  revive,
  settingsOf,
  settle,
  stateAt,
} from '../../test/helpers/core.ts'
import { overdueOptions, watchful } from '../../test/helpers/overdue.ts'
import type { Machine } from './machine.ts'
import { tripsOf } from './machine-data.ts'
import { overdueRule } from './trip/rules.ts'

function halfOpen(): Machine {
  const { machine, probes } = probedMachine({ probes: 3, concurrent: 2 })
  settle(machine, probes[0] as never, 'success', RESET_TIMEOUT)
  settle(machine, probes[1] as never, 'cancelled', RESET_TIMEOUT)
  machine.admit(RESET_TIMEOUT)
  return machine
}

describe('restore', () => {
  it.each([
    { failures: 0, state: 'closed' },
    { failures: 1, state: 'open' },
  ])('goes on with the failures in a row: after two, $failures more leave it $state', (row) => {
    const machine = createMachine()
    callTimes(machine, 2, 'failure')

    const restored = revive(machine, 0)
    expect(failuresInARow(restored)).toBe(2)

    callTimes(restored, row.failures, 'failure')
    expect(restored.state.name).toBe(row.state)
  })

  it('explains a trip by the failures from before as well', () => {
    const machine = createMachine()
    callTimes(machine, 2, 'failure', 10)
    const restored = revive(machine, 100)

    callTimes(restored, 1, 'failure', 5)

    expect(tripsOf(restored)[0]?.failures.map(({ at }) => at)).toEqual([-90, -90, 5])
  })

  it('keeps to the Retry-After from before', () => {
    const machine = createMachine()
    callOnce(machine, 'failure', 0, { retryAfter: 5_000 })
    const restored = revive(machine, 1_000)

    callTimes(restored, 2, 'failure')

    expect(tripsOf(restored)[0]?.openFor).toBe(4_000)
  })

  it.each([
    { at: 599, state: 'open' },
    { at: 600, state: 'half-open' },
  ])('waits for the rest of the open time only: $state at $at', ({ at, state }) => {
    expect(stateAt(revive(openMachine(), 400), at)).toBe(state)
  })

  it('counts the successes of earlier probes, and has all slots free', () => {
    const options: MachineOptions = { probes: 3, concurrent: 2 }
    const restored = revive(halfOpen(), 1_100, options)

    callTimes(restored, 1, 'success')
    expect(restored.state.name).toBe('half-open')

    callTimes(restored, 1, 'success')
    expect(restored.state.name).toBe('closed')
  })

  it('goes on filling in the record of the trip that lasts', () => {
    const restored = revive(openMachine(), 400)

    restored.admit(0)
    restored.reset(10)

    expect(tripsOf(restored)).toMatchObject([{ rejected: 1, endedAt: 10, endedBy: 'reset' }])
  })

  it('goes on with the record of the trip that lasts even without a history', () => {
    const restored = revive(openMachine({ history: 0 }), 400, { history: 0 })

    restored.admit(0)

    expect(tripsOf(restored)).toEqual([])
    expect(restored.state).toMatchObject({
      trip: { at: -400, reason: 'consecutiveFailures', rejected: 1 },
    })
  })

  it.each([
    { history: 0, kept: [] },
    { history: 2, kept: [-99, -98] },
    { history: 3, kept: [-100, -99, -98] },
    { history: 9, kept: [-100, -99, -98] },
  ])('keeps the last trip records that a history of $history has room for', (row) => {
    const machine = createMachine()
    for (let at = 0; at < 3; at++) {
      machine.trip(at)
      machine.reset(at)
    }

    const restored = revive(machine, 100, { history: row.history })

    expect(tripsOf(restored).map(({ at }) => at)).toEqual(row.kept)
  })

  it('opens by settings that are stricter than those of the saved circuit', () => {
    const machine = createMachine({ maxFailures: 9 })
    callTimes(machine, 5, 'failure')
    const restored = revive(machine, 0, { maxFailures: 2 })

    callTimes(restored, 1, 'failure')

    expect(restored.state.name).toBe('open')
  })

  it('makes the results of calls of the other process stale', () => {
    const machine = createMachine({ maxFailures: 1 })
    const permit = admit(machine, 0)
    const restored = revive(machine, 0, { maxFailures: 1 })

    expect(settle(restored, permit, 'failure', 0)).toBe(false)
    expect(restored.state.name).toBe('closed')
  })

  it('keeps the calls of a time window through many saves', () => {
    const trip = { failureRate: { threshold: 1, minimumCalls: 6, window: { duration: 10_000 } } }
    let machine = createMachine({ maxFailures: 99, trip }, 0)
    callTimes(machine, 5, 'failure', 37)
    for (let i = 0; i < 20; i++)
      machine = revive(machine, i === 0 ? 40 : 1, { maxFailures: 99, trip })
    callTimes(machine, 1, 'failure', 1)

    expect(machine.state.name).toBe('open')
  })
})

describe('a machine that was restored with a rule that charges overdue calls', () => {
  /** Calls that hang, among successes that take what they cost. */
  function hangAmongSuccesses(machine: Machine): void {
    for (let at = 0; at < 8_000; at += 10) {
      if (at % 2_000 === 0) machine.admit(at)
      settle(machine, admit(machine, at), 'success', at + 5)
    }
  }

  it('charges them to the rule that successes are recorded by', () => {
    const machine = watchful()
    const restored = revive(machine, 200, overdueOptions)
    const { state } = restored

    expect(state).toMatchObject({ name: 'closed' })
    if (state.name === 'closed') expect(state.inFlight?.rule).toBe(overdueRule(state.rules))
  })

  it('stays closed where a machine that was never saved does', () => {
    const [kept, restored] = [watchful(), revive(watchful(), 200, overdueOptions)]
    kept.configure(settingsOf(overdueOptions), 200)

    for (const machine of [kept, restored]) hangAmongSuccesses(machine)

    expect([kept.state.name, restored.state.name]).toEqual(['closed', 'closed'])
  })

  it('is read as the next call finds it', () => {
    const restored = revive(watchful(), 200, overdueOptions)
    for (let i = 0; i < 6; i++) restored.admit(0)
    for (const at of [100, 1_000, 2_000, 60_000]) {
      const read = restored.peek(at).state.name
      restored.admit(at)

      expect(restored.state.name).toBe(read)
    }
  })
})
