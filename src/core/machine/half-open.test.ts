import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  openMachine,
  probedMachine,
  RESET_TIMEOUT,
  settle,
} from '../../../test/helpers/core.ts'
import type { Outcome } from '../outcome.ts'

/** Probes one after the other until the circuit has decided. */
function probeInTurn(probes: number, outcomes: readonly Outcome[]): string {
  const machine = openMachine({ probes, concurrent: 1 })
  for (const outcome of outcomes) callOnce(machine, outcome, RESET_TIMEOUT)
  return machine.state.name
}

describe('a machine that is half-open', () => {
  it.each([1, 2, 10])('admits as many probes as the limit of %d at once, no more', (concurrent) => {
    const machine = openMachine({ probes: 10, concurrent })

    const answers = Array.from({ length: concurrent + 10 }, () => machine.admit(RESET_TIMEOUT))

    expect(answers.filter((answer) => answer !== 'half-open')).toHaveLength(concurrent)
    expect(answers.slice(concurrent)).toEqual(Array.from({ length: 10 }, () => 'half-open'))
  })

  it('counts the calls beyond the limit as rejected', () => {
    const { machine } = probedMachine()

    for (let i = 0; i < 9; i++) machine.admit(RESET_TIMEOUT)

    expect(machine.counters.read().rejected).toMatchObject({ open: 0, 'half-open': 9, full: 0 })
  })

  it.each([
    { probes: 1, outcomes: ['success'], state: 'closed' },
    { probes: 3, outcomes: ['success', 'success'], state: 'half-open' },
    { probes: 3, outcomes: ['success', 'success', 'success'], state: 'closed' },
    { probes: 1, outcomes: ['neutral'], state: 'closed' },
    { probes: 3, outcomes: ['success', 'neutral', 'success'], state: 'closed' },
    { probes: 1, outcomes: ['cancelled'], state: 'half-open' },
    { probes: 2, outcomes: ['success', 'cancelled'], state: 'half-open' },
    { probes: 2, outcomes: ['success', 'cancelled', 'success'], state: 'closed' },
    { probes: 1, outcomes: ['failure'], state: 'open' },
    { probes: 3, outcomes: ['success', 'success', 'failure'], state: 'open' },
  ] as const)('with $probes to succeed is $state after $outcomes', (row) => {
    expect(probeInTurn(row.probes, row.outcomes)).toBe(row.state)
  })

  it('re-opens at the first failed probe for the whole open time, from that moment', () => {
    const { machine, probes } = probedMachine({ probes: 3 })

    settle(machine, probes[1] as never, 'failure', RESET_TIMEOUT + 7)

    expect(machine.state).toMatchObject({
      name: 'open',
      since: RESET_TIMEOUT + 7,
      until: 2 * RESET_TIMEOUT + 7,
    })
  })

  it('closes at the moment at which the last probe succeeded', () => {
    const { machine, probes } = probedMachine()

    settle(machine, probes[0] as never, 'success', RESET_TIMEOUT + 7)

    expect(machine.state).toMatchObject({ name: 'closed', since: RESET_TIMEOUT + 7 })
  })

  it.each(['success', 'neutral', 'cancelled'] as const)(
    'leaves the slot of a probe that ended as %s to the next call',
    (outcome) => {
      const { machine, probes } = probedMachine({ probes: 5, concurrent: 2 })

      settle(machine, probes[0] as never, outcome, RESET_TIMEOUT)

      admit(machine, RESET_TIMEOUT)
      expect(machine.admit(RESET_TIMEOUT)).toBe('half-open')
    },
  )

  it('frees one slot for a probe that is settled twice', () => {
    const { machine, probes } = probedMachine({ probes: 5, concurrent: 2 })

    settle(machine, probes[0] as never, 'cancelled', RESET_TIMEOUT)
    settle(machine, probes[0] as never, 'cancelled', RESET_TIMEOUT)

    admit(machine, RESET_TIMEOUT)
    expect(machine.admit(RESET_TIMEOUT)).toBe('half-open')
  })

  it('counts one success for a probe that is settled twice', () => {
    const { machine, probes } = probedMachine({ probes: 2, concurrent: 1 })

    const counted = [1, 2].map(() => settle(machine, probes[0] as never, 'success', RESET_TIMEOUT))

    expect(counted).toEqual([true, false])
    expect(machine.state.name).toBe('half-open')
  })

  it('counts the outcome of a probe in the totals', () => {
    const { machine, probes } = probedMachine({ probes: 5 })
    const outcomes = ['success', 'neutral', 'cancelled', 'success', 'failure'] as const

    outcomes.forEach((outcome, i) => {
      settle(machine, probes[i] as never, outcome, RESET_TIMEOUT, { timedOut: i === 4 })
    })

    expect(machine.counters.read()).toMatchObject({
      success: 2,
      neutral: 1,
      cancelled: 1,
      timeout: 1,
    })
    expect(machine.counters.read()).toMatchObject({ failure: 3 + 1, stale: 0 })
  })

  it('starts a new generation with each transition on the way there and back', () => {
    const { machine, probes } = probedMachine()
    expect(machine.state.generation).toBe(3)

    settle(machine, probes[0] as never, 'success', RESET_TIMEOUT)

    expect(machine.state.generation).toBe(4)
  })

  it('leaves nothing of one half-open time to the next', () => {
    const machine = openMachine({ probes: 3, concurrent: 1 })
    callOnce(machine, 'success', RESET_TIMEOUT)
    callOnce(machine, 'success', RESET_TIMEOUT)
    callOnce(machine, 'failure', RESET_TIMEOUT)

    callOnce(machine, 'success', 2 * RESET_TIMEOUT)

    expect(machine.state).toMatchObject({ name: 'half-open', generation: 5 })
  })

  it('admits all again once it has closed', () => {
    const machine = openMachine()
    callOnce(machine, 'success', RESET_TIMEOUT)

    expect(admitMany(machine, 50, RESET_TIMEOUT).some(({ probe }) => probe)).toBe(false)
  })
})
