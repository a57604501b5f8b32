import { describe, expect, it } from 'vitest'
import {
  admit,
  callTimes,
  createMachine,
  revive,
  saveAt,
  settingsOf,
  settle,
} from '../../../test/helpers.ts'
import { Machine } from '../machine.ts'
import type { Permit } from '../permit.ts'

const evidence = { threshold: 10, slowerThan: 5_000, minimumSpan: 0, overdue: true }
function learned(extra = {}) {
  const machine = createMachine({ maxFailures: 99, trip: { evidence }, ...extra })
  for (let i = 0; i < 20; i++) {
    const p = admit(machine, i * 10)
    settle(machine, p, 'success', i * 10 + 10)
  }
  return machine
}
describe('a machine with rates and evidence at the edges', () => {
  it('keeps watch over calls in flight when one from before that rule ends', () => {
    const machine = createMachine({ maxFailures: 99 })
    const before = admit(machine, 0)
    machine.configure(settingsOf({ maxFailures: 99, trip: { evidence } }), 0)
    const after = admit(machine, 0)
    settle(machine, before, 'success', 1)
    expect((machine.state as never as { inFlight: { first: Permit } }).inFlight.first).toBe(after)
  })
  it('is not closed by a late success once it was tripped by hand', () => {
    const machine = learned()
    const hung = Array.from({ length: 4 }, () => admit(machine, 200))
    machine.admit(1_000)
    expect(machine.state.name).toBe('open')
    machine.trip(1_001)
    settle(machine, hung[0] as Permit, 'success', 1_002)
    expect(machine.state.name).toBe('open')
  })
  it('saves no charge for overdue calls, which are in flight', () => {
    const machine = learned()
    admit(machine, 200)
    admit(machine, 1_000)
    const rules = (
      saveAt(machine, 1_000).state as never as { rules: { evidence: { score: number } } }
    ).rules
    expect(rules.evidence.score).toBe(0)
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
  it('peeks at the very open time that the next call finds, when it is automatic', () => {
    const settings = { ...settingsOf({}), openDuration: { kind: 'auto' as const } }
    const machine = new Machine(settings, 0, () => 0.5)
    callTimes(machine, 3, 'failure')
    let at = 0
    for (let i = 0; i < 50; i++) {
      at += 900
      const p = machine.admit(at)
      if (typeof p === 'object') settle(machine, p, 'failure', at)
    }
    while (typeof machine.admit(at) !== 'object') at += 500
    const due = at + 5_000
    const shown = machine.peek(due).state as { until: number }
    machine.admit(due)
    expect((machine.state as { until: number }).until).toBe(shown.until)
  })
  it('expires an overdue probe at its deadline', () => {
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
    expect(machine.counts.expired).toBe(1)
  })
})
