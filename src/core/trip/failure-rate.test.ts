import { describe, expect, it } from 'vitest'
import {
  admitMany,
  callOnce,
  callTimes,
  createMachine,
  RESET_TIMEOUT,
  settle,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import type { TripSettings } from './rules.ts'

const rate = { threshold: 0.5, minimumCalls: 4, window: { calls: 10 } }

function machineWith(trip: Partial<TripSettings>): Machine {
  return createMachine({ maxFailures: Infinity, trip })
}

describe('failureRate', () => {
  it.each([
    { good: 2, bad: 1, state: 'closed' },
    { good: 2, bad: 2, state: 'open' },
    { good: 3, bad: 2, state: 'closed' },
    { good: 3, bad: 3, state: 'open' },
    { good: 0, bad: 3, state: 'closed' },
    { good: 0, bad: 4, state: 'open' },
  ])('opens when the share is reached with enough calls: $bad of $bad + $good', (row) => {
    const machine = machineWith({ failureRate: rate })

    callTimes(machine, row.good, 'success')
    callTimes(machine, row.bad, 'failure')

    expect(machine.state.name).toBe(row.state)
  })

  it.each([
    { threshold: 1, failures: 9, successes: 1, state: 'closed' },
    { threshold: 1, failures: 10, successes: 0, state: 'open' },
    { threshold: 0.1, failures: 1, successes: 9, state: 'open' },
    { threshold: 0.3, failures: 3, successes: 7, state: 'open' },
    { threshold: 0.7, failures: 7, successes: 3, state: 'open' },
  ])('compares exactly at $threshold with $failures failures of ten', (row) => {
    const machine = machineWith({ failureRate: { ...rate, ...row, minimumCalls: 10 } })

    callTimes(machine, row.successes, 'success')
    callTimes(machine, row.failures, 'failure')

    expect(machine.state.name).toBe(row.state)
  })

  it('opens by a success too when that makes the calls enough', () => {
    const machine = machineWith({ failureRate: rate })
    callTimes(machine, 3, 'failure')

    callTimes(machine, 1, 'success')

    expect(machine.state.name).toBe('open')
  })

  it('tells the share, the threshold and the calls that it found', () => {
    const machine = machineWith({ failureRate: rate })
    callTimes(machine, 1, 'success')
    callTimes(machine, 3, 'failure')

    expect(machine.changes).toMatchObject([{ to: 'open', reason: 'failureRate' }])
    expect(machine.state).toMatchObject({
      trip: {
        reason: 'failureRate',
        finding: { rule: 'failureRate', observed: 0.75, threshold: 0.5, calls: 4, hits: 3 },
      },
    })
  })

  it('has settled calls only in its denominator: neither those in flight nor rejected ones', () => {
    const machine = createMachine({
      maxFailures: Infinity,
      maxConcurrent: 50,
      trip: { failureRate: rate },
    })
    const permits = admitMany(machine, 50, 0)
    for (let i = 0; i < 100; i++) machine.admit(0)

    for (const permit of permits.slice(0, 4)) settle(machine, permit, 'failure', 0)

    expect(machine.state.name).toBe('open')
    expect(machine.state).toMatchObject({ trip: { finding: { calls: 4 } } })
  })

  it.each(['neutral', 'cancelled'] as const)('takes no notice of a %s call', (outcome) => {
    const machine = machineWith({ failureRate: rate })
    callTimes(machine, 3, 'failure')

    callTimes(machine, 20, outcome)
    expect(machine.state.name).toBe('closed')

    callTimes(machine, 1, 'failure')
    expect(machine.state).toMatchObject({ trip: { finding: { calls: 4, hits: 4 } } })
  })

  it('starts empty after a recovery: one failure does not open again', () => {
    const machine = machineWith({ failureRate: rate })
    callTimes(machine, 4, 'failure')
    callOnce(machine, 'success', RESET_TIMEOUT)

    callTimes(machine, 3, 'failure', RESET_TIMEOUT)
    expect(machine.state.name).toBe('closed')

    callTimes(machine, 1, 'failure', RESET_TIMEOUT)
    expect(machine.state.name).toBe('open')
  })

  it.each([
    { pause: 9_999, state: 'open' },
    { pause: 10_000, state: 'closed' },
    { pause: 3_600_000, state: 'closed' },
  ])('counts no failures from before the window: $state after $pause ms', ({ pause, state }) => {
    const machine = machineWith({ failureRate: { ...rate, window: { duration: 10_000 } } })
    callTimes(machine, 3, 'failure', 0)

    callTimes(machine, 1, 'failure', pause)

    expect(machine.state.name).toBe(state)
  })

  it('needs no more failures after a thousand successes and an idle hour', () => {
    const machine = machineWith({ failureRate: { ...rate, window: { duration: 10_000 } } })
    callTimes(machine, 1_000, 'success', 0)

    callTimes(machine, 4, 'failure', 3_600_000)

    expect(machine.state.name).toBe('open')
  })
})
