import { describe, expect, it } from 'vitest'
import { admit, settle } from '../../../test/helpers/core.ts'
import {
  flood,
  GROWN_AT,
  grown,
  rounds,
  START,
  settleAll,
  tripped,
} from '../../../test/helpers/slow-start.ts'
import type { Permit } from '../permit.ts'

describe('the window of a slow start', () => {
  it('doubles with each round that succeeds', () => {
    expect(rounds(tripped({ successes: 1_000 }), 6)).toEqual([1, 2, 4, 8, 16, 32])
  })

  it('bears single failures, and is cut at three more than successes make good', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 3)
    const probes = flood(machine, START + 100)
    expect(probes).toHaveLength(8)

    settleAll(machine, probes.slice(0, 2), 'failure', START + 100)
    expect(flood(machine, START + 100)).toHaveLength(2)

    settleAll(machine, probes.slice(2, 3), 'failure', START + 100)
    settleAll(machine, probes.slice(3), 'cancelled', START + 100)
    expect(flood(machine, START + 100)).toHaveLength(5 - 2)
    expect(machine.state.name).toBe('half-open')
  })

  it.each([
    { duration: 1_999, room: 8 },
    { duration: 2_000, room: 5 },
  ])('is cut by one slow failure: room for $room after $duration ms', ({ duration, room }) => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 3)
    const probes = flood(machine, START + 100)

    settle(machine, probes[0] as Permit, 'failure', START + 100 + duration)
    settleAll(machine, probes.slice(1), 'cancelled', START + 100 + duration)

    expect(flood(machine, START + 100 + duration)).toHaveLength(room)
  })

  it('is not cut again by calls from before the cut', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 4)
    const probes = flood(machine, START + 100)

    settleAll(machine, probes, 'failure', START + 200)

    expect(machine.state.name).toBe('half-open')
    expect(flood(machine, START + 200)).toHaveLength(11)
  })

  it('is not cut again by calls that began at the moment of the cut', () => {
    const machine = grown()

    settleAll(machine, flood(machine, GROWN_AT + 1), 'failure', GROWN_AT + 1)

    expect(machine.state.name).toBe('half-open')
    expect(flood(machine, GROWN_AT + 2)).toHaveLength(5)
  })

  it('re-opens the circuit when nothing has succeeded between one cut and the next', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 3)
    settleAll(machine, flood(machine, START + 100), 'failure', START + 200)

    settleAll(machine, flood(machine, START + 201).slice(0, 3), 'failure', START + 210)

    expect(machine.state).toMatchObject({ name: 'open', since: START + 210 })
  })

  it('goes on when something has succeeded between one cut and the next', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 3)
    settleAll(machine, flood(machine, START + 100), 'failure', START + 200)
    settle(machine, admit(machine, START + 200), 'success', START + 201)

    settleAll(machine, flood(machine, START + 201).slice(0, 4), 'failure', START + 210)

    expect(machine.state.name).toBe('half-open')
  })

  it('grows slowly after a cut: by one a round', () => {
    const machine = tripped({ successes: 1_000 })
    rounds(machine, 4)
    settleAll(machine, flood(machine, START + 100), 'failure', START + 105)

    const sizes = [0, 1, 2, 3].map((round) => {
      const permits = flood(machine, START + 110 + round * 10)
      settleAll(machine, permits, 'success', START + 120 + round * 10)
      return permits.length
    })

    expect(sizes).toEqual([11, 12, 13, 14])
  })

  it.each([
    { duration: 30, room: 3 },
    { duration: 31, room: 2 },
  ])('does not grow by strained successes: room for $room after $duration ms', (row) => {
    const machine = tripped({ successes: 1_000 })
    settle(machine, admit(machine, START), 'success', START + 10)

    settle(machine, admit(machine, START + 10), 'success', START + 10 + row.duration)

    expect(flood(machine, START + 50)).toHaveLength(row.room)
  })

  it('never has less than one slot', () => {
    const machine = tripped({ successes: 1_000 })
    settle(machine, admit(machine, START), 'success', START)
    for (let i = 1; i < 20; i++) {
      settle(machine, admit(machine, START + i), 'failure', START + i)
      settle(machine, admit(machine, START + i), 'success', START + i)
    }

    expect(flood(machine, START + 30).length).toBeGreaterThanOrEqual(1)
    expect(machine.state.name).toBe('half-open')
  })

  it('goes by how long a call that is given up was out: soon is not slow', () => {
    const machine = grown({ timeout: 400 })
    admit(machine, GROWN_AT)

    const later = machine.peek(GROWN_AT + 400)
    expect(later.counters.read().expired).toBe(1)
    expect(later).toMatchObject({
      state: { name: 'half-open', recovery: { limit: 8 } },
    })
  })
})
