import { describe, expect, it } from 'vitest'
import {
  admit,
  callTimes,
  createMachine,
  type MachineOptions,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import { SUCCESS } from '../outcome.ts'
import { Permit } from '../permit.ts'
import type { Closed } from '../state/closed.ts'

const failureRate = { threshold: 0.5, minimumCalls: 4, window: { calls: 8 } }
const slowCallRate = { ...failureRate, slowerThan: 100 }
const evidence = { threshold: 9, slowerThan: 5_000, minimumSpan: 0, overdue: true }

function closedStateOf({ state }: Machine): Closed {
  if (state.name !== 'closed') throw new Error(`expected a closed state, got ${state.name}`)
  return state
}

/** A call that needs no permit, which succeeds; true when nobody had to know the time. */
function succeeds(machine: Machine): boolean {
  const state = closedStateOf(machine)
  machine.enter()
  return machine.succeed(state)
}

function fails(machine: Machine, clockTime = 0): void {
  const state = closedStateOf(machine)
  machine.enter()
  machine.conclude(state, { outcome: 'failure' }, clockTime)
}

describe('a success without a permit', () => {
  it('is counted, and ends the failures in a row', () => {
    const machine = createMachine()
    fails(machine)
    fails(machine)

    expect(succeeds(machine)).toBe(true)

    expect(machine.counts).toMatchObject({ admitted: 3, settled: 3, success: 1, failure: 2 })
    expect(machine.state).toMatchObject({ name: 'closed', consecutiveFailures: 0 })
  })

  it('is stale when its state is over', () => {
    const machine = createMachine()
    const state = closedStateOf(machine)
    machine.enter()
    machine.reset(0)

    expect(machine.succeed(state)).toBe(true)

    expect(machine.counts).toMatchObject({ settled: 1, success: 0, stale: 1 })
  })

  it('enters a count window while the share is under the threshold', () => {
    const machine = createMachine({ trip: { failureRate } })
    const taken = [succeeds(machine), succeeds(machine)]
    fails(machine)

    expect([...taken, succeeds(machine)]).toEqual([true, true, true])
    expect(machine.ruleStatuses(0).at(-1)).toMatchObject({ calls: 4, hits: 1 })
  })

  it.each([
    { failures: 1, successes: 2, taken: true },
    { failures: 1, successes: 1, taken: false },
    { failures: 2, successes: 1, taken: false },
    { failures: 0, successes: 0, taken: true },
  ])('takes no time from $failures failures of $successes more: $taken', (row) => {
    const machine = createMachine({ maxFailures: Infinity, trip: { failureRate } })
    for (let i = 0; i < row.successes; i++) {
      const state = closedStateOf(machine)
      machine.enter()
      machine.conclude(state, SUCCESS, 0)
    }
    for (let i = 0; i < row.failures; i++) fails(machine)

    expect(succeeds(machine)).toBe(row.taken)
  })

  it('opens nothing by itself: the one that may is left to who knows the time', () => {
    const machine = createMachine({ maxFailures: Infinity, trip: { failureRate } })
    for (let i = 0; i < 3; i++) fails(machine, 10)
    const state = closedStateOf(machine)
    machine.enter()

    expect(machine.succeed(state)).toBe(false)
    expect(machine.counts).toMatchObject({ admitted: 4, settled: 3, success: 0 })

    machine.conclude(state, SUCCESS, 70)
    expect(machine.state).toMatchObject({ name: 'open', since: 70 })
  })

  it.each<[string, MachineOptions['trip']]>([
    ['a time window', { failureRate: { ...failureRate, window: { duration: 1_000 } } }],
    ['slow calls', { slowCallRate }],
    ['a rule of one’s own', { when: () => false }],
  ])('needs the time for %s', (_, trip = {}) => {
    const machine = createMachine({ trip })

    expect(succeeds(machine)).toBe(false)
    expect(machine.counts).toMatchObject({ admitted: 1, settled: 0 })
  })

  it('needs it for a window that was configured to go by time, and no more for one by calls', () => {
    const machine = createMachine({ trip: { failureRate } })
    const duration = { trip: { failureRate: { ...failureRate, window: { duration: 1_000 } } } }

    machine.configure(settingsOf(duration), 0)
    expect(succeeds(machine)).toBe(false)

    machine.configure(settingsOf({ trip: { failureRate } }), 0)
    expect(succeeds(machine)).toBe(true)
  })
})

/** A machine that times one of eight successes now. */
function dense(options: MachineOptions = { trip: { evidence } }): Machine {
  const machine = createMachine(options)
  callTimes(machine, 2, 'success')
  return machine
}

describe('a success with a permit', () => {
  it('is taken in without the time where many are, and returns the permit', () => {
    const machine = dense()
    const permit = admit(machine, 1)

    expect(machine.succeedWith(permit)).toBe(true)

    expect(permit.open).toBe(false)
    expect(closedStateOf(machine).inFlight?.first).toBeUndefined()
    expect(machine.counts).toMatchObject({ admitted: 3, settled: 3, success: 3 })
  })

  it('is timed when seven have not been', () => {
    const machine = dense()

    const taken = Array.from({ length: 9 }, () => {
      const permit = admit(machine, 1)
      const quickly = machine.succeedWith(permit)
      if (!quickly) settle(machine, permit, 'success', 1)
      return quickly
    })

    expect(taken).toEqual([...Array(7).fill(true), false, true])
  })

  it('lets one pass that was told without a reading', () => {
    const machine = dense()
    for (let i = 0; i < 7; i++) machine.settle(admit(machine, 1), SUCCESS, Number.NaN)

    expect(machine.baseline.wantsSample).toBe(true)
    expect(machine.baseline.samples).toBe(2)
  })

  it('counts no longer once it was given back', () => {
    const machine = dense()
    const permit = admit(machine, 1)
    settle(machine, permit, 'cancelled', 1)

    expect(machine.succeedWith(permit)).toBe(false)
    expect(machine.counts).toMatchObject({ admitted: 3, settled: 3, success: 2 })
  })

  it.each<[string, (machine: Machine, permit: Permit) => void]>([
    ['its state is over', (machine) => machine.reset(1)],
    ['it was overdue', (_, permit) => void Object.assign(permit, { overdue: true })],
    ['somebody keeps statistics', (machine) => void machine.configure(withStatistics, 1)],
    ['a score may fall', (machine) => void callTimes(machine, 1, 'failure', 1)],
  ])('is left to who knows the time when %s', (_, happens) => {
    const machine = dense()
    const permit = admit(machine, 1)
    happens(machine, permit)
    const before = machine.counts

    expect(machine.succeedWith(permit)).toBe(false)

    expect(machine.counts).toEqual(before)
    expect(permit.open).toBe(true)
  })

  it('is left to who knows the time when it is a probe', () => {
    const machine = createMachine({ probes: 2 })
    callTimes(machine, 3, 'failure')
    const probe = admit(machine, 1_000)

    expect(machine.succeedWith(probe)).toBe(false)
    expect(probe.open).toBe(true)
  })

  it('needs no time where nobody learns what is usual, which leaves no trace of it', () => {
    const machine = createMachine()
    const permit = admit(machine, 1)

    expect(machine.succeedWith(permit)).toBe(true)
    settle(machine, admit(machine, 2), 'success', 9)

    expect(machine.baseline.samples).toBe(0)
  })

  it('needs it where a slow start goes by what is usual', () => {
    const recovery = {
      kind: 'slowStart',
      successes: 1,
      quietFor: 0,
      timeout: 500,
      slowerThan: 800,
    } as const
    const machine = createMachine()
    machine.configure({ ...settingsOf(), recovery }, 0)
    const permit = admit(machine, 1)

    expect(machine.succeedWith(permit)).toBe(false)
    settle(machine, permit, 'success', 9)

    expect(machine.baseline.samples).toBe(1)
  })

  it('is nothing that an unrecorded call can be', () => {
    const machine = createMachine()
    machine.force('disabled', 0, {})

    expect(machine.succeedWith(admit(machine, 0))).toBe(false)
    expect(machine.counts.settled).toBe(0)
  })
})

const withStatistics = settingsOf({ statistics: true, trip: { evidence } })

describe('a permit that is used again', () => {
  it('is as good as a new one', () => {
    const machine = createMachine({ trip: { evidence } })
    const permit = admit(machine, 1)
    settle(machine, permit, 'success', 2)
    permit.overdue = true

    expect(machine.readmit(permit, 7)).toBe(true)

    expect(permit).toMatchObject({ open: true, overdue: false, startedAt: 7, state: machine.state })
    expect(closedStateOf(machine).inFlight?.first).toBe(permit)
    expect(machine.counts.admitted).toBe(2)
    settle(machine, permit, 'failure', 8)
    expect(machine.counts).toMatchObject({ settled: 2, failure: 1 })
  })

  it('is in no line where nobody needs one', () => {
    const machine = createMachine()
    const permit = new Permit(null, 0, Infinity)

    expect(machine.readmit(permit, 1)).toBe(true)

    expect(closedStateOf(machine).inFlight).toBeNull()
  })

  it('keeps the rate of calls for an automatic open time up to date', () => {
    const machine = createMachine()
    machine.configure({ ...settingsOf(), openDuration: { kind: 'auto' } }, 0)
    for (let at = 0; at <= 2_000; at += 100) {
      const permit = new Permit(null, 0, Infinity)
      machine.readmit(permit, at)
      machine.succeedWith(permit)
    }

    expect(machine.rate.perMs).toBeCloseTo(0.01, 3)
    const fixed = createMachine()
    for (const at of [0, 5_000]) fixed.readmit(new Permit(null, 0, Infinity), at)
    expect(fixed.rate.perMs).toBe(0)
  })

  it.each<[string, MachineOptions, (machine: Machine) => void]>([
    ['open', {}, (machine) => machine.trip(0)],
    ['forced closed', {}, (machine) => void machine.force('forced-closed', 0, {})],
    ['full', { maxConcurrent: 1 }, (machine) => void machine.admit(0)],
    ['waiting for a probe of before', { probes: 2 }, withDetachedProbe],
  ])('is not asked for by a circuit that is %s', (_, options, happens) => {
    const machine = createMachine(options)
    happens(machine)
    const permit = new Permit(null, 0, Infinity)
    permit.open = false
    const before = machine.counts

    expect(machine.readmit(permit, 0)).toBe(false)

    expect(permit).toMatchObject({ open: false, state: null })
    expect(machine.counts).toEqual(before)
  })

  it.each([
    { at: 1_499, readmits: true },
    { at: 1_500, readmits: false },
  ])('waits until calls that may be overdue were looked at: $readmits at $at', (row) => {
    const machine = createMachine({ trip: { evidence } })
    admit(machine, 1_000)

    expect(machine.readmit(new Permit(null, 0, Infinity), row.at)).toBe(row.readmits)
  })

  it('waits as long as overdue calls are part of the score', () => {
    const machine = createMachine({ trip: { evidence } })
    for (let i = 0; i < 20; i++) settle(machine, admit(machine, i * 10), 'success', i * 10 + 1)
    admit(machine, 1_000)
    admit(machine, 2_000)

    expect(closedStateOf(machine).rules?.evidence?.hasOverdue).toBe(true)
    expect(machine.readmit(new Permit(null, 0, Infinity), 2_001)).toBe(false)
  })

  it('has nothing to wait for where no call can be overdue', () => {
    const counted = { ...evidence, overdue: false }
    const machine = createMachine({ trip: { evidence: counted } })
    admit(machine, 0)

    expect(machine.readmit(new Permit(null, 0, Infinity), 60_000)).toBe(true)
  })
})

/** Closed again, while a probe of the half-open state before is still out. */
function withDetachedProbe(machine: Machine): void {
  machine.trip(0)
  machine.admit(1_000)
  machine.reset(1_000)
}
