import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  createMachine,
  type MachineOptions,
  openMachine,
  RESET_TIMEOUT,
  settingsOf,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import {
  evidence,
  overdueOptions,
  START,
  teach,
  waiting,
  watchful,
} from '../../../test/helpers/overdue.ts'
import { slowStart } from '../../../test/helpers/slow-start.ts'
import type { Machine } from '../machine.ts'
import type { Permit } from '../permit.ts'
import { ruleStatuses } from '../state/state.ts'

describe('calls that are overdue', () => {
  it('open a circuit also when the rule becomes stricter after they were charged', () => {
    const machine = createMachine(overdueOptions)
    teach(machine)
    settle(machine, admit(machine, START + 500), 'cancelled', START + 500)
    const stricter = { ...overdueOptions, trip: { evidence: { ...evidence, threshold: 2 } } }

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

    const read = (value: Machine): unknown => ruleStatuses(value, value.now(START + 500))
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

  it.each([
    { after: 59_999, state: 'closed' },
    { after: 60_000, state: 'open' },
  ])(
    'are those of a minute while nothing is known of what is usual: $state after $after',
    (row) => {
      const machine = createMachine(overdueOptions)
      admitMany(machine, 50, 0)

      expect(stateAt(machine, row.after)).toBe(row.state)
    },
  )

  it('are none of the slow ones of a target that has shown how slow it is', () => {
    const machine = createMachine(overdueOptions)
    const slow = admitMany(machine, 3, 0)
    machine.admit(60_000)
    expect(machine.state.name).toBe('open')

    settle(machine, slow[0] as Permit, 'success', 90_000)
    admitMany(machine, 50, 90_000)

    expect(machine.state.name).toBe('closed')
    expect(stateAt(machine, 90_000 + 134_999)).toBe('closed')
    expect(stateAt(machine, 90_000 + 135_000)).toBe('open')
  })

  it.each([
    { after: 59_999, state: 'half-open' },
    { after: 60_000, state: 'open' },
  ])(
    'are probes of a minute, too, where a slow start knows nothing: $state after $after',
    (row) => {
      const machine = createMachine()
      machine.configure({ ...settingsOf(), recovery: { ...slowStart, timeout: 100_000 } }, 0)
      machine.trip(0)
      admit(machine, RESET_TIMEOUT)

      expect(stateAt(machine, RESET_TIMEOUT + row.after)).toBe(row.state)
    },
  )

  it('are none where the rule does not count them', () => {
    const { machine } = waiting(50)
    machine.configure(
      settingsOf({ ...overdueOptions, trip: { evidence: { ...evidence, overdue: false } } }),
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
    const { state, counters } = machine
    const counts = counters.read()

    machine.peek(START + 600)

    expect(machine.state).toBe(state)
    expect(machine.counters.read()).toEqual(counts)
    expect(permits.some(({ overdue }) => overdue)).toBe(false)
  })

  it.each([{ outcome: 'success' }, { outcome: 'neutral' }] as const)(
    'take their charge back when they end as $outcome after all',
    (row) => {
      const { machine, permits } = waiting(2)
      machine.admit(START + 600)
      for (const permit of permits) settle(machine, permit, row.outcome, START + 600)

      for (let i = 0; i < 8; i++) callOnce(machine, 'failure', START + 600)

      expect(machine.state.name).toBe('closed')
    },
  )

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

describe('a call that was overdue', () => {
  it('ends in peace when the rule that charged it has been taken away', () => {
    const machine = watchful()
    const permit = admit(machine, 200)
    machine.admit(900)
    machine.configure(settingsOf(), 900)

    expect(settle(machine, permit, 'success', 1_000)).toBe(true)
  })

  it.each([
    { outcome: 'success', floor: 1_500 },
    { outcome: 'failure', floor: 0 },
    { outcome: 'cancelled', floor: 0 },
  ] as const)('tells what is normal by succeeding only: $outcome', ({ outcome, floor }) => {
    const machine = watchful()
    const permit = admit(machine, 200)
    machine.admit(900)

    settle(machine, permit, outcome, 1_200)

    expect(machine.baseline?.floor).toBe(floor)
  })

  it('is no matter for a half-open circuit with probes, which has a deadline for them', () => {
    const machine = watchful()
    machine.configure(settingsOf({ probeTimeout: 3_000 }), 200)
    machine.trip(200)
    admit(machine, 1_200)

    expect(machine.peek(4_199)).toBe(machine)
    expect(machine.peek(4_200).state.name).toBe('open')
  })

  it('is no matter for a half-open circuit that sends single probes', () => {
    const machine = openMachine({ probeTimeout: 30_000 })
    admit(machine, 1_000)

    expect(stateAt(machine, 30_999)).toBe('half-open')
  })
})

describe('calls in flight while the rule is configured off and on', () => {
  it.each([1, 2, 3, 5])('leave those that come later to be found overdue: %d of them', (count) => {
    const { machine, permits } = waiting(count)
    const off = { ...overdueOptions, trip: { evidence: { ...evidence, overdue: false } } }
    machine.configure(settingsOf(off), START)
    machine.configure(settingsOf(overdueOptions), START)
    const later = admitMany(machine, 3, START)
    for (const permit of permits.toReversed()) settle(machine, permit, 'success', START)
    later.push(...admitMany(machine, 3, START))

    expect(stateAt(machine, START + 60_000)).toBe('open')
    machine.admit(START + 60_000)
    expect(later.every(({ overdue }) => overdue)).toBe(true)
  })
})
