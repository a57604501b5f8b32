import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  callTimes,
  createMachine,
  openMachine,
  PROBE_TIMEOUT,
  probedMachine,
  RESET_TIMEOUT,
  settle,
  stateAt,
} from '../../../test/helpers/core.ts'
import { tripsOf } from '../machine-data.ts'
import type { Permit } from '../permit.ts'

const DEADLINE = RESET_TIMEOUT + PROBE_TIMEOUT

/** Two probes, the second admitted 100 ms after the first, of two that have to succeed. */
function twoProbes(): { machine: ReturnType<typeof openMachine>; first: Permit; second: Permit } {
  const machine = openMachine({ probes: 2 })
  const first = admit(machine, RESET_TIMEOUT)
  return { machine, first, second: admit(machine, RESET_TIMEOUT + 100) }
}

describe('the deadline of a probe', () => {
  it.each([
    { at: DEADLINE - 1, state: 'half-open' },
    { at: DEADLINE, state: 'open' },
    { at: DEADLINE + 1, state: 'open' },
    { at: DEADLINE + RESET_TIMEOUT - 1, state: 'open' },
    { at: DEADLINE + RESET_TIMEOUT, state: 'half-open' },
    { at: DEADLINE + RESET_TIMEOUT + 1, state: 'half-open' },
  ])('is shown without a call, as the next one will find it: $state at $at', ({ at, state }) => {
    const { machine } = probedMachine()

    expect(stateAt(machine, at)).toBe(state)
  })

  it.each([
    { at: DEADLINE - 1, answer: 'half-open' },
    { at: DEADLINE, answer: 'open' },
    { at: DEADLINE + 1, answer: 'open' },
  ])('is noticed by the next call: at $at it is rejected as $answer', ({ at, answer }) => {
    const { machine } = probedMachine()

    expect(machine.admit(at)).toBe(answer)
  })

  it('re-opens as of the deadline, however late it is noticed', () => {
    const { machine } = probedMachine()

    machine.admit(DEADLINE + 400)

    expect(machine.state).toMatchObject({
      name: 'open',
      since: DEADLINE,
      until: DEADLINE + RESET_TIMEOUT,
    })
  })

  it('admits the next probe in the very call that notices both the deadline and the wait over', () => {
    const { machine } = probedMachine()

    const next = admit(machine, 100 * RESET_TIMEOUT)

    expect(next).toMatchObject({ probe: true, deadline: 100 * RESET_TIMEOUT + PROBE_TIMEOUT })
    expect(machine.state).toMatchObject({ since: DEADLINE + RESET_TIMEOUT, generation: 5 })
  })

  it('never leaves a state from which demand alone leads to no other probe', () => {
    const machine = openMachine()
    let probes = 0

    for (let at = 0; at < 100 * DEADLINE; at += 50) {
      if (typeof machine.admit(at) === 'object') probes++
    }

    expect(probes).toBe(100)
  })

  it.each([
    { at: DEADLINE - 1, counted: true, state: 'closed' },
    { at: DEADLINE, counted: false, state: 'open' },
    { at: DEADLINE + 1, counted: false, state: 'open' },
  ])('beats a success that comes at $at: it counts is $counted', ({ at, counted, state }) => {
    const { machine, probes } = probedMachine()

    expect(settle(machine, probes[0] as never, 'success', at)).toBe(counted)
    expect(machine.state.name).toBe(state)
  })

  it('counts the probe as expired exactly once, and not as settled', () => {
    const { machine, probes } = probedMachine()
    const { settled, stale } = machine.counters.read()

    machine.admit(DEADLINE)
    settle(machine, probes[0] as never, 'failure', DEADLINE + 1)
    machine.admit(DEADLINE + 2)

    expect(machine.counters.read()).toMatchObject({ expired: 1, settled, stale })
    expect(machine.counters.inFlight).toBe(0)
  })

  it('holds the failure that first opened the circuit as the cause again', () => {
    const error = new Error('gone')
    const machine = openMachine({ maxFailures: 1 })
    callOnce(machine, 'failure', RESET_TIMEOUT, { error })
    admit(machine, 2 * RESET_TIMEOUT)

    machine.admit(2 * RESET_TIMEOUT + PROBE_TIMEOUT)

    expect(machine.state).toMatchObject({ name: 'open', cause: error })
  })

  it('is later by the backstop that a call with a timer of its own asks for', () => {
    const machine = openMachine()
    admit(machine, RESET_TIMEOUT, 200)

    expect(stateAt(machine, DEADLINE + 199)).toBe('half-open')
    expect(stateAt(machine, DEADLINE + 200)).toBe('open')
  })

  it('is that late for calls as well as for readers', () => {
    const machine = openMachine()
    admit(machine, RESET_TIMEOUT, 200)

    expect(machine.admit(DEADLINE + 199)).toBe('half-open')
    expect(machine.admit(DEADLINE + 200)).toBe('open')
  })

  it('is none for a call of the closed circuit, however long that takes', () => {
    const machine = openMachine()
    callOnce(machine, 'success', RESET_TIMEOUT)
    const permit = admit(machine, RESET_TIMEOUT)

    expect(settle(machine, permit, 'success', 1e12)).toBe(true)
  })
})

describe('the deadlines of several probes', () => {
  it('re-open at the earliest', () => {
    const { machine } = twoProbes()

    machine.admit(DEADLINE + 50)

    expect(machine.state).toMatchObject({ name: 'open', since: DEADLINE })
    expect(machine.counters.read().expired).toBe(1)
  })

  it('re-open at the earliest although a probe with a later one was admitted first', () => {
    const machine = openMachine({ probes: 2 })
    admit(machine, RESET_TIMEOUT, 400)
    admit(machine, RESET_TIMEOUT)

    expect(stateAt(machine, DEADLINE - 1)).toBe('half-open')
    expect(stateAt(machine, DEADLINE)).toBe('open')
  })

  it('make the others stale: a success before its own deadline closes nothing any more', () => {
    const { machine, second } = twoProbes()

    expect(settle(machine, second, 'success', DEADLINE + 50)).toBe(false)
    expect(machine.state.name).toBe('open')
    expect(machine.counters.read()).toMatchObject({ expired: 1, stale: 1 })
  })

  it('all expire when no call came in time, and re-open once', () => {
    const { machine, first, second } = twoProbes()

    machine.admit(DEADLINE + 100)
    const late = [first, second].map((value) => settle(machine, value, 'success', DEADLINE + 101))

    expect(late).toEqual([false, false])
    expect(machine.counters.read()).toMatchObject({ expired: 2, stale: 0 })
    expect(tripsOf(machine)).toMatchObject([{ reopened: 1 }])
  })

  it('return every slot', () => {
    const { machine } = probedMachine({ probes: 5 })

    expect(admitMany(machine, 5, DEADLINE + RESET_TIMEOUT)).toHaveLength(5)
    expect(machine.admit(DEADLINE + RESET_TIMEOUT)).toBe('half-open')
  })

  it('expire the same probes, however often the clock is read', () => {
    const play = (instants: number[]) => {
      const machine = openMachine({ probes: 2 })
      const a = admit(machine, RESET_TIMEOUT)
      const b = admit(machine, RESET_TIMEOUT + 100)
      for (const at of instants) machine.admit(RESET_TIMEOUT + PROBE_TIMEOUT + at)
      settle(machine, a, 'success', RESET_TIMEOUT + PROBE_TIMEOUT + 200)
      settle(machine, b, 'success', RESET_TIMEOUT + PROBE_TIMEOUT + 200)
      const { expired, stale } = machine.counters.read()
      return { expired, stale }
    }

    expect(play([50, 150])).toEqual(play([150]))
  })

  it('that are the same pass in the order in which the probes went out', () => {
    const machine = createMachine({ probes: 1, concurrent: 2, resetTimeout: 1_000 })
    machine.trip(0)
    const first = admit(machine, 1_000)
    admit(machine, 1_000)
    machine.deliver(first, RESET_TIMEOUT)

    expect(machine.peek(9_000).state.name).toBe('closed')
  })
})

describe('a probe that has delivered something before its deadline', () => {
  it('waits no longer for the timer of its own: the backstop is gone', () => {
    const machine = openMachine()
    const probe = admit(machine, RESET_TIMEOUT, 200)

    machine.deliver(probe, RESET_TIMEOUT + 1)

    expect(probe.delivered).toBe(true)
    expect(stateAt(machine, DEADLINE - 1)).toBe('half-open')
    expect(stateAt(machine, DEADLINE)).toBe('closed')
  })

  it('keeps its backstop in a clone until it delivers', () => {
    const machine = openMachine()
    admit(machine, RESET_TIMEOUT, 200)

    expect(stateAt(machine.clone(), DEADLINE + 199)).toBe('half-open')
    expect(stateAt(machine.clone(), DEADLINE + 200)).toBe('open')
  })

  it.each([
    { at: DEADLINE - 1, state: 'half-open' },
    { at: DEADLINE, state: 'closed' },
    { at: DEADLINE + 1, state: 'closed' },
  ])('has succeeded at it: $state at $at', ({ at, state }) => {
    const { machine, probes } = probedMachine()
    machine.deliver(probes[0] as Permit, RESET_TIMEOUT)

    expect(stateAt(machine, at)).toBe(state)
  })

  it('closes as of the deadline, however late it is noticed', () => {
    const { machine, probes } = probedMachine()
    machine.deliver(probes[0] as Permit, RESET_TIMEOUT)

    admit(machine, DEADLINE + 1_000)

    expect(machine.state).toMatchObject({ name: 'closed', since: DEADLINE, generation: 4 })
  })

  it('expires all the same: its slot returns and its end decides nothing', () => {
    const { machine, probes } = probedMachine({ maxFailures: 1 })
    machine.deliver(probes[0] as Permit, RESET_TIMEOUT)

    expect(settle(machine, probes[0] as never, 'failure', DEADLINE + 1)).toBe(false)
    expect(machine.state.name).toBe('closed')
    expect(machine.counters.read()).toMatchObject({ expired: 1, stale: 0 })
  })

  it('is one of the successes that it takes, and its slot is free for the next', () => {
    const { machine, probes } = probedMachine({ probes: 2, concurrent: 1 })
    machine.deliver(probes[0] as Permit, RESET_TIMEOUT)

    callTimes(machine, 1, 'success', DEADLINE)

    expect(machine.state.name).toBe('closed')
  })

  it('does not save a later probe that has delivered nothing', () => {
    const { machine, first } = twoProbes()
    machine.deliver(first, RESET_TIMEOUT + 100)

    expect(stateAt(machine, DEADLINE + 99)).toBe('half-open')
    expect(stateAt(machine, DEADLINE + 100)).toBe('open')
  })

  it('does not close after an earlier probe that had delivered nothing', () => {
    const { machine, second } = twoProbes()
    machine.deliver(second, RESET_TIMEOUT + 100)

    machine.admit(DEADLINE + 100)

    expect(machine.state).toMatchObject({ name: 'open', since: DEADLINE })
  })
})
