import { describe, expect, it } from 'vitest'
import {
  admitFast,
  callOnce,
  callTimes,
  createMachine,
  type MachineOptions,
  RESET_TIMEOUT,
  revive,
  saveAt,
  settingsOf,
} from '../../../test/helpers/core.ts'
import { trySettle } from '../fast-path.ts'
import type { Machine } from '../machine.ts'
import type { SharedPermit } from '../permit.ts'
import type { FailureCountSettings } from './failure-count.ts'

const amongCalls: FailureCountSettings = { threshold: 3, window: { calls: 5 } }
const withinTime: FailureCountSettings = { threshold: 3, window: { duration: 10_000 } }

function optionsWith(failureCount: FailureCountSettings | undefined): MachineOptions {
  return { maxFailures: Infinity, trip: { failureCount } }
}

function machineWith(failureCount: FailureCountSettings): Machine {
  return createMachine(optionsWith(failureCount))
}

/** Calls in their order: `F` fails, `S` succeeds. */
function run(machine: Machine, calls: string, at = 0): void {
  for (const call of calls) callOnce(machine, call === 'F' ? 'failure' : 'success', at)
}

describe('failureCount among the last calls', () => {
  it.each([
    { calls: 'FF', state: 'closed' },
    { calls: 'FFF', state: 'open' },
    { calls: 'FSFSF', state: 'open' },
    { calls: 'FSSFSF', state: 'closed' },
    { calls: 'FSSFSFF', state: 'open' },
    { calls: 'FFSSSF', state: 'closed' },
    { calls: 'FFSSSSSSSFSFSF', state: 'open' },
  ])('is $state after $calls', ({ calls, state }) => {
    const machine = machineWith(amongCalls)

    run(machine, calls)

    expect(machine.state.name).toBe(state)
  })

  it.each(['neutral', 'cancelled'] as const)('takes no notice of a %s call', (outcome) => {
    const machine = machineWith(amongCalls)
    run(machine, 'FF')

    callTimes(machine, 20, outcome)
    expect(machine.state.name).toBe('closed')

    run(machine, 'F')
    expect(machine.state.name).toBe('open')
  })

  it('does not forget as time passes', () => {
    const machine = machineWith(amongCalls)
    run(machine, 'FF')

    run(machine, 'F', 3_600_000)

    expect(machine.state.name).toBe('open')
  })

  it('tells how many calls it found the failures among', () => {
    const machine = machineWith(amongCalls)
    run(machine, 'SFSFF')

    expect(machine.changes).toMatchObject([{ to: 'open', reason: 'failureCount' }])
    expect(machine.state).toMatchObject({
      trip: { finding: { rule: 'failureCount', observed: 3, threshold: 3, calls: 4 } },
    })
  })
})

describe('failureCount with successes on the fast path', () => {
  it.each([
    { successes: 2, state: 'open' },
    { successes: 3, state: 'closed' },
  ])('counts them as calls: $state with $successes between failures', ({ successes, state }) => {
    const machine = machineWith(amongCalls)
    run(machine, 'F')

    for (let i = 0; i < successes; i++) {
      expect(trySettle(machine, admitFast(machine) as SharedPermit)).toBe(true)
    }
    run(machine, 'FF')

    expect(machine.state.name).toBe(state)
  })
})

describe('failureCount within a time', () => {
  it.each([
    { times: [0, 0, 0], state: 'open' },
    { times: [0, 5_000, 9_999], state: 'open' },
    { times: [0, 5_000, 10_000], state: 'closed' },
    { times: [0, 5_000, 10_000, 14_999], state: 'open' },
    { times: [0, 5_000, 10_000, 15_000], state: 'closed' },
    { times: [900, 5_000, 10_899], state: 'open' },
    { times: [0, 1, 3_600_000], state: 'closed' },
    { times: [0, 1, 3_600_000, 3_600_001, 3_600_002], state: 'open' },
  ])('is $state after failures at $times ms', ({ times, state }) => {
    const machine = machineWith(withinTime)

    for (const at of times) run(machine, 'SF', at)

    expect(machine.state.name).toBe(state)
  })

  it('tells how long the failures took', () => {
    const machine = machineWith(withinTime)
    for (const at of [1_000, 2_000, 5_500]) run(machine, 'F', at)

    const { trip } = machine.state as unknown as { trip: { finding: object } }
    expect(trip.finding).toEqual({
      rule: 'failureCount',
      observed: 3,
      threshold: 3,
      within: 4_500,
    })
  })

  it('keeps the fast path: a success needs no time, and never opens', () => {
    const machine = machineWith(withinTime)
    run(machine, 'FF')

    expect(machine.shared).not.toBeNull()
    expect(machine.state).toMatchObject({ rules: [{ needsTime: false }] })
  })
})

describe.each([
  ['calls', amongCalls],
  ['time', withinTime],
] as const)('failureCount by %s', (_, settings) => {
  it('starts afresh after a recovery', () => {
    const machine = machineWith(settings)
    run(machine, 'FFF')
    run(machine, 'S', RESET_TIMEOUT)

    run(machine, 'FF', RESET_TIMEOUT)
    expect(machine.state.name).toBe('closed')

    run(machine, 'F', RESET_TIMEOUT)
    expect(machine.state.name).toBe('open')
  })

  it('starts afresh after a reset', () => {
    const machine = machineWith(settings)
    run(machine, 'FF')
    machine.reset(0)

    run(machine, 'FF')

    expect(machine.state.name).toBe('closed')
  })

  it('opens at once with a threshold of 1', () => {
    const machine = machineWith({ ...settings, threshold: 1 })
    run(machine, 'SS')
    expect(machine.state.name).toBe('closed')

    run(machine, 'F')

    expect(machine.state.name).toBe('open')
  })

  it('shows where it stands', () => {
    const machine = machineWith(settings)
    const observed = (at: number) =>
      (machine.state as never as { rules: Rule[] }).rules[0]?.status(at)
    expect(observed(0)).toEqual({ rule: 'failureCount', observed: 0, threshold: 3 })

    run(machine, 'FSF')

    expect(observed(0)).toEqual({ rule: 'failureCount', observed: 2, threshold: 3 })
  })

  it('goes on from what was saved, in the same order', () => {
    const machine = machineWith(settings)
    for (const at of [0, 11_000, 22_000, 33_000]) run(machine, 'FSS', at)

    const continued = revive(machine, 33_000, optionsWith(settings), 500)

    expect(saveAt(continued, 500)).toEqual(saveAt(machine, 33_000))
    run(continued, 'F', 500)
    expect(continued.state.name).toBe('closed')
    run(continued, 'F', 501)
    expect(continued.state.name).toBe('open')
  })

  it('starts afresh where none was saved', () => {
    const continued = revive(createMachine(optionsWith(undefined)), 0, optionsWith(settings))

    run(continued, 'FF')

    expect(continued.state.name).toBe('closed')
  })

  it('shares nothing with a copy of the machine', () => {
    const machine = machineWith(settings)
    run(machine, 'FSF')
    const copy = machine.clone()

    run(copy, 'F')

    expect([machine.state.name, copy.state.name]).toEqual(['closed', 'open'])
    const { rules } = machine.state as never as { rules: Rule[] }
    expect(rules[0]?.status(0)).toMatchObject({ observed: 2 })
    run(machine, 'SF')
    expect(machine.state.name).toBe('open')
  })

  it('is copied once its ring has gone round', () => {
    const machine = machineWith(settings)
    for (const at of [0, 11_000, 22_000, 33_000]) run(machine, 'FSS', at)
    const copy = machine.clone()

    expect(saveAt(copy, 33_000)).toEqual(saveAt(machine, 33_000))
    run(copy, 'F', 33_001)
    expect(copy.state.name).toBe('closed')
    run(copy, 'F', 33_002)
    expect(copy.state.name).toBe('open')
  })
})

interface Rule {
  status(now: number): unknown
}

describe('failureCount that is configured', () => {
  const configure = (machine: Machine, settings: FailureCountSettings | undefined, at = 0) =>
    machine.configure(settingsOf(optionsWith(settings)), at)

  it.each([
    { name: 'a lower threshold', to: { ...amongCalls, threshold: 2 }, lost: [] },
    { name: 'a higher threshold', to: { ...amongCalls, threshold: 5 }, lost: [] },
    { name: 'a longer window', to: { threshold: 3, window: { calls: 9 } }, lost: [] },
    {
      name: 'a window of one call less',
      to: { threshold: 2, window: { calls: 2 } },
      lost: ['lost'],
    },
    { name: 'a window by time', to: withinTime, lost: ['lost'] },
    { name: 'no such rule', to: undefined, lost: ['lost'] },
  ])('says what is lost with $name', ({ to, lost }) => {
    const machine = machineWith(amongCalls)
    run(machine, 'FSF')

    expect(configure(machine, to)).toEqual(lost.map(() => 'failures in the window of failureCount'))
  })

  it('loses nothing of another kind of window while there is nothing', () => {
    expect(configure(machineWith(amongCalls), withinTime)).toEqual([])
  })

  it('keeps the last failures, and opens with the next one that is enough', () => {
    const machine = machineWith({ threshold: 4, window: { duration: 10_000 } })
    for (const at of [0, 5_000, 9_000]) run(machine, 'F', at)

    configure(machine, { threshold: 2, window: { duration: 2_000 } }, 9_000)
    run(machine, 'S', 9_000)
    expect(machine.state.name).toBe('closed')

    run(machine, 'F', 11_000)
    expect(machine.state.name).toBe('closed')
    run(machine, 'F', 12_999)
    expect(machine.state.name).toBe('open')
  })

  it('keeps the last ones, where fewer are enough', () => {
    const machine = machineWith({ threshold: 4, window: { duration: 10 } })
    for (const at of [0, 1, 2]) run(machine, 'F', at)

    configure(machine, { threshold: 2, window: { duration: 3 } }, 2)
    run(machine, 'F', 4)

    expect(machine.state.name).toBe('open')
  })

  it('counts from 0 in another kind of window', () => {
    const machine = machineWith(amongCalls)
    run(machine, 'FF')
    configure(machine, withinTime)

    run(machine, 'FF')
    expect(machine.state.name).toBe('closed')

    run(machine, 'F')
    expect(machine.state.name).toBe('open')
  })

  it('does not open by a success, however low the threshold has become', () => {
    const machine = machineWith(amongCalls)
    run(machine, 'FF')
    configure(machine, { ...amongCalls, threshold: 1 })

    run(machine, 'S')
    expect(machine.state.name).toBe('closed')

    run(machine, 'F')
    expect(machine.state.name).toBe('open')
  })

  it('goes on counting in a ring that has gone round', () => {
    const machine = machineWith({ threshold: 3, window: { duration: 10 } })
    for (const at of [0, 10, 20, 30]) run(machine, 'F', at)

    expect(configure(machine, { threshold: 4, window: { duration: 100 } }, 30)).toEqual([])
    run(machine, 'F', 40)

    expect(machine.state.name).toBe('open')
  })
})

describe('failureCount that is saved', () => {
  it.each([
    { settings: amongCalls, saved: { unit: 'calls', ages: [2, 0] } },
    { settings: withinTime, saved: { unit: 'duration', ages: [500, 400] } },
  ])('is the unit of its window, and the ages in it: $saved', ({ settings, saved }) => {
    const machine = machineWith(settings)
    run(machine, 'FS', 0)
    run(machine, 'F', 100)

    expect(saveAt(machine, 500).state).toMatchObject({ rules: { failureCount: saved } })
  })
})

describe('failureCount beside other rules', () => {
  it('is asked after failures in a row, and before a rate', () => {
    const failureRate = { threshold: 0.5, minimumCalls: 3, window: { calls: 10 } }
    const trip = { failureCount: amongCalls, failureRate }
    const reasons = [3, Infinity].map((maxFailures) => {
      const machine = createMachine({ maxFailures, trip })
      run(machine, 'FFF')
      return machine.changes.map((change) => ('to' in change ? change.reason : 'override'))
    })

    expect(reasons).toEqual([['consecutiveFailures'], ['failureCount']])
  })

  it('counts a success that needs its time for another rule', () => {
    const trip = {
      failureCount: amongCalls,
      failureRate: { threshold: 1, minimumCalls: 100, window: { duration: 1_000 } },
    }
    const machine = createMachine({ maxFailures: Infinity, trip })

    run(machine, 'FFSSSF')
    expect(machine.state.name).toBe('closed')

    run(machine, 'FF')
    expect(machine.state.name).toBe('open')
  })
})
