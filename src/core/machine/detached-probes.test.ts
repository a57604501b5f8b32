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

/** Open again by one of two probes; the other is still out, with its deadline at 1500. */
function orphaned(): { machine: Machine; orphan: Permit } {
  const { machine, probes } = probedMachine({ probes: 2 })
  settle(machine, probes[0] as Permit, 'failure', RESET_TIMEOUT + 100)
  return { machine, orphan: probes[1] as Permit }
}

describe('a probe that is out when its half-open time ends', () => {
  it.each([
    { at: 1_499, expired: 0 },
    { at: 1_500, expired: 1 },
    { at: 1_501, expired: 1 },
  ])('expires at its deadline, whoever looks: $expired at $at', ({ at, expired }) => {
    const { machine, orphan } = orphaned()

    expect(machine.peek(at).counts).toMatchObject({ expired })
    expect(orphan.open).toBe(true)

    machine.admit(at)
    expect(machine.counts.expired).toBe(expired)
    expect(orphan.open).toBe(expired === 0)
  })

  it('makes nothing due before its deadline, and nothing after its end', () => {
    const { machine, orphan } = orphaned()
    expect(machine.peek(1_499)).toBe(machine)

    settle(machine, orphan, 'success', 1_200)
    expect(machine.peek(1_600)).toBe(machine)
  })

  it('is forgotten once it has ended', () => {
    const { machine, orphan } = orphaned()
    settle(machine, orphan, 'success', 1_200)

    machine.admit(1_201)

    expect(machine.detachedProbes).toEqual([])
  })

  it('expires in the very call that notices the deadline of another one too', () => {
    const machine = openMachine({ probes: 2, resetTimeout: RESET_TIMEOUT })
    admit(machine, RESET_TIMEOUT)
    admit(machine, RESET_TIMEOUT + 1)

    machine.trip(RESET_TIMEOUT + 1_000)

    expect(machine.counts).toMatchObject({ admitted: 5, settled: 3, expired: 2 })
    expect(machine.detachedProbes).toEqual([])
  })

  it('does not count as in flight for ever when it hangs', () => {
    const { machine, probes } = probedMachine({ probes: 2, maxConcurrent: 1 })
    settle(machine, probes[0] as never, 'failure', RESET_TIMEOUT)
    callTimes(machine, 2, 'success', 10_000)

    expect(machine.state.name).toBe('closed')
    expect(machine.admit(20_000)).not.toBe('full')
  })
})
