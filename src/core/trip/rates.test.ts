import { describe, expect, it } from 'vitest'
import {
  admit,
  admitMany,
  callOnce,
  callTimes,
  createMachine,
  RESET_TIMEOUT,
  settingsOf,
  settle,
} from '../../../test/helpers.ts'
import type { Machine } from '../machine.ts'
import type { TripSettings } from './rules.ts'

const rate = { threshold: 0.5, minimumCalls: 4, window: { calls: 10 } }

function machineWith(trip: Partial<TripSettings>): Machine {
  return createMachine({ maxFailures: Infinity, trip })
}

/** One call of that duration, ending at `end`. */
function callFor(machine: Machine, ms: number, end: number, failed = false): void {
  const permit = admit(machine, end - ms)
  settle(machine, permit, failed ? 'failure' : 'success', end)
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

describe('slowCallRate', () => {
  const slowCallRate = { ...rate, slowerThan: 200 }

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

describe('when', () => {
  it('is a rule of ones own that sees the closed circuit after each call', () => {
    const seen: unknown[] = []
    const machine = machineWith({ when: (view) => seen.push(view) < 0 })
    admit(machine, 0)
    callOnce(machine, 'success', 10)
    callOnce(machine, 'failure', 30)
    callOnce(machine, 'neutral', 40)

    expect(seen).toEqual([
      {
        consecutiveFailures: 0,
        successes: 1,
        failures: 0,
        inFlight: 1,
        closedFor: 10,
        failed: false,
      },
      {
        consecutiveFailures: 1,
        successes: 1,
        failures: 1,
        inFlight: 1,
        closedFor: 30,
        failed: true,
      },
    ])
  })

  it('opens by saying true, after a success as well', () => {
    const machine = machineWith({ when: ({ successes }) => successes === 2 })

    callTimes(machine, 2, 'success')

    expect(machine.state).toMatchObject({
      trip: { reason: 'when', finding: { rule: 'when', observed: 1, threshold: 1 } },
    })
  })

  it('counts from when the circuit closed', () => {
    const seen: number[] = []
    const machine = machineWith({
      when: ({ successes, failures, closedFor }) => {
        seen.push(successes, failures, closedFor)
        return failures === 1
      },
    })
    callOnce(machine, 'failure', 5)
    callOnce(machine, 'success', 5 + RESET_TIMEOUT)
    seen.length = 0

    callOnce(machine, 'success', 25 + RESET_TIMEOUT)

    expect(seen).toEqual([1, 0, 20])
  })

  it('may move the breaker itself, which then stays as it put it', () => {
    const machine = machineWith({
      when: () => {
        machine.reset(0)
        return true
      },
    })

    callOnce(machine, 'failure', 0)

    expect(machine.state).toMatchObject({ name: 'closed', generation: 2 })
  })
})

describe('several rules', () => {
  it.each([
    { trip: { failureRate: rate }, reason: 'consecutiveFailures' },
    { trip: { failureRate: { ...rate, minimumCalls: 2 } }, reason: 'failureRate' },
  ])('open by the first that has had enough: $reason', ({ trip, reason }) => {
    const machine = createMachine({ maxFailures: 3, trip })

    callTimes(machine, reason === 'failureRate' ? 2 : 3, 'failure')

    expect(machine.state).toMatchObject({ name: 'open', trip: { reason } })
  })

  it('never delay a streak', () => {
    const machine = createMachine({ maxFailures: 3, trip: { failureRate: rate } })
    callTimes(machine, 1_000, 'success')

    callTimes(machine, 3, 'failure')

    expect(machine.state).toMatchObject({ trip: { reason: 'consecutiveFailures' } })
  })

  it('are kept apart from those of another machine with the same settings', () => {
    const settings = settingsOf({ maxFailures: Infinity, trip: { failureRate: rate } })
    const [machine, other] = [createMachine(), createMachine()]
    for (const value of [machine, other]) value.configure(settings, 0)
    callTimes(machine, 3, 'failure')

    callTimes(other, 3, 'failure')

    expect([machine.state.name, other.state.name]).toEqual(['closed', 'closed'])
  })
})
