import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  callTimes,
  createMachine,
  type MachineOptions,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settingsOf,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import { evidence } from '../../../test/helpers/overdue.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import type { Permit } from '../permit.ts'

function configure(machine: Machine, options: MachineOptions, clockTime = 0): string[] {
  return machine.configure(settingsOf(options), clockTime)
}

describe('configure', () => {
  it.each([
    { from: 'closed', at: 0, create: () => createMachine() },
    { from: 'open', at: 0, create: () => openMachine() },
    { from: 'half-open', at: RESET_TIMEOUT, create: () => probedMachine().machine },
  ])('keeps the state and the generation of a circuit that is $from', ({ at, create }) => {
    const machine = create()
    const { state } = machine

    const lost = configure(machine, { maxFailures: 9, probes: 4, maxConcurrent: 7 }, at)

    expect(machine.state).toBe(state)
    expect(lost).toEqual([])
  })

  it('keeps the permits: their results count', () => {
    const machine = createMachine({ maxFailures: 5 })
    const permit = admit(machine, 0)

    configure(machine, { maxFailures: 1 })

    expect(settle(machine, permit, 'failure', 0)).toBe(true)
    expect(machine.state.name).toBe('open')
  })

  it.each([
    { maxFailures: 3, more: 1 },
    { maxFailures: 4, more: 2 },
    { maxFailures: 1, more: 1 },
  ])('keeps the 2 failures in a row: $maxFailures need $more more', ({ maxFailures, more }) => {
    const machine = createMachine({ maxFailures: 9 })
    callTimes(machine, 2, 'failure')
    configure(machine, { maxFailures })

    callTimes(machine, more - 1, 'failure')
    expect(machine.state.name).toBe('closed')

    callTimes(machine, 1, 'failure')
    expect(machine.state.name).toBe('open')
  })

  it.each([
    { resetTimeout: 2_000, at: 1_999, state: 'open' },
    { resetTimeout: 2_000, at: 2_000, state: 'half-open' },
    { resetTimeout: 700, at: 699, state: 'open' },
    { resetTimeout: 700, at: 700, state: 'half-open' },
  ])('moves the end of the open time that runs: $resetTimeout, $state at $at', (row) => {
    const machine = openMachine()

    configure(machine, row, 600)

    expect(stateAt(machine, row.at)).toBe(row.state)
    expect(tripsOf(machine)[0]?.openFor).toBe(row.resetTimeout)
  })

  it('ends an open time now that would be over already', () => {
    const machine = openMachine()

    configure(machine, { resetTimeout: 100 }, 600)

    expect(machine.peek(600).state).toMatchObject({ name: 'half-open', since: 600 })
  })

  it('leaves an open time alone that it does not change', () => {
    const machine = openMachine()
    machine.trip(600)

    configure(machine, { maxFailures: 9 }, 700)

    expect(stateAt(machine, 600 + RESET_TIMEOUT - 1)).toBe('open')
    expect(stateAt(machine, 600 + RESET_TIMEOUT)).toBe('half-open')
  })

  it('does not undercut Retry-After', () => {
    const machine = createMachine({ maxFailures: 1 })
    callOnce(machine, 'failure', 0, { retryAfter: 5_000 })

    configure(machine, { resetTimeout: 200 })

    expect(stateAt(machine, 4_999)).toBe('open')
    expect(stateAt(machine, 5_000)).toBe('half-open')
  })

  it('has the new open time ready for the next opening', () => {
    const machine = createMachine({ maxFailures: 1 })
    configure(machine, { maxFailures: 1, resetTimeout: 77 })

    callOnce(machine, 'failure', 0)

    expect(machine.state).toMatchObject({ name: 'open', until: 77 })
  })

  it('comes after what time had made due under the old settings', () => {
    const machine = openMachine()

    configure(machine, { resetTimeout: 9_000 }, RESET_TIMEOUT)

    expect(machine.state).toMatchObject({ name: 'half-open', since: RESET_TIMEOUT })
  })

  it.each([
    { concurrent: 1, more: 0 },
    { concurrent: 2, more: 0 },
    { concurrent: 4, more: 2 },
  ])('keeps two probes in flight and admits $more more at $concurrent', ({ concurrent, more }) => {
    const { machine } = probedMachine({ probes: 5, concurrent: 2 })

    configure(machine, { probes: 5, concurrent }, RESET_TIMEOUT)

    expect(admitMany(machine, more, RESET_TIMEOUT)).toHaveLength(more)
    expect(machine.admit(RESET_TIMEOUT)).toBe('half-open')
  })

  it('keeps the successes of probes so far', () => {
    const { machine, probes } = probedMachine({ probes: 5, concurrent: 2 })
    settle(machine, probes[0] as never, 'success', RESET_TIMEOUT)

    configure(machine, { probes: 2 }, RESET_TIMEOUT)
    settle(machine, probes[1] as never, 'success', RESET_TIMEOUT)

    expect(machine.state.name).toBe('closed')
  })

  it('applies the new deadline to new probes only', () => {
    const { machine, probes } = probedMachine({ probes: 5, concurrent: 1 })
    configure(machine, { probes: 5, concurrent: 2, probeTimeout: 9_000 }, RESET_TIMEOUT)

    const later = admit(machine, RESET_TIMEOUT)

    expect(probes[0]?.deadline).toBe(RESET_TIMEOUT + PROBE_TIMEOUT)
    expect(later.deadline).toBe(RESET_TIMEOUT + 9_000)
  })

  it('holds to a new maxConcurrent with the calls that are in flight', () => {
    const machine = createMachine()
    admitMany(machine, 3, 0)

    configure(machine, { maxConcurrent: 3 })

    expect(machine.admit(0)).toBe('full')
  })

  it.each([
    { history: 3, lost: [], left: 3 },
    { history: 2, lost: ['1 trip record'], left: 2 },
    { history: 0, lost: ['3 trip records'], left: 0 },
  ])('says which trip records are lost with a history of $history: $lost', (row) => {
    const machine = createMachine({ maxFailures: 1 })
    for (let i = 0; i < 3; i++) {
      callTimes(machine, 1, 'failure', i)
      machine.reset(i)
    }

    expect(configure(machine, { history: row.history }, 3)).toEqual(row.lost)
    expect(tripsOf(machine).map(({ at }) => at)).toEqual([0, 1, 2].slice(3 - row.left))
  })

  it('counts a new open time from the last trip by hand', () => {
    const machine = openMachine()
    machine.trip(900)
    machine.configure(settingsOf({ resetTimeout: 1_100 }), 950)

    expect(stateAt(machine, 1_500)).toBe('open')
  })

  it('makes a circuit half-open as of then, not before', () => {
    const machine = openMachine({ resetTimeout: 10_000 })
    machine.configure(settingsOf({ resetTimeout: 1_000 }), 5_000)

    expect(machine.peek(5_000).state.since).toBeGreaterThanOrEqual(5_000)
  })

  it('still counts the probes in flight when it replaces the recovery', () => {
    const { machine } = probedMachine({ probes: 1 })
    const slowStart = { successes: 5, quietFor: 0, timeout: 3_000, slowerThan: 2_000 }

    machine.configure(
      { ...settingsOf(), recovery: { kind: 'slowStart', ...slowStart } },
      RESET_TIMEOUT,
    )

    expect(machine.admit(RESET_TIMEOUT)).toBe('half-open')
  })

  it('lets a new rule watch calls in flight, also when one from before it ends', () => {
    const machine = createMachine({ maxFailures: 99 })
    const before = admit(machine, 0)
    machine.configure(settingsOf({ maxFailures: 99, trip: { evidence } }), 0)
    const after = admit(machine, 0)
    settle(machine, before, 'success', 1)

    expect((machine.state as never as { inFlight: { first: Permit } }).inFlight.first).toBe(after)
  })
})
