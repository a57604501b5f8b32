import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  openMachine,
  probedMachine,
  RESET_TIMEOUT,
  revive,
  settingsOf,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import { tripsOf } from '../machine-data.ts'
import type { Permit } from '../permit.ts'

/** Of the settings here, ms. */
const LONGEST_RETRY_AFTER = 60_000

describe('a machine that is open', () => {
  it('is of a new generation, since the result that opened it', () => {
    const machine = openMachine({}, 0)

    expect(machine.state).toMatchObject({ name: 'open', generation: 2, since: 0 })
  })

  it.each([
    { at: 0, admitted: 'open' },
    { at: 1, admitted: 'open' },
    { at: RESET_TIMEOUT - 1, admitted: 'open' },
    { at: RESET_TIMEOUT, admitted: 'a probe' },
    { at: RESET_TIMEOUT + 1, admitted: 'a probe' },
  ])('answers a call $at ms after it opened with: $admitted', ({ at, admitted }) => {
    const answer = openMachine().admit(at)

    expect(typeof answer === 'string' ? answer : answer.probe && 'a probe').toBe(admitted)
  })

  it('counts each call that it rejects, and nothing else of it', () => {
    const machine = openMachine({ maxFailures: 3 })
    const counts = machine.counters.read()

    for (let at = 0; at < 10; at++) machine.admit(at)

    expect(machine.counters.read()).toEqual({
      ...counts,
      rejected: { ...counts.rejected, open: 10 },
    })
  })

  it('opens as soon again after a thousand rejected calls as after none', () => {
    const machine = openMachine({ maxFailures: 3 })
    for (let i = 0; i < 1_000; i++) machine.admit(0)
    callOnce(machine, 'success', RESET_TIMEOUT)

    callTimes(machine, 3, 'failure', RESET_TIMEOUT)

    expect(machine.state.name).toBe('open')
  })

  it('keeps the failure that opened it as it was thrown', () => {
    const error = new Error('gone')
    const machine = createMachine({ maxFailures: 1 })

    callOnce(machine, 'failure', 0, { error })

    expect(machine.state).toHaveProperty('cause', error)
  })

  it('becomes half-open as of the end of its time, however late the call comes', () => {
    const machine = openMachine()

    admit(machine, 50 * RESET_TIMEOUT)

    expect(machine.state).toMatchObject({ name: 'half-open', since: RESET_TIMEOUT, generation: 3 })
  })

  it('hands the failure that opened it on to the half-open circuit', () => {
    const error = new Error('gone')
    const machine = createMachine({ maxFailures: 1 })
    callOnce(machine, 'failure', 0, { error })

    admit(machine, RESET_TIMEOUT)

    expect(machine.state).toHaveProperty('cause', error)
  })
})

describe('Retry-After', () => {
  it.each([
    { retryAfter: undefined, opensFor: RESET_TIMEOUT },
    { retryAfter: 0, opensFor: RESET_TIMEOUT },
    { retryAfter: RESET_TIMEOUT - 1, opensFor: RESET_TIMEOUT },
    { retryAfter: RESET_TIMEOUT, opensFor: RESET_TIMEOUT },
    { retryAfter: RESET_TIMEOUT + 1, opensFor: RESET_TIMEOUT + 1 },
    { retryAfter: LONGEST_RETRY_AFTER - 1, opensFor: LONGEST_RETRY_AFTER - 1 },
    { retryAfter: LONGEST_RETRY_AFTER, opensFor: LONGEST_RETRY_AFTER },
    { retryAfter: LONGEST_RETRY_AFTER + 1, opensFor: LONGEST_RETRY_AFTER },
    { retryAfter: Number.MAX_VALUE, opensFor: LONGEST_RETRY_AFTER },
  ])('is a floor for the open time up to a minute: $opensFor for $retryAfter', (row) => {
    const machine = createMachine({ maxFailures: 1 })

    callOnce(machine, 'failure', 0, { retryAfter: row.retryAfter })

    expect(stateAt(machine, row.opensFor - 1)).toBe('open')
    expect(stateAt(machine, row.opensFor)).toBe('half-open')
    expect(tripsOf(machine)[0]?.openFor).toBe(row.opensFor)
  })

  it('counts from the failure that carried it, not from the opening', () => {
    const machine = createMachine({ maxFailures: 2 })
    callOnce(machine, 'failure', 0, { retryAfter: 5_000 })

    callOnce(machine, 'failure', 1_500)

    expect(tripsOf(machine)[0]).toMatchObject({ at: 1_500, openFor: 3_500 })
  })

  it('is the latest moment that any failure of the generation named', () => {
    const machine = createMachine({ maxFailures: 2 })
    callOnce(machine, 'failure', 0, { retryAfter: 5_000 })

    callOnce(machine, 'failure', 0, { retryAfter: 2_000 })

    expect(tripsOf(machine)[0]?.openFor).toBe(5_000)
  })

  it('is not taken from a call that did not fail', () => {
    const machine = createMachine({ maxFailures: 1 })
    callOnce(machine, 'success', 0, { retryAfter: 5_000 })
    callOnce(machine, 'neutral', 0, { retryAfter: 5_000 })

    callOnce(machine, 'failure', 0)

    expect(tripsOf(machine)[0]?.openFor).toBe(RESET_TIMEOUT)
  })

  it('is a floor for the re-opening by a failed probe too', () => {
    const machine = openMachine()

    callOnce(machine, 'failure', RESET_TIMEOUT, { retryAfter: 7_000 })

    expect(tripsOf(machine).at(-1)).toMatchObject({ reopened: 1, openFor: 7_000 })
  })

  it('is forgotten with the generation in which it came', () => {
    const machine = createMachine({ maxFailures: 2 })
    callOnce(machine, 'failure', 0, { retryAfter: 50_000 })
    machine.reset(0)

    callTimes(machine, 2, 'failure')

    expect(tripsOf(machine)[0]?.openFor).toBe(RESET_TIMEOUT)
  })

  it('is none when it is NaN', () => {
    const machine = createMachine({ maxFailures: 1 })
    callOnce(machine, 'failure', 0, { retryAfter: NaN })

    expect(stateAt(machine, 1e9)).toBe('half-open')
  })

  it('is not undercut by a trip by hand', () => {
    const machine = createMachine({ maxFailures: 1 })
    callOnce(machine, 'failure', 0, { retryAfter: 60_000 })
    machine.trip(1_000)

    expect(stateAt(machine, 59_999)).toBe('open')
  })

  it('is taken from those probes only that fail', () => {
    const { machine, probes } = probedMachine({ probes: 2 })
    settle(machine, probes[0] as Permit, 'neutral', RESET_TIMEOUT, { retryAfter: 60_000 })

    settle(machine, probes[1] as Permit, 'failure', RESET_TIMEOUT)

    expect(tripsOf(machine)[0]?.openFor).toBe(RESET_TIMEOUT)
  })

  it('is kept when the circuit is restored open and configured', () => {
    const machine = createMachine({ maxFailures: 1 })
    callOnce(machine, 'failure', 0, { retryAfter: 60_000 })
    const restored = revive(machine, 0)
    restored.configure(settingsOf({ resetTimeout: 2_000 }), 0)

    expect(stateAt(restored, 59_999)).toBe('open')
  })
})
