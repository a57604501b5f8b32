import { describe, expect, it } from 'vitest'
import {
  admit,
  admitFast,
  createMachine,
  saveAt,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import { evidence, overdueOptions, START, waiting } from '../../../test/helpers/overdue.ts'
import type { Machine } from '../machine.ts'
import type { Permit, SharedPermit } from '../permit.ts'
import { ruleStatuses } from '../state/state.ts'

function scoreAt(machine: Machine, reading: number): number | undefined {
  return ruleStatuses(machine, machine.now(reading)).find(({ rule }) => rule === 'evidence')
    ?.observed
}

/** Under a shared permit where calls have one. */
function begin(machine: Machine): Permit | SharedPermit {
  return admitFast(machine) ?? admit(machine, 0)
}

/** Takes notice of what is late by now. */
function notice(machine: Machine, reading: number): void {
  settle(machine, admit(machine, reading), 'neutral', reading)
}

describe('a call that is late', () => {
  it('opens nothing as it ends, where all but it would be too few', () => {
    const { machine, permits } = waiting(3)

    settle(machine, permits[0] as Permit, 'success', START + 1_200)

    expect(machine.changes).toEqual([])
    expect(machine.state.name).toBe('closed')
  })

  it('makes later calls overdue later once it has delivered, and one that was not late does not', () => {
    const { machine, permits } = waiting(2)
    const [quick, late] = permits as [Permit, Permit]

    machine.deliver(quick, START + 400)
    const before = machine.baseline?.overdueAfter
    notice(machine, START + 1_000)
    machine.deliver(late, START + 1_000)

    expect(before).toBe(500)
    expect(machine.baseline?.overdueAfter).toBeGreaterThan(1_000)
  })

  it('keeps its charge when it delivers while nothing is recorded', () => {
    const { machine, permits } = waiting(1)
    notice(machine, START + 600)
    const before = scoreAt(machine, START + 600)
    machine.force('disabled', START + 600, {})

    machine.deliver(permits[0] as Permit, START + 600)

    expect(before).toBe(3)
    expect(scoreAt(machine, START + 600)).toBe(3)
  })

  it('is found late though options were configured that leave its rule as it is', () => {
    const { machine } = waiting(5)

    machine.configure(settingsOf({ ...overdueOptions, resetTimeout: 7 }), START + 100)
    machine.admit(START + 1_200)

    expect(machine.state.name).toBe('open')
  })

  it('may be given up after its rule was put out of force', () => {
    const { machine, permits } = waiting(1)
    notice(machine, START + 600)
    machine.configure(settingsOf({ maxFailures: 5 }), START + 600)

    expect(settle(machine, permits[0] as Permit, 'cancelled', START + 700)).toBe(true)
    expect(machine.state.name).toBe('closed')
  })

  it('is saved without its charge, which it takes along', () => {
    const { machine } = waiting(2)
    notice(machine, START + 600)

    const { state } = saveAt(machine, START + 600)

    expect(state.name === 'closed' && state.rules?.evidence).toMatchObject({ overdue: 0, score: 0 })
  })
})

describe('a call that its caller has given up', () => {
  const slowCallRate = {
    slowerThan: 100,
    threshold: 0.5,
    minimumCalls: 2,
    window: { calls: 4 },
  }

  it.each([
    { what: 'without any rule', options: {} },
    { what: 'with a rule that charges nothing', options: { trip: { slowCallRate } } },
    {
      what: 'with one that does not look',
      options: { trip: { evidence: { ...evidence, overdue: false } } },
    },
  ])('is no evidence $what', ({ options }) => {
    const machine = createMachine(options)
    for (let i = 0; i < 20; i++) settle(machine, begin(machine), 'success', 0)

    for (let i = 0; i < 20; i++) settle(machine, begin(machine), 'cancelled', i + 60_000)

    expect(machine.state.name).toBe('closed')
    expect(machine.counters.read()).toMatchObject({ cancelled: 20, settled: 40 })
  })
})
