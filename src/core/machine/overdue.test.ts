import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  createMachine,
  type MachineOptions,
  openMachine,
  settingsOf,
  settle,
  stateAt,
} from '../../../test/helpers.ts'
import type { Machine } from '../machine.ts'
import type { Permit } from '../permit.ts'

const evidence = { threshold: 9, slowerThan: 5_000, minimumSpan: 0, overdue: true }
const options: MachineOptions = { maxFailures: Infinity, trip: { evidence } }
const START = 1_000

/** Teaches a machine that calls take 10 ms: one of more than 500 ms is overdue. */
function teach(machine: Machine): Machine {
  for (let i = 0; i < 20; i++) settle(machine, admit(machine, i * 10), 'success', i * 10 + 10)
  machine.admit(START)
  return machine
}

/** A machine that knows what is usual, with so many calls in flight since `START`. */
function waiting(count: number): { machine: Machine; permits: Permit[] } {
  const machine = createMachine(options)
  teach(machine)
  machine.reset(START)
  machine.configure(settingsOf(options), START)
  for (let i = 0; i < 20; i++) settle(machine, admit(machine, START), 'success', START)
  return { machine, permits: admitMany(machine, count, START) }
}

describe('calls that are overdue', () => {
  it('open a circuit also when the rule becomes stricter after they were charged', () => {
    const machine = createMachine(options)
    teach(machine)
    settle(machine, admit(machine, START + 500), 'cancelled', START + 500)
    const stricter = { ...options, trip: { evidence: { ...evidence, threshold: 2 } } }

    machine.configure(settingsOf(stricter), START + 500)

    expect(stateAt(machine, START + 500)).toBe('open')
    machine.admit(START + 500)
    expect(machine.state.name).toBe('open')
  })

  it('show in the score as the next call finds it, also where that opens nothing yet', () => {
    const slow: MachineOptions = {
      maxFailures: Infinity,
      trip: { evidence: { ...evidence, threshold: 4, minimumSpan: 60_000 } },
    }
    const machine = createMachine(slow)
    teach(machine)
    for (let i = 0; i < 2; i++) settle(machine, admit(machine, START), 'failure', START)
    const next = machine.clone()

    next.admit(START + 500)

    const read = (value: Machine): unknown => value.ruleStatuses(value.now(START + 500))
    expect(read(machine.peek(START + 500))).toEqual(read(next))
    expect(read(next)).toMatchObject([{ rule: 'evidence', observed: 4 }])
  })

  it.each([
    { at: START + 499, state: 'closed' },
    { at: START + 500, state: 'open' },
  ])('open before they end, in sufficient numbers: $state at $at', ({ at, state }) => {
    const { machine } = waiting(3)

    expect(stateAt(machine, at)).toBe(state)
    expect(machine.admit(at) === 'open').toBe(state === 'open')
    expect(machine.state.name).toBe(state)
  })

  it('say so in the record', () => {
    const { machine } = waiting(3)

    machine.admit(START + 600)

    expect(machine.state).toMatchObject({
      trip: { reason: 'evidence', finding: { rule: 'evidence', overdue: 3 } },
    })
  })

  it('are not enough to open when they are few', () => {
    const { machine } = waiting(2)

    expect(stateAt(machine, START + 60_000)).toBe('closed')
    expect(admit(machine, START + 60_000)).toMatchObject({ open: true })
  })

  it('are charged once', () => {
    const { machine } = waiting(2)

    for (let at = 501; at < 600; at++) machine.admit(START + at)

    expect(machine.state.name).toBe('closed')
  })

  it('are none while nothing is known of what is usual', () => {
    const machine = createMachine(options)
    admitMany(machine, 50, 0)

    expect(stateAt(machine, 1e9)).toBe('closed')
  })

  it('are none where the rule does not count them', () => {
    const { machine } = waiting(50)
    machine.configure(
      settingsOf({ ...options, trip: { evidence: { ...evidence, overdue: false } } }),
      START,
    )

    expect(stateAt(machine, START + 60_000)).toBe('closed')
    expect(admit(machine, START + 60_000)).toMatchObject({ open: true })
  })

  it('are none of the calls that ended in time', () => {
    const { machine, permits } = waiting(20)
    for (const permit of permits.slice(2)) settle(machine, permit, 'cancelled', START + 10)

    expect(stateAt(machine, START + 600)).toBe('closed')
  })

  it('are read without any effect', () => {
    const { machine, permits } = waiting(3)
    const { state, counts } = machine

    machine.peek(START + 600)

    expect(machine.state).toBe(state)
    expect(machine.counts).toEqual(counts)
    expect(permits.some(({ overdue }) => overdue)).toBe(false)
  })

  it.each([
    { outcome: 'success', more: 3 },
    { outcome: 'cancelled', more: 3 },
  ] as const)('take their charge back when they end as $outcome after all', (row) => {
    const { machine, permits } = waiting(2)
    machine.admit(START + 600)
    for (const permit of permits) settle(machine, permit, row.outcome, START + 600)

    for (let i = 0; i < 8; i++) callOnce(machine, 'failure', START + 600)

    expect(machine.state.name).toBe('closed')
  })

  it('leave their charge when they end as a slow failure', () => {
    const { machine, permits } = waiting(2)
    callOnce(machine, 'cancelled', START + 600)

    for (const permit of permits) settle(machine, permit, 'failure', START + 6_000)
    for (let i = 0; i < 4; i++) callOnce(machine, 'failure', START + 6_000)

    expect(machine.state.name).toBe('open')
  })

  it('move what counts as overdue beyond themselves when they succeed', () => {
    const { machine, permits } = waiting(1)
    machine.admit(START + 600)
    settle(machine, permits[0] as Permit, 'success', START + 10_000)

    admitMany(machine, 3, START + 10_000)

    expect(stateAt(machine, START + 24_000)).toBe('closed')
    expect(stateAt(machine, START + 26_000)).toBe('open')
  })
})

describe('a circuit that overdue calls have opened', () => {
  function opened(): { machine: Machine; permits: Permit[] } {
    const { machine, permits } = waiting(3)
    machine.admit(START + 600)
    return { machine, permits }
  }

  it('closes again when one of them succeeds', () => {
    const { machine, permits } = opened()

    expect(settle(machine, permits[0] as Permit, 'success', START + 700)).toBe(false)

    expect(machine.state).toMatchObject({ name: 'closed', since: START + 700 })
    expect(machine.changes.at(-1)).toMatchObject({ reason: 'overdueCancelled' })
    expect(machine.counts.stale).toBe(1)
  })

  it('closes again when one of them succeeds while a probe is in flight', () => {
    const { machine, permits } = opened()
    admit(machine, START + 600 + 1_000)

    settle(machine, permits[0] as Permit, 'success', START + 1_700)

    expect(machine.state.name).toBe('closed')
  })

  it('closes again although a failure was the last of the evidence', () => {
    const { machine, permits } = waiting(2)
    callOnce(machine, 'cancelled', START + 600)
    for (let i = 0; i < 4; i++) callOnce(machine, 'failure', START + 600 + i)
    expect(machine.state.name).toBe('open')

    settle(machine, permits[0] as Permit, 'success', START + 700)

    expect(machine.state.name).toBe('closed')
  })

  it.each(['failure', 'neutral', 'cancelled'] as const)(
    'stays open when one ends as %s',
    (value) => {
      const { machine, permits } = opened()

      settle(machine, permits[0] as Permit, value, START + 700)

      expect(machine.state.name).toBe('open')
    },
  )

  it('stays open when a call succeeds that was not overdue', () => {
    const { machine } = waiting(3)
    const late = admit(machine, START + 400)
    machine.admit(START + 600)

    settle(machine, late, 'success', START + 700)

    expect(machine.state.name).toBe('open')
  })

  it('stays open when one succeeds after a probe has failed', () => {
    const { machine, permits } = opened()
    callOnce(machine, 'failure', START + 1_600)

    settle(machine, permits[0] as Permit, 'success', START + 1_700)

    expect(machine.state.name).toBe('open')
  })

  it('stays closed by hand when one succeeds after a reset', () => {
    const { machine, permits } = opened()
    machine.reset(START + 650)
    const { generation } = machine.state

    settle(machine, permits[0] as Permit, 'success', START + 700)

    expect(machine.state).toMatchObject({ name: 'closed', generation })
  })
})

describe('a slow start with a probe that is overdue', () => {
  const recovery = {
    kind: 'slowStart',
    successes: 50,
    quietFor: 0,
    timeout: 30_000,
    slowerThan: 5_000,
  } as const

  function halfOpen(): Machine {
    const machine = createMachine(options)
    teach(machine)
    machine.configure({ ...settingsOf(options), recovery }, START)
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
    expect(machine.trips[0]).toMatchObject({ reopened: 1 })
    expect(machine.changes).toContainEqual(
      expect.objectContaining({ to: 'open', reason: 'probeOverdue' }),
    )
  })

  it('closes again when that probe succeeds after all', () => {
    const machine = halfOpen()
    const probe = admit(machine, 2_000)
    machine.admit(2_600)

    settle(machine, probe, 'success', 2_700)

    expect(machine.state).toMatchObject({ name: 'closed', since: 2_700 })
  })

  it('gives its slot to the next call when something has succeeded before', () => {
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

  it('is unknown to a half-open circuit that sends single probes', () => {
    const machine = openMachine({ probeTimeout: 30_000 })
    admit(machine, 1_000)

    expect(stateAt(machine, 30_999)).toBe('half-open')
  })
})
