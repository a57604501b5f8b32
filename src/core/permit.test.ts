import { describe, expect, it } from 'vitest'
import {
  createMachine,
  machineAsText,
  probedMachine,
  RESET_TIMEOUT,
  settle,
} from '../../test/helpers/core.ts'
import { OUTCOMES } from './outcome.ts'
import { Permit, UNENFORCED, UNRECORDED } from './permit.ts'
import type { HalfOpen } from './state/half-open.ts'

describe('Permit', () => {
  it('is open and has delivered nothing when it is new', () => {
    const permit = new Permit(null, 7)

    expect(permit).toMatchObject({ open: true, delivered: false, overdue: false, startedAt: 7 })
    expect([permit.due, permit.deadline]).toEqual([Infinity, Infinity])
  })

  it.each([
    { deadline: undefined, probe: false },
    { deadline: 0, probe: true },
    { deadline: 1e15, probe: true },
  ])('is a probe exactly when it has a deadline: $deadline', ({ deadline, probe }) => {
    expect(new Permit(null, 0, deadline).probe).toBe(probe)
  })

  it.each([
    { open: true, deliveredAt: 1_200, overdue: false },
    { open: false, deliveredAt: undefined, overdue: true },
  ])('is cloned into another state as it is: %o', (flags) => {
    const { machine, probes } = probedMachine()
    const permit = Object.assign(probes[0] as Permit, flags)
    const state = machine.clone().state as HalfOpen

    const copy = permit.clone(state)

    expect(copy).toMatchObject({ ...flags, deadline: permit.deadline, startedAt: RESET_TIMEOUT })
    expect(copy.state).toBe(state)
  })
})

describe.each([
  { name: 'UNRECORDED', permit: UNRECORDED },
  { name: 'UNENFORCED', permit: UNENFORCED },
])('$name', ({ permit }) => {
  it('is no probe and cannot be changed, since many calls hold it', () => {
    expect(permit.probe).toBe(false)
    expect(Object.isFrozen(permit)).toBe(true)
  })

  it.each(OUTCOMES)('counts for nothing when it is settled with %s', (outcome) => {
    const machine = createMachine({ maxFailures: 1 })
    const before = machineAsText(machine)

    expect(settle(machine, permit, outcome, 5)).toBe(false)
    expect(machineAsText(machine)).toBe(before)
  })
})
