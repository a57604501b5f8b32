import { describe, expect, it } from 'vitest'
import { admit, createMachine, settle } from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import type { TripSettings } from './rules.ts'

const slowCallRate = {
  slowerThan: 200,
  threshold: 0.5,
  minimumCalls: 4,
  window: { calls: 10 },
}

function machineWith(trip: Partial<TripSettings>): Machine {
  return createMachine({ maxFailures: Infinity, trip })
}

/** One call of that duration, ending at `end`. */
function callFor(machine: Machine, ms: number, end: number, failed = false): void {
  const permit = admit(machine, end - ms)
  settle(machine, permit, failed ? 'failure' : 'success', end)
}

describe('slowCallRate', () => {
  it.each([
    { ms: 199, state: 'closed' },
    { ms: 200, state: 'open' },
    { ms: 201, state: 'open' },
  ])('takes calls of $ms ms for slow from 200 ms on: $state', ({ ms, state }) => {
    const machine = machineWith({ slowCallRate })

    for (let i = 1; i <= 4; i++) callFor(machine, ms, i * 1_000)

    expect(machine.state.name).toBe(state)
  })

  it('takes failed calls in as well', () => {
    const machine = machineWith({ slowCallRate })

    for (let i = 1; i <= 4; i++) callFor(machine, 300, i * 1_000, i % 2 === 0)

    expect(machine.state).toMatchObject({
      trip: { finding: { rule: 'slowCallRate', observed: 1, threshold: 0.5, calls: 4, hits: 4 } },
    })
  })

  it.each([
    { quick: 2, slow: 1, state: 'closed' },
    { quick: 2, slow: 2, state: 'open' },
    { quick: 3, slow: 2, state: 'closed' },
  ])('opens when the share is reached: $slow slow and $quick quick is $state', (row) => {
    const machine = machineWith({ slowCallRate })

    for (let i = 0; i < row.quick; i++) callFor(machine, 1, 1_000)
    for (let i = 1; i <= row.slow; i++) callFor(machine, 500, 1_000 + i * 1_000)

    expect(machine.state.name).toBe(row.state)
  })

  it('measures by the time that has really passed when the clock steps back', () => {
    const machine = machineWith({ slowCallRate: { ...slowCallRate, minimumCalls: 1 } })
    const permit = admit(machine, 5_000)
    machine.admit(1_000)

    settle(machine, permit, 'success', 1_199)

    expect(machine.state.name).toBe('closed')
  })
})
