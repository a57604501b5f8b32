import { describe, expect, it } from 'vitest'
import {
  admit,
  callTimes,
  openMachine,
  probedMachine,
  RESET_TIMEOUT,
  settle,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import type { Permit } from '../permit.ts'

/** Open again by one of two probes; the other is still in flight, with its deadline at 1500. */
function withDetachedProbe(): { machine: Machine; detached: Permit } {
  const { machine, probes } = probedMachine({ probes: 2 })
  settle(machine, probes[0] as Permit, 'failure', RESET_TIMEOUT + 100)
  return { machine, detached: probes[1] as Permit }
}

describe('a probe in flight when its half-open time ends', () => {
  it.each([
    { at: 1_499, expired: 0 },
    { at: 1_500, expired: 1 },
    { at: 1_501, expired: 1 },
  ])('expires at its deadline, however it is read: $expired at $at', ({ at, expired }) => {
    const { machine, detached } = withDetachedProbe()

    expect(machine.peek(at).counters.read()).toMatchObject({ expired })
    expect(detached.open).toBe(true)

    machine.admit(at)
    expect(machine.counters.read().expired).toBe(expired)
    expect(detached.open).toBe(expired === 0)
  })

  it('makes nothing due before its deadline, and nothing after its end', () => {
    const { machine, detached } = withDetachedProbe()
    expect(machine.peek(1_499)).toBe(machine)

    settle(machine, detached, 'success', 1_200)
    expect(machine.peek(1_600)).toBe(machine)
  })

  it('is forgotten once it has ended', () => {
    const { machine, detached } = withDetachedProbe()
    settle(machine, detached, 'success', 1_200)

    machine.admit(1_201)

    expect(machine.detachedProbes?.size).toBe(0)
  })

  it('expires in the very call that notices the deadline of another one too', () => {
    const machine = openMachine({ probes: 2, resetTimeout: RESET_TIMEOUT })
    admit(machine, RESET_TIMEOUT)
    admit(machine, RESET_TIMEOUT + 1)

    machine.trip(RESET_TIMEOUT + 1_000)

    expect(machine.counters.read()).toMatchObject({ admitted: 5, settled: 3, expired: 2 })
    expect(machine.detachedProbes?.size).toBe(0)
  })

  it('does not count as in flight for ever when it hangs', () => {
    const { machine, probes } = probedMachine({ probes: 2, maxConcurrent: 1 })
    settle(machine, probes[0] as never, 'failure', RESET_TIMEOUT)
    callTimes(machine, 2, 'success', 10_000)

    expect(machine.state.name).toBe('closed')
    expect(machine.admit(20_000)).not.toBe('full')
  })
})
