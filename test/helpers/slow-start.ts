import type { Machine } from '../../src/core/machine.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import type { Permit } from '../../src/core/permit.ts'
import type { SlowStartSettings } from '../../src/core/recovery/recovery.ts'
import { admit, callOnce, createMachine, RESET_TIMEOUT, settingsOf, settle } from './core.ts'

export const slowStart: SlowStartSettings = {
  kind: 'slowStart',
  successes: 5,
  quietFor: 0,
  timeout: 3_000,
  slowerThan: 2_000,
}

/** When the open time of `tripped()` is over. */
export const START: number = RESET_TIMEOUT

export function configure(
  machine: Machine,
  about: Partial<SlowStartSettings>,
  clockTime = 0,
): string[] {
  return machine.configure({ ...settingsOf(), recovery: { ...slowStart, ...about } }, clockTime)
}

/** A machine whose open time is up at `START`. */
export function tripped(about: Partial<SlowStartSettings> = {}): Machine {
  const machine = createMachine()
  configure(machine, about)
  machine.trip(0)
  return machine
}

/** Since when `grown()` is half-open. */
export const GROWN_AT = 10_000

/** Half-open from `GROWN_AT` on, with room for eight; calls are known to take 10 ms. */
export function grown(about: Partial<SlowStartSettings> = {}): Machine {
  const machine = createMachine({ resetTimeout: 1_000 })
  configure(machine, { successes: 1_000, timeout: 30_000, ...about })
  for (let end = 10; end <= 200; end += 10) {
    settle(machine, admit(machine, end - 10), 'success', end)
  }
  machine.trip(GROWN_AT - 1_000)
  for (let i = 0; i < 7; i++) callOnce(machine, 'success', GROWN_AT)
  return machine
}

/** As many probes as the window has room for, at once. */
export function flood(machine: Machine, at: number): Permit[] {
  const permits: Permit[] = []
  for (;;) {
    const permit = machine.admit(at)
    if (typeof permit === 'string') return permits
    permits.push(permit)
    if (permits.length > 1_000) throw new Error('no end of permits')
  }
}

export function settleAll(
  machine: Machine,
  permits: readonly Permit[],
  outcome: Outcome,
  at: number,
): void {
  for (const permit of permits) settle(machine, permit, outcome, at)
}

/** The sizes of the window, round by round, while everything succeeds after 10 ms. */
export function rounds(machine: Machine, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const permits = flood(machine, START + i * 10)
    settleAll(machine, permits, 'success', START + i * 10 + 10)
    return permits.length
  })
}
