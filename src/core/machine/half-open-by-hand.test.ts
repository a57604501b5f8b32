import { describe, expect, it } from 'vitest'
import {
  admit,
  createMachine,
  openMachine,
  probedMachine,
  RESET_TIMEOUT,
  settle,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'

function transitionsOf(machine: Machine): unknown[] {
  return machine.changes.map((change) =>
    'from' in change ? [change.from, change.to, change.reason] : change,
  )
}

describe('halfOpen', () => {
  it('opens a closed circuit first, for no time, and lets probes out', () => {
    const machine = createMachine()

    machine.halfOpen(40, { reason: 'new release', by: 'ann' })

    expect(transitionsOf(machine)).toEqual([
      ['closed', 'open', 'manual'],
      ['open', 'half-open', 'manual'],
    ])
    expect(machine.state).toMatchObject({ name: 'half-open', since: 40, generation: 3 })
    expect(tripsOf(machine)).toMatchObject([
      { reason: 'manual', note: 'new release', by: 'ann', openFor: 0 },
    ])
    expect(machine.changes).toMatchObject([
      { note: 'new release', by: 'ann' },
      { note: 'new release', by: 'ann' },
    ])
    expect(admit(machine, 40).probe).toBe(true)
    expect(machine.admit(40)).toBe('half-open')
  })

  it('lets probes of an open circuit out before its time, of the same trip', () => {
    const machine = openMachine()
    machine.changes.length = 0

    machine.halfOpen(300)
    settle(machine, admit(machine, 300), 'success', 310)

    expect(transitionsOf(machine)).toEqual([
      ['open', 'half-open', 'manual'],
      ['half-open', 'closed', 'recovered'],
    ])
    expect(tripsOf(machine)).toMatchObject([{ reason: 'consecutiveFailures', endedAt: 310 }])
  })

  it('takes over the half-open state of another time: its probes decide nothing any more', () => {
    const { machine, probes } = probedMachine()
    machine.changes.length = 0

    machine.halfOpen(RESET_TIMEOUT + 5)
    const counted = probes.map((probe) => settle(machine, probe, 'failure', RESET_TIMEOUT + 6))

    expect(counted).toEqual([false])
    expect(transitionsOf(machine)).toEqual([['half-open', 'half-open', 'manual']])
    expect(machine.state).toMatchObject({ name: 'half-open', since: RESET_TIMEOUT + 5 })
    expect(admit(machine, RESET_TIMEOUT + 6).probe).toBe(true)
  })
})
