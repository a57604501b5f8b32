import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  RESET_TIMEOUT,
  revive,
  saveAt,
  settingsOf,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import { ruleStatuses } from '../state/state.ts'
import type { TripSettings } from './rules.ts'

function machineWith(trip: Partial<TripSettings>): Machine {
  return createMachine({ maxFailures: Infinity, trip })
}

describe('when', () => {
  it('is a rule of ones own that sees the closed circuit after each call', () => {
    const seen: unknown[] = []
    const machine = machineWith({ when: (view) => seen.push(view) < 0 })
    admit(machine, 0)
    callOnce(machine, 'success', 10)
    callOnce(machine, 'failure', 30)
    callOnce(machine, 'neutral', 40)

    expect(seen).toEqual([
      {
        consecutiveFailures: 0,
        successes: 1,
        failures: 0,
        inFlight: 1,
        closedFor: 10,
        failed: false,
      },
      {
        consecutiveFailures: 1,
        successes: 1,
        failures: 1,
        inFlight: 1,
        closedFor: 30,
        failed: true,
      },
    ])
  })

  it('opens by saying true, after a success as well', () => {
    const machine = machineWith({ when: ({ successes }) => successes === 2 })

    callTimes(machine, 2, 'success')

    expect(machine.state).toMatchObject({
      trip: { reason: 'when', finding: { rule: 'when', observed: 1, threshold: 1 } },
    })
  })

  it('counts from when the circuit closed', () => {
    const seen: number[] = []
    const machine = machineWith({
      when: ({ successes, failures, closedFor }) => {
        seen.push(successes, failures, closedFor)
        return failures === 1
      },
    })
    callOnce(machine, 'failure', 5)
    callOnce(machine, 'success', 5 + RESET_TIMEOUT)
    seen.length = 0

    callOnce(machine, 'success', 25 + RESET_TIMEOUT)

    expect(seen).toEqual([1, 0, 20])
  })

  it('may move the breaker itself, which then stays as it put it', () => {
    const machine = machineWith({
      when: () => {
        machine.reset(0)
        return true
      },
    })

    callOnce(machine, 'failure', 0)

    expect(machine.state).toMatchObject({ name: 'closed', generation: 2 })
  })
})

describe('a custom rule', () => {
  it('has nothing to save, and is asked again by a machine that goes on from saved state', () => {
    const when = (): boolean => false
    const machine = machineWith({ when })
    callOnce(machine, 'failure', 0)

    expect(saveAt(machine, 0).state).toMatchObject({
      rules: { failureRate: null, slowCallRate: null, evidence: null },
    })
    const opening = { maxFailures: Infinity, trip: { when: () => true } }
    const restored = revive(machine, 0, opening)
    callOnce(restored, 'success', 0)
    expect(restored.state.name).toBe('open')
  })

  it('is replaced live, without anything being lost', () => {
    const machine = machineWith({ when: () => false })
    const settings = settingsOf({ maxFailures: Infinity, trip: { when: () => true } })

    expect(machine.configure(settings, 0)).toEqual([])

    callOnce(machine, 'success', 0)
    expect(machine.state.name).toBe('open')
  })

  it('is removed without anything being lost', () => {
    const machine = machineWith({ when: () => true })

    expect(machine.configure(settingsOf(), 0)).toEqual([])

    callOnce(machine, 'success', 0)
    expect(machine.state.name).toBe('closed')
  })

  it('stands nowhere, and is in a copy of the machine', () => {
    const machine = machineWith({ when: () => true })

    expect(ruleStatuses(machine, 0)).toEqual([])

    const copy = machine.clone()
    callOnce(copy, 'success', 0)
    expect([copy.state.name, machine.state.name]).toEqual(['open', 'closed'])
  })
})
