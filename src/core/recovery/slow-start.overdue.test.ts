import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  createMachine,
  settingsOf,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import { evidence, overdueOptions, START, teach } from '../../../test/helpers/overdue.ts'
import { flood, GROWN_AT, grown, settleAll } from '../../../test/helpers/slow-start.ts'
import { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import type { Permit } from '../permit.ts'

function limitOf({ state }: Machine): number {
  return state.name === 'half-open' ? state.recovery.limit : Number.NaN
}

function probesOf({ state }: Machine): Permit[] {
  return state.name === 'half-open' ? [...state.recovery.inFlight] : []
}

describe('a slow start with a probe that is overdue', () => {
  const recovery = {
    kind: 'slowStart',
    successes: 50,
    quietFor: 0,
    timeout: 30_000,
    slowerThan: 5_000,
  } as const

  function halfOpen(): Machine {
    const machine = createMachine(overdueOptions)
    teach(machine)
    machine.configure({ ...settingsOf(overdueOptions), recovery }, START)
    machine.trip(START)
    return machine
  }

  it.each([
    { at: 2_499, state: 'half-open' },
    { at: 2_500, state: 'open' },
  ])('re-opens as of the moment when nothing has succeeded: $state at $at', ({ at, state }) => {
    const machine = halfOpen()
    admit(machine, 2_000)

    expect(stateAt(machine, at)).toBe(state)
    expect(machine.clone().admit(at)).toBe(state)

    machine.admit(9_000)
    expect(tripsOf(machine)[0]).toMatchObject({ reopened: 1 })
    expect(machine.changes).toContainEqual(
      expect.objectContaining({ to: 'open', reason: 'probeOverdue' }),
    )
  })

  it('is cut by as little as before when that probe succeeds after all', () => {
    const machine = grown()
    const late = admit(machine, GROWN_AT)
    admit(machine, GROWN_AT + 600)
    const cut = limitOf(machine)
    settle(machine, late, 'success', GROWN_AT + 700)

    for (let i = 0; i < 3; i++) callOnce(machine, 'failure', GROWN_AT + 710 + i)

    expect(cut).toBe(5)
    expect(limitOf(machine)).toBeLessThan(cut)
  })

  it('closes again when that probe succeeds after all', () => {
    const machine = halfOpen()
    const probe = admit(machine, 2_000)
    machine.admit(2_600)

    settle(machine, probe, 'success', 2_700)

    expect(machine.state).toMatchObject({ name: 'closed', since: 2_700 })
  })

  it('leaves its slot to the next call when something has succeeded before', () => {
    const machine = halfOpen()
    settle(machine, admit(machine, 2_000), 'success', 2_010)
    admitMany(machine, 2, 2_010)
    expect(machine.admit(2_010)).toBe('half-open')

    expect(admit(machine, 2_600)).toMatchObject({ probe: true })
    expect(machine.state.name).toBe('half-open')
  })

  it('takes its charge back when it ends after all', () => {
    const machine = halfOpen()
    for (let i = 0; i < 3; i++) settle(machine, admit(machine, 2_000), 'success', 2_010)
    const hung = admit(machine, 2_010)
    machine.admit(2_600)

    expect(settle(machine, hung, 'success', 2_700)).toBe(true)
    expect(machine.state.name).toBe('half-open')
  })

  it('expires that probe at its deadline', () => {
    const settings = {
      ...settingsOf({ maxFailures: 99, trip: { evidence } }),
      recovery: {
        kind: 'slowStart' as const,
        successes: 10,
        quietFor: 1_000,
        timeout: 3_000,
        slowerThan: 5_000,
      },
    }
    const machine = new Machine(settings, 0, () => 0.5)
    for (let i = 0; i < 20; i++) {
      const p = admit(machine, i * 10)
      settle(machine, p, 'success', i * 10 + 10)
    }
    machine.trip(200)
    const p = admit(machine, 1_200)
    settle(machine, p, 'success', 1_210)
    const hung = admit(machine, 1_220)
    machine.admit(2_500)
    machine.admit(5_000)

    expect(hung.open).toBe(false)
    expect(machine.counters.read().expired).toBe(1)
  })
})

describe('a slow start with a call that was overdue', () => {
  it('has no charge and no credit left of it once it has ended', () => {
    const machine = grown()
    const overdue = admit(machine, GROWN_AT)
    callOnce(machine, 'success', GROWN_AT + 1_000)
    settle(machine, overdue, 'cancelled', GROWN_AT + 1_000)
    const probes = flood(machine, GROWN_AT + 1_001)
    const room = probes.length

    settleAll(machine, probes.splice(0, 2), 'failure', GROWN_AT + 1_002)
    for (const probe of probes.splice(1)) settle(machine, probe, 'cancelled', GROWN_AT + 1_002)
    expect(flood(machine, GROWN_AT + 1_002)).toHaveLength(room - 1)

    settleAll(machine, probes, 'failure', GROWN_AT + 1_003)
    expect(machine.state).toMatchObject({ name: 'half-open', recovery: { limit: 4 } })
  })

  it('takes its charge back when it ends', () => {
    const machine = grown()
    const [overdue, ...probes] = flood(machine, GROWN_AT + 1)
    settleAll(machine, probes.splice(0, 3), 'failure', GROWN_AT + 1)
    for (const probe of probes) settle(machine, probe, 'cancelled', GROWN_AT + 1)
    settle(machine, admit(machine, GROWN_AT + 600), 'cancelled', GROWN_AT + 600)
    settle(machine, overdue as Permit, 'neutral', GROWN_AT + 600)

    callOnce(machine, 'failure', GROWN_AT + 601)

    expect(machine.state).toMatchObject({ name: 'half-open', recovery: { limit: 5 } })
  })

  it('has the slots of other calls still taken when it ends', () => {
    const machine = grown()
    const overdue = admit(machine, GROWN_AT)
    const other = admit(machine, GROWN_AT + 600)

    settle(machine, overdue, 'cancelled', GROWN_AT + 600)

    expect(probesOf(machine)).toEqual([other])
  })

  it('takes only those calls for overdue that have been out long enough', () => {
    const machine = grown()
    admit(machine, GROWN_AT)
    const other = admit(machine, GROWN_AT + 400)

    const [left, ...more] = probesOf(machine.peek(GROWN_AT + 600))
    expect(left?.startedAt).toBe(other.startedAt)
    expect(more).toEqual([])
  })
})
