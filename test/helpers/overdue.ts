import type { Machine } from '../../src/core/machine.ts'
import type { Permit } from '../../src/core/permit.ts'
import type { EvidenceSettings } from '../../src/core/trip/evidence.ts'
import { admit, admitMany, createMachine, type MachineOptions, settingsOf, settle } from './core.ts'

export const evidence: EvidenceSettings = {
  threshold: 9,
  slowerThan: 5_000,
  minimumSpan: 0,
  overdue: true,
}

/** Opens by evidence alone, overdue calls included. */
export const overdueOptions: MachineOptions = { maxFailures: Infinity, trip: { evidence } }

/** What the clock reads after `teach()`. */
export const START = 1_000

/** Teaches a machine that calls take 10 ms: one of more than 500 ms is overdue. */
export function teach(machine: Machine): Machine {
  for (let i = 0; i < 20; i++) settle(machine, admit(machine, i * 10), 'success', i * 10 + 10)
  machine.admit(START)
  return machine
}

/** A machine that knows what is usual, with so many calls in flight since `START`. */
export function waiting(count: number): { machine: Machine; permits: Permit[] } {
  const machine = createMachine(overdueOptions)
  teach(machine)
  machine.reset(START)
  machine.configure(settingsOf(overdueOptions), START)
  for (let i = 0; i < 20; i++) settle(machine, admit(machine, START), 'success', START)
  return { machine, permits: admitMany(machine, count, START) }
}

/** It knows from twenty calls that they take 10 ms, and counts those in flight; it is now 200. */
export function watchful(): Machine {
  const trip = { evidence: { ...evidence, threshold: 10 } }
  const machine = createMachine({ maxFailures: Infinity, trip })
  for (let end = 10; end <= 200; end += 10) {
    settle(machine, admit(machine, end - 10), 'success', end)
  }
  return machine
}
