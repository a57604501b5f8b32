import { describe, expect, it } from 'vitest'
import {
  admit,
  admitFast,
  callTimes,
  createMachine,
  type MachineOptions,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import { tryAdmit, trySettle } from '../fast-path.ts'
import type { Machine } from '../machine.ts'
import { SUCCESS } from '../outcome.ts'
import type { Permit, SharedPermit } from '../permit.ts'
import type { Closed } from '../state/closed.ts'
import { statusesOf } from '../trip/rules.ts'

const failureRate = { threshold: 0.5, minimumCalls: 4, window: { calls: 8 } }
const slowCallRate = { ...failureRate, slowerThan: 100 }
const evidence = { threshold: 9, slowerThan: 5_000, minimumSpan: 0, overdue: true }

function closedStateOf({ state }: Machine): Closed {
  if (state.name !== 'closed') throw new Error(`expected a closed state, got ${state.name}`)
  return state
}

/** By the fast path where it is open, else by the machine. */
function begin(machine: Machine): Permit | SharedPermit {
  return admitFast(machine) ?? admit(machine, 0)
}

/** A call that succeeds; true when that needed no time. */
function succeeds(machine: Machine): boolean {
  return trySettle(machine, begin(machine))
}

function fails(machine: Machine, clockTime = 0): void {
  settle(machine, begin(machine), 'failure', clockTime)
}

describe('a success under the shared permit', () => {
  it('is counted, and ends the failures in a row', () => {
    const machine = createMachine()
    fails(machine)
    fails(machine)

    expect(succeeds(machine)).toBe(true)

    expect(machine.counters.read()).toMatchObject({
      admitted: 3,
      settled: 3,
      success: 1,
      failure: 2,
    })
    expect(machine.state).toMatchObject({ name: 'closed', consecutiveFailures: 0 })
  })

  it('is not begun under a state that is over', () => {
    const machine = createMachine()
    const { shared } = machine
    machine.reset(0)

    expect(tryAdmit(machine, shared as never)).toBe(false)
    expect(machine.counters.read().admitted).toBe(0)
  })

  it('is stale when its state is over', () => {
    const machine = createMachine()
    const permit = begin(machine)
    machine.reset(0)

    expect(trySettle(machine, permit)).toBe(false)
    expect(settle(machine, permit, 'success', 0)).toBe(false)

    expect(machine.counters.read()).toMatchObject({ settled: 1, success: 0, stale: 1 })
  })

  it('enters a count window while the share is under the threshold', () => {
    const machine = createMachine({ trip: { failureRate } })
    const taken = [succeeds(machine), succeeds(machine)]
    fails(machine)

    expect([...taken, succeeds(machine)]).toEqual([true, true, true])
    expect(statusesOf(closedStateOf(machine).rules ?? [], 0).at(-1)).toMatchObject({
      calls: 4,
      hits: 1,
    })
  })

  it.each([
    { failures: 1, successes: 2, taken: true },
    { failures: 1, successes: 1, taken: false },
    { failures: 2, successes: 1, taken: false },
    { failures: 0, successes: 0, taken: true },
  ])('takes no time from $failures failures of $successes more: $taken', (row) => {
    const machine = createMachine({ maxFailures: Infinity, trip: { failureRate } })
    for (let i = 0; i < row.successes; i++) settle(machine, begin(machine), 'success', 0)
    for (let i = 0; i < row.failures; i++) fails(machine)

    expect(succeeds(machine)).toBe(row.taken)
  })

  it('opens nothing by itself: the one that may is left to who knows the time', () => {
    const machine = createMachine({ maxFailures: Infinity, trip: { failureRate } })
    for (let i = 0; i < 3; i++) fails(machine, 10)
    const permit = begin(machine)

    expect(trySettle(machine, permit)).toBe(false)
    expect(machine.counters.read()).toMatchObject({ admitted: 4, settled: 3, success: 0 })

    settle(machine, permit, 'success', 70)
    expect(machine.state).toMatchObject({ name: 'open', since: 70 })
  })

  it.each<[string, MachineOptions['trip']]>([
    ['a time window', { failureRate: { ...failureRate, window: { duration: 1_000 } } }],
    ['slow calls', { slowCallRate }],
    ['a rule of one’s own', { when: () => false }],
  ])('needs the time for %s', (_, trip = {}) => {
    const machine = createMachine({ trip })

    expect(succeeds(machine)).toBe(false)
    expect(machine.counters.read()).toMatchObject({ admitted: 1, settled: 0 })
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

    expect(trySettle(machine, permit)).toBe(true)

    expect(permit.open).toBe(false)
    expect(closedStateOf(machine).inFlight?.first).toBeUndefined()
    expect(machine.counters.read()).toMatchObject({ admitted: 3, settled: 3, success: 3 })
  })

  it('is timed when seven have not been', () => {
    const machine = dense()

    const taken = Array.from({ length: 9 }, () => {
      const permit = admit(machine, 1)
      const quickly = trySettle(machine, permit)
      if (!quickly) settle(machine, permit, 'success', 1)
      return quickly
    })

    expect(taken).toEqual([...Array(7).fill(true), false, true])
  })

  it('lets one pass that was told without a reading', () => {
    const machine = dense()
    for (let i = 0; i < 7; i++) machine.settle(admit(machine, 1), SUCCESS, Number.NaN)

    expect(machine.baseline?.wantsSample).toBe(true)
    expect(machine.baseline?.samples).toBe(2)
  })

  it('counts no longer once it was given back', () => {
    const machine = dense()
    const permit = admit(machine, 1)
    settle(machine, permit, 'cancelled', 1)

    expect(trySettle(machine, permit)).toBe(false)
    expect(machine.counters.read()).toMatchObject({ admitted: 3, settled: 3, success: 2 })
  })

  it.each<[string, (machine: Machine, permit: Permit) => void]>([
    ['its state is over', (machine) => machine.reset(1)],
    [
      'its state was left by a trip, and what was learned is kept',
      (machine) => {
        machine.trip(1)
        settle(machine, admit(machine, 2_000), 'success', 2_000)
      },
    ],
    ['probes are let out', (machine) => machine.halfOpen(1)],
    ['the breaker is disabled', (machine) => void machine.force('disabled', 1, {})],
    ['it is forced closed', (machine) => void machine.force('forced-closed', 1, {})],
    ['it was overdue', (_, permit) => void Object.assign(permit, { overdue: true })],
    ['statistics are kept', (machine) => void machine.configure(withStatistics, 1)],
    ['a score may fall', (machine) => void callTimes(machine, 1, 'failure', 1)],
  ])('is left to who knows the time when %s', (_, happens) => {
    const machine = dense()
    const permit = admit(machine, 1)
    happens(machine, permit)
    const before = machine.counters.read()

    expect(trySettle(machine, permit)).toBe(false)

    expect(machine.counters.read()).toEqual(before)
    expect(permit.open).toBe(true)
  })

  it('is left to who knows the time when it is a probe, and latencies are known', () => {
    const machine = dense()
    machine.trip(1)
    const probe = admit(machine, 1_001)

    expect(trySettle(machine, probe)).toBe(false)
    expect(probe.open).toBe(true)
  })

  it('is left to who knows the time when it is a probe', () => {
    const machine = createMachine({ probes: 2 })
    callTimes(machine, 3, 'failure')
    const probe = admit(machine, 1_000)

    expect(trySettle(machine, probe)).toBe(false)
    expect(probe.open).toBe(true)
  })

  it('needs no time where latencies are not learned, and learns nothing', () => {
    const machine = createMachine()
    const permit = admit(machine, 1)

    expect(trySettle(machine, permit)).toBe(true)
    settle(machine, admit(machine, 2), 'success', 9)

    expect(machine.baseline).toBeUndefined()
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

    expect(trySettle(machine, permit)).toBe(false)
    settle(machine, permit, 'success', 9)

    expect(machine.baseline?.samples).toBe(1)
  })

  it('is nothing that an unrecorded call can be', () => {
    const machine = createMachine()
    machine.force('disabled', 0, {})

    expect(trySettle(machine, admit(machine, 0))).toBe(false)
    expect(machine.counters.read().settled).toBe(0)
  })
})

const withStatistics = settingsOf({ statistics: true, trip: { evidence } })

describe('the shared permit', () => {
  it('stays open, is no probe and belongs to its state', () => {
    const machine = createMachine()
    const permit = begin(machine)
    settle(machine, permit, 'success', 0)

    expect(permit.open).toBe(true)
    expect(permit).toMatchObject({ shared: true, probe: false, state: machine.state })
  })

  it.each<[string, MachineOptions, (machine: Machine) => void]>([
    ['open', {}, (machine) => machine.trip(0)],
    ['half-open', {}, (machine) => [machine.trip(0), machine.admit(1_000)]],
    ['forced closed', {}, (machine) => machine.force('forced-closed', 0, {})],
    ['forced open', {}, (machine) => machine.force('forced-open', 0, {})],
    ['disabled', {}, (machine) => machine.force('disabled', 0, {})],
    ['full', { maxConcurrent: 1 }, (machine) => machine.admit(0)],
    ['measuring for statistics', { statistics: true }, () => {}],
    ['measuring for slow calls', { trip: { slowCallRate } }, () => {}],
    ['measuring for evidence', { trip: { evidence } }, () => {}],
    ['measuring since it was configured', {}, (machine) => machine.configure(withStatistics, 0)],
  ])('is not given by a circuit that is %s', (_, options, happens) => {
    const machine = createMachine(options)
    happens(machine)
    const before = machine.counters.read()

    expect(admitFast(machine)).toBeNull()

    expect(machine.counters.read()).toEqual(before)
  })

  it('that was given before still counts when durations are measured from now on', () => {
    const machine = createMachine({ maxFailures: 1 })
    const permit = begin(machine)
    machine.configure(settingsOf({ maxFailures: 1, statistics: true }), 0)

    expect(settle(machine, permit, 'failure', 30)).toBe(true)

    expect(machine.state).toMatchObject({ name: 'open', since: 30 })
    expect(machine.statistics?.latency.count).toBe(0)
  })
})

it('leaves the rate of calls for an automatic open time to the machine', () => {
  const machine = createMachine()
  machine.configure({ ...settingsOf(), openDuration: { kind: 'auto' } }, 0)
  for (let at = 0; at <= 2_000; at += 100) trySettle(machine, admit(machine, at))

  expect(machine.rate?.perMs).toBeCloseTo(0.01, 3)
})
