import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callTimes,
  createMachine,
  failuresInARow,
  machineAsText,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import { OUTCOMES } from '../outcome.ts'
import { type Permit, UNENFORCED, UNRECORDED } from '../permit.ts'

const STATES: readonly { name: string; at: number; create: () => Machine }[] = [
  { name: 'closed', at: 0, create: () => createMachine() },
  { name: 'open', at: 0, create: () => openMachine() },
  { name: 'open with its time up', at: RESET_TIMEOUT, create: () => openMachine() },
  { name: 'half-open with no slot', at: RESET_TIMEOUT, create: () => probedMachine().machine },
]

describe('forced-open', () => {
  it.each(STATES)('admits nothing while $name', ({ at, create }) => {
    const machine = create()
    machine.force('forced-open', at, {})

    const answers = [at, at + RESET_TIMEOUT, 1e12].map((clockTime) => machine.admit(clockTime))

    expect(answers).toEqual(['forced-open', 'forced-open', 'forced-open'])
    expect(machine.counters.read().rejected).toMatchObject({
      'forced-open': 3,
      open: 0,
      'half-open': 0,
    })
  })

  it('still takes the results of calls that were in flight', () => {
    const machine = createMachine({ maxFailures: 2 })
    const permits = admitMany(machine, 2, 0)
    machine.force('forced-open', 0, {})

    for (const permit of permits) settle(machine, permit, 'failure', 5)

    expect(machine.state).toMatchObject({ name: 'open', since: 5 })
    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', enforced: false })
  })

  it.each([
    { at: RESET_TIMEOUT - 1, answer: 'open' },
    { at: RESET_TIMEOUT, answer: 'a probe' },
  ])('lets the open time go on below it: released at $at it gives $answer', ({ at, answer }) => {
    const machine = openMachine()
    machine.force('forced-open', 0, {})
    machine.admit(at)
    machine.release(at)

    const got = machine.admit(at)

    expect(typeof got === 'string' ? got : got.probe && 'a probe').toBe(answer)
  })

  it('lets a probe expire below it, as of its deadline', () => {
    const { machine } = probedMachine()
    machine.force('forced-open', RESET_TIMEOUT, {})

    expect(machine.peek(RESET_TIMEOUT + PROBE_TIMEOUT + 10).state).toMatchObject({
      name: 'open',
      since: RESET_TIMEOUT + PROBE_TIMEOUT,
    })
  })
})

describe('forced-closed', () => {
  it.each(STATES)('admits all while $name', ({ at, create }) => {
    const machine = create()
    machine.force('forced-closed', at, {})

    const answers = Array.from({ length: 50 }, () => machine.admit(at))

    expect(answers.every((answer) => typeof answer === 'object')).toBe(true)
  })

  it('still records and moves below, by a transition that it marks as not enforced', () => {
    const machine = createMachine({ maxFailures: 2 })
    machine.force('forced-closed', 0, {})

    callTimes(machine, 2, 'failure')

    expect(machine.state.name).toBe('open')
    expect(machine.counters.read()).toMatchObject({ admitted: 2, failure: 2 })
    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', enforced: false })
    expect(tripsOf(machine)[0]?.enforced).toBe(false)
  })

  it.each([
    { name: 'open', at: 0, create: () => openMachine() },
    { name: 'half-open', at: RESET_TIMEOUT, create: () => probedMachine().machine },
    {
      name: 'full',
      at: 0,
      create: () => {
        const machine = createMachine({ maxConcurrent: 1 })
        admit(machine, 0)
        return machine
      },
    },
  ])('counts a call that would have been rejected as $name, and only there', ({ at, create }) => {
    const machine = create()
    machine.force('forced-closed', at, {})
    const counts = machine.counters.read()

    const permit = machine.admit(at)

    expect(permit).toBe(UNENFORCED)
    expect(machine.counters.read()).toEqual({
      ...counts,
      rejected: { ...counts.rejected, unenforced: 1 },
    })
  })

  it.each(OUTCOMES)(
    'takes the %s of a call that would have been rejected as no evidence',
    (value) => {
      const machine = openMachine()
      machine.force('forced-closed', 0, {})
      const permit = admit(machine, 0)
      const before = machineAsText(machine)

      expect(settle(machine, permit, value, 0)).toBe(false)
      expect(machineAsText(machine)).toBe(before)
    },
  )

  it('probes below, and closes by the success of the probe only', () => {
    const machine = openMachine()
    machine.force('forced-closed', 0, {})
    const probe = admit(machine, RESET_TIMEOUT)
    const other = admit(machine, RESET_TIMEOUT)

    settle(machine, other, 'success', RESET_TIMEOUT)
    expect(machine.state.name).toBe('half-open')

    settle(machine, probe, 'success', RESET_TIMEOUT)
    expect(machine.state.name).toBe('closed')
  })

  it('reveals the automatic state when it is lifted', () => {
    const machine = createMachine({ maxFailures: 1 })
    machine.force('forced-closed', 0, {})
    callTimes(machine, 1, 'failure')

    machine.release(0)

    expect(machine.admit(0)).toBe('open')
  })
})

describe('disabled', () => {
  it.each(STATES)('admits all while $name, under a permit that is not recorded', (state) => {
    const machine = state.create()
    machine.force('disabled', state.at, {})
    const counts = machine.counters.read()

    const permits = admitMany(machine, 50, state.at)

    expect(new Set(permits)).toEqual(new Set([UNRECORDED]))
    expect(machine.counters.read()).toEqual(counts)
  })

  it.each(OUTCOMES)('records nothing of a call that ends as %s', (outcome) => {
    const machine = createMachine({ maxFailures: 1 })
    machine.force('disabled', 0, {})
    const before = machineAsText(machine)

    callTimes(machine, 3, outcome)

    expect(machineAsText(machine)).toBe(before)
  })

  it('reveals the evidence from before when it is lifted', () => {
    const machine = createMachine({ maxFailures: 3 })
    callTimes(machine, 2, 'failure')
    machine.force('disabled', 0, {})
    callTimes(machine, 5, 'success')

    machine.release(0)

    expect(failuresInARow(machine)).toBe(2)
  })

  it.each([
    { at: RESET_TIMEOUT - 1, state: 'open' },
    { at: RESET_TIMEOUT, state: 'half-open' },
  ])('lets the open time go on below it: $state at $at', ({ at, state }) => {
    const machine = openMachine()
    machine.force('disabled', 0, {})
    admit(machine, at)

    expect(stateAt(machine, at)).toBe(state)
  })

  it('ignores the result of such a call when it comes after the override is lifted', () => {
    const machine = createMachine({ maxFailures: 1 })
    machine.force('disabled', 0, {})
    const permit: Permit = admit(machine, 0)
    machine.release(0)

    expect(settle(machine, permit, 'failure', 0)).toBe(false)
    expect(machine.state.name).toBe('closed')
  })
})
