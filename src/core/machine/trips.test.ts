import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settle,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import type { Failure } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import type { TripRecord } from '../trip/record.ts'

function lastTrip(machine: Machine): TripRecord | undefined {
  return tripsOf(machine).at(-1)
}

function failureOf(message: string): { failure: Failure } {
  return { failure: { name: 'Error', code: 'ECONNREFUSED', message } }
}

function messagesOf(machine: Machine): string[] | undefined {
  return lastTrip(machine)?.failures.map(({ message }) => message)
}

describe('the record of a trip', () => {
  it('tells when, by which rule, and both sides of its inequality', () => {
    expect(lastTrip(openMachine({ maxFailures: 4 }, 0))).toMatchObject({
      at: 0,
      reason: 'consecutiveFailures',
      finding: { rule: 'consecutiveFailures', observed: 4, threshold: 4 },
      consecutiveFailures: 4,
      from: 'closed',
      generation: 1,
      enforced: true,
      note: null,
    })
  })

  it('has an observed side beyond the threshold when that was lowered meanwhile', () => {
    const machine = createMachine({ maxFailures: 9 })
    callTimes(machine, 5, 'failure')
    machine.configure(openMachine({ maxFailures: 2 }).settings, 0)

    callTimes(machine, 1, 'failure')

    expect(lastTrip(machine)?.finding).toMatchObject({ observed: 6, threshold: 2 })
  })

  it('keeps the failures before it with their times, oldest first', () => {
    const machine = createMachine({ maxFailures: 2 })

    callOnce(machine, 'failure', 10, failureOf('first'))
    callOnce(machine, 'failure', 30, failureOf('second'))

    expect(lastTrip(machine)?.failures).toEqual([
      { name: 'Error', code: 'ECONNREFUSED', message: 'first', at: 10 },
      { name: 'Error', code: 'ECONNREFUSED', message: 'second', at: 30 },
    ])
  })

  it.each([
    { failures: 4, kept: ['0', '1', '2', '3'] },
    { failures: 5, kept: ['0', '1', '2', '3', '4'] },
    { failures: 6, kept: ['1', '2', '3', '4', '5'] },
    { failures: 50, kept: ['45', '46', '47', '48', '49'] },
  ])('keeps the last five failures only: of $failures it has $kept', ({ failures, kept }) => {
    const machine = createMachine({ maxFailures: failures })

    for (let i = 0; i < failures; i++) callOnce(machine, 'failure', 0, failureOf(String(i)))

    expect(messagesOf(machine)).toEqual(kept)
  })

  it('keeps failures from before a success too: they are the last ones all the same', () => {
    const machine = createMachine({ maxFailures: 2 })
    callOnce(machine, 'failure', 0, failureOf('lone'))
    callOnce(machine, 'success', 0)

    callOnce(machine, 'failure', 0, failureOf('first'))
    callOnce(machine, 'failure', 0, failureOf('second'))

    expect(messagesOf(machine)).toEqual(['lone', 'first', 'second'])
    expect(lastTrip(machine)?.consecutiveFailures).toBe(2)
  })

  it('has no failures when none were described', () => {
    const machine = createMachine({ maxFailures: 1 })

    machine.settle(admit(machine, 0), { outcome: 'failure' }, 0)

    expect(messagesOf(machine)).toEqual([])
  })

  it('goes on when a probe fails: how often, the failure of the last one, and until when', () => {
    const machine = openMachine()

    callOnce(machine, 'failure', RESET_TIMEOUT, failureOf('still down'))
    callOnce(machine, 'failure', 2 * RESET_TIMEOUT, { ...failureOf('down yet'), retryAfter: 4_000 })

    expect(tripsOf(machine)).toMatchObject([
      {
        at: 0,
        reason: 'consecutiveFailures',
        reopened: 2,
        openFor: 4_000,
        probeFailure: { message: 'down yet', at: 2 * RESET_TIMEOUT },
        endedAt: null,
      },
    ])
  })

  it('goes on when a probe expires, which has no failure to tell of', () => {
    const { machine } = probedMachine()

    machine.admit(RESET_TIMEOUT + PROBE_TIMEOUT + 50)

    expect(tripsOf(machine)).toMatchObject([{ at: 0, reopened: 1, probeFailure: null }])
  })

  it('tells who tripped by hand in their own words, with the failures in a row at that moment', () => {
    const machine = createMachine({ maxFailures: 3 })
    callTimes(machine, 2, 'failure')

    machine.trip(5, { reason: 'maintenance' })

    expect(lastTrip(machine)).toMatchObject({
      at: 5,
      reason: 'manual',
      note: 'maintenance',
      finding: null,
      consecutiveFailures: 2,
    })
  })

  it('has no note when a trip by hand came without words', () => {
    const machine = createMachine()

    machine.trip(5)

    expect(lastTrip(machine)?.note).toBeNull()
  })

  it('counts the calls rejected while open and while half-open', () => {
    const machine = openMachine()
    for (let i = 0; i < 4; i++) machine.admit(0)
    admit(machine, RESET_TIMEOUT)
    for (let i = 0; i < 3; i++) machine.admit(RESET_TIMEOUT)

    expect(lastTrip(machine)?.rejected).toBe(7)
  })

  it('counts no call that was rejected for another reason', () => {
    const machine = openMachine({ maxConcurrent: 1 })
    machine.force('forced-open', 0, {})
    machine.admit(0)
    machine.release(0)
    callOnce(machine, 'success', RESET_TIMEOUT)
    admit(machine, RESET_TIMEOUT)

    expect(machine.admit(RESET_TIMEOUT)).toBe('full')
    expect(lastTrip(machine)?.rejected).toBe(0)
  })

  it('counts on through the re-openings, and anew with the next trip', () => {
    const machine = openMachine()
    machine.admit(0)
    callOnce(machine, 'failure', RESET_TIMEOUT)
    machine.admit(RESET_TIMEOUT)
    callOnce(machine, 'success', 2 * RESET_TIMEOUT)
    callTimes(machine, 3, 'failure', 2 * RESET_TIMEOUT)
    machine.admit(2 * RESET_TIMEOUT)

    expect(tripsOf(machine).map(({ rejected }) => rejected)).toEqual([2, 1])
  })

  it('has no end while it lasts, half-open included', () => {
    const { machine } = probedMachine()

    expect(lastTrip(machine)).toMatchObject({ endedAt: null, endedBy: null })
  })

  it.each([
    { by: 'recovered', end: (value: Machine, at: number) => callOnce(value, 'success', at) },
    { by: 'reset', end: (value: Machine, at: number) => value.reset(at) },
    { by: 'manual', end: (value: Machine, at: number) => value.trip(at) },
  ])('tells what ended it and when: $by', ({ by, end }) => {
    const machine = openMachine()

    end(machine, RESET_TIMEOUT + 30)

    expect(tripsOf(machine)[0]).toMatchObject({ endedAt: RESET_TIMEOUT + 30, endedBy: by })
  })

  it('is ended by a probe that had delivered, as of its deadline', () => {
    const { machine, probes } = probedMachine()
    machine.deliver(probes[0] as Permit, RESET_TIMEOUT)

    machine.admit(1e6)

    expect(tripsOf(machine)[0]).toMatchObject({
      endedAt: RESET_TIMEOUT + PROBE_TIMEOUT,
      endedBy: 'recovered',
    })
  })

  it('is ended by a reset while still open', () => {
    const machine = openMachine()

    machine.reset(20)

    expect(lastTrip(machine)).toMatchObject({ endedAt: 20, endedBy: 'reset' })
  })

  it('does not change any more once it has ended', () => {
    const machine = openMachine()
    callOnce(machine, 'success', RESET_TIMEOUT)
    const before = { ...lastTrip(machine) }

    callTimes(machine, 3, 'failure', RESET_TIMEOUT)
    machine.admit(RESET_TIMEOUT)

    expect(tripsOf(machine)[0]).toEqual(before)
  })

  it('tells for how long the circuit is open in all when it is prolonged by hand', () => {
    const machine = createMachine()
    callTimes(machine, 3, 'failure', 100)

    machine.trip(900)

    expect(tripsOf(machine)[0]?.openFor).toBe(RESET_TIMEOUT + 800)
  })
})

describe('history', () => {
  it.each([
    { history: 0, kept: [] },
    { history: 1, kept: [4] },
    { history: 4, kept: [1, 2, 3, 4] },
    { history: 5, kept: [0, 1, 2, 3, 4] },
    { history: 6, kept: [0, 1, 2, 3, 4] },
  ])('of $history keeps the last trips: of five $kept', ({ history, kept }) => {
    const machine = createMachine({ history })

    for (let i = 0; i < 5; i++) {
      machine.trip(i)
      machine.reset(i)
    }

    expect(tripsOf(machine).map(({ at }) => at)).toEqual(kept)
  })

  it('of 0 still lets an open circuit know why it is open', () => {
    const machine = openMachine({ history: 0 })
    machine.admit(0)

    expect(machine.state).toMatchObject({ trip: { reason: 'consecutiveFailures', rejected: 1 } })
  })

  it('is not lost with the generation of a half-open circuit that recovers', () => {
    const { machine, probes } = probedMachine()

    settle(machine, probes[0] as never, 'success', RESET_TIMEOUT)

    expect(tripsOf(machine)).toHaveLength(1)
  })
})
