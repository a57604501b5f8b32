import { describe, expect, it } from 'vitest'
import {
  admit,
  admitFast,
  admitMany,
  callOnce,
  callTimes,
  classificationOf,
  createMachine,
  failuresInARow,
  openMachine,
  RESET_TIMEOUT,
  settle,
} from '../../../test/helpers/core.ts'
import { trySettle } from '../fast-path.ts'
import type { Machine } from '../machine.ts'
import { type Outcome, SUCCESS } from '../outcome.ts'
import type { SharedPermit } from '../permit.ts'

function play(machine: Machine, outcomes: readonly Outcome[]): Machine {
  for (const outcome of outcomes) callOnce(machine, outcome, 0)
  return machine
}

describe('a machine that is closed', () => {
  it('is how a new machine is, in the first generation', () => {
    expect(createMachine().state).toMatchObject({ name: 'closed', generation: 1, since: 0 })
  })

  it('admits every call, with a permit of the current generation that is no probe', () => {
    const machine = createMachine()

    const permits = admitMany(machine, 100, 0)

    expect(permits.every(({ state, probe }) => state === machine.state && !probe)).toBe(true)
  })

  it.each([
    { maxFailures: 1, failures: 0, state: 'closed' },
    { maxFailures: 1, failures: 1, state: 'open' },
    { maxFailures: 3, failures: 2, state: 'closed' },
    { maxFailures: 3, failures: 3, state: 'open' },
  ])('opens at the failure that reaches $maxFailures: $failures leave it $state', (row) => {
    const machine = createMachine(row)

    callTimes(machine, row.failures, 'failure')

    expect(machine.state.name).toBe(row.state)
  })

  it.each([
    { between: 'success', state: 'closed' },
    { between: 'neutral', state: 'open' },
    { between: 'cancelled', state: 'open' },
  ] as const)('breaks the streak by a success only: after a $between it is $state', (row) => {
    const machine = createMachine({ maxFailures: 3 })

    play(machine, ['failure', 'failure', row.between, 'failure'])

    expect(machine.state.name).toBe(row.state)
  })

  it('needs all failures in a row again after a success', () => {
    const machine = createMachine({ maxFailures: 3 })

    play(machine, ['failure', 'failure', 'success', 'failure', 'failure'])
    expect(machine.state.name).toBe('closed')

    play(machine, ['failure'])
    expect(machine.state.name).toBe('open')
  })

  it.each(['success', 'neutral', 'cancelled'] as const)(
    'stays closed while calls end as %s',
    (value) => {
      const machine = createMachine({ maxFailures: 1 })

      callTimes(machine, 1_000, value)

      expect(machine.state).toMatchObject({ name: 'closed', generation: 1 })
    },
  )

  it('credits a result at the time at which it settles, not at which the call began', () => {
    const machine = createMachine({ maxFailures: 2 })
    const [slow, quick, quickest] = admitMany(machine, 3, 0)

    settle(machine, quick as never, 'success', 10)
    settle(machine, quickest as never, 'failure', 20)
    settle(machine, slow as never, 'failure', 700)

    expect(machine.state).toMatchObject({ name: 'open', since: 700 })
  })

  it('opens at the threshold while other calls are still in flight', () => {
    const machine = createMachine({ maxFailures: 3 })
    const permits = admitMany(machine, 100, 0)

    for (const permit of permits.slice(0, 3)) settle(machine, permit, 'failure', 1)

    expect(machine.state.name).toBe('open')
  })

  it.each([0, 1, 1e12])(
    'keeps the failures in a row however long nothing happens: %d ms',
    (pause) => {
      const machine = createMachine({ maxFailures: 3 })
      callTimes(machine, 2, 'failure')

      callOnce(machine, 'failure', pause)

      expect(machine.state.name).toBe('open')
    },
  )

  it('has no failures in a row left after a recovery: one failure does not open it', () => {
    const machine = openMachine({ maxFailures: 3 })
    callOnce(machine, 'success', RESET_TIMEOUT)

    callTimes(machine, 2, 'failure', RESET_TIMEOUT)

    expect(machine.state.name).toBe('closed')
  })

  it('counts a call that timed out among the failures as well', () => {
    const machine = createMachine()

    callOnce(machine, 'failure', 0, { timedOut: true })
    callOnce(machine, 'failure', 0)

    expect(machine.counters.read()).toMatchObject({ failure: 2, timeout: 1 })
  })

  it('settles a permit exactly once: what comes later does nothing', () => {
    const machine = createMachine({ maxFailures: 1 })
    const permit = admit(machine, 0)

    const counted = [
      settle(machine, permit, 'success', 1),
      settle(machine, permit, 'failure', 2),
      settle(machine, permit, 'success', 3),
    ]

    expect(counted).toEqual([true, false, false])
    expect(machine.counters.read()).toMatchObject({
      admitted: 1,
      settled: 1,
      success: 1,
      failure: 0,
    })
    expect(machine.state.name).toBe('closed')
  })
})

describe('maxConcurrent', () => {
  it.each([
    { inFlight: 0, passes: true },
    { inFlight: 1, passes: true },
    { inFlight: 2, passes: false },
  ])('of 2 lets a call pass with $inFlight in flight: $passes', ({ inFlight, passes }) => {
    const machine = createMachine({ maxConcurrent: 2 })
    admitMany(machine, inFlight, 0)

    expect(machine.admit(0) !== 'full').toBe(passes)
  })

  it('rejects as evidence of nothing', () => {
    const machine = createMachine({ maxConcurrent: 1, maxFailures: 1 })
    admit(machine, 0)

    const rejections = Array.from({ length: 10 }, () => machine.admit(0))

    expect(new Set(rejections)).toEqual(new Set(['full']))
    expect(machine.counters.read()).toMatchObject({
      admitted: 1,
      settled: 0,
      rejected: { full: 10 },
    })
    expect(failuresInARow(machine)).toBe(0)
  })

  it.each(['success', 'failure', 'neutral', 'cancelled'] as const)(
    'has room again when a call has ended as %s',
    (outcome) => {
      const machine = createMachine({ maxConcurrent: 1 })
      callOnce(machine, outcome, 0)

      expect(machine.admit(0)).not.toBe('full')
    },
  )

  it('counts calls of an earlier generation, for they still run', () => {
    const machine = createMachine({ maxConcurrent: 1 })
    const permit = admit(machine, 0)
    machine.reset(0)

    expect(machine.admit(0)).toBe('full')

    settle(machine, permit, 'success', 0)
    expect(machine.admit(0)).not.toBe('full')
  })

  it('does not hold back a probe', () => {
    const machine = createMachine({ maxConcurrent: 1 })
    admit(machine, 0)
    machine.trip(0)

    expect(admit(machine, RESET_TIMEOUT).probe).toBe(true)
  })
})

describe('a call under the shared permit', () => {
  it.each([
    { inFlight: 0, admitted: true },
    { inFlight: 1, admitted: true },
    { inFlight: 2, admitted: false },
  ])('is admitted with room for 2 and $inFlight in flight: $admitted', ({ inFlight, admitted }) => {
    const machine = createMachine({ maxConcurrent: 2 })
    for (let i = 0; i < inFlight; i++) admitFast(machine)

    expect(admitFast(machine) !== null).toBe(admitted)
    expect(machine.counters.read().admitted).toBe(inFlight + Number(admitted))
  })

  it('ends the failures in a row by succeeding', () => {
    const machine = createMachine({ maxFailures: 3 })
    callTimes(machine, 2, 'failure')
    const permit = admitFast(machine) as SharedPermit

    expect(trySettle(machine, permit)).toBe(true)

    expect(failuresInARow(machine)).toBe(0)
    expect(machine.counters.read()).toMatchObject({ admitted: 3, settled: 3, success: 1 })
  })

  it('counts by its classification when it succeeds, and has no duration to learn from', () => {
    const machine = createMachine({ maxFailures: 3 })
    callTimes(machine, 2, 'failure')
    const permit = admitFast(machine) as SharedPermit

    expect(machine.settle(permit, SUCCESS, 700)).toBe(true)

    expect(failuresInARow(machine)).toBe(0)
    expect(machine.counters.read()).toMatchObject({ admitted: 3, settled: 3, success: 1 })
    expect(machine.baseline).toBeUndefined()
  })

  it('opens the circuit by the failure that reaches the limit, at the time it ends', () => {
    const machine = createMachine({ maxFailures: 1 })
    const permit = admitFast(machine) as SharedPermit

    const counted = settle(machine, permit, 'failure', 30)

    expect(counted).toBe(true)
    expect(machine.state).toMatchObject({ name: 'open', since: 30 })
    expect(machine.counters.read()).toMatchObject({ admitted: 1, settled: 1, failure: 1, stale: 0 })
  })

  it('is stale when it succeeds after its generation', () => {
    const machine = createMachine({ maxFailures: 3 })
    const permit = admitFast(machine) as SharedPermit
    machine.reset(0)
    callTimes(machine, 2, 'failure')

    expect(trySettle(machine, permit)).toBe(false)
    settle(machine, permit, 'success', 0)

    expect(failuresInARow(machine)).toBe(2)
    expect(machine.counters.read()).toMatchObject({ settled: 3, success: 0, stale: 1 })
  })

  it.each([
    SUCCESS,
    classificationOf('failure'),
    classificationOf('neutral'),
    classificationOf('cancelled'),
  ])('is stale when it ends as $outcome after its generation', (classification) => {
    const machine = createMachine({ maxFailures: 1 })
    const permit = admitFast(machine) as SharedPermit
    machine.reset(0)

    expect(machine.settle(permit, classification, 0)).toBe(false)
    expect(failuresInARow(machine)).toBe(0)
    expect(machine.state.generation).toBe(2)
    expect(machine.counters.read()).toMatchObject({ settled: 1, failure: 0, success: 0, stale: 1 })
  })

  it('opens the circuit for real when an override has expired meanwhile', () => {
    const machine = createMachine({ maxFailures: 1 })
    const permit = admitFast(machine) as SharedPermit
    machine.force('forced-closed', 0, { for: 100 })

    settle(machine, permit, 'failure', 150)

    expect(machine.changes.at(-1)).toMatchObject({ to: 'open', enforced: true })
  })
})
