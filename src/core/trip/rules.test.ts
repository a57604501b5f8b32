import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  callTimes,
  createMachine,
  openMachine,
  RESET_TIMEOUT,
  revive,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import type { Machine } from '../machine.ts'
import type { Closed } from '../state/closed.ts'
import { ruleStatuses } from '../state/state.ts'
import { createRules, needsDuration, saveRules, type TripSettings } from './rules.ts'

const failureRate = { threshold: 0.5, minimumCalls: 4, window: { calls: 10 } }
const timed = { ...failureRate, window: { duration: 10_000 } }
const slowCallRate = { ...failureRate, slowerThan: 200 }
const evidence = { threshold: 10, slowerThan: 5_000, minimumSpan: 0, overdue: false }
const failureCount = { threshold: 4, window: { calls: 10 } }
const when = () => false

function optionsWith(trip: Partial<TripSettings>): {
  maxFailures: number
  trip: Partial<TripSettings>
} {
  return { maxFailures: Infinity, trip }
}

/** Three failures, one short of what `failureRate` needs, under these rules. */
function failing(trip: Partial<TripSettings>): Machine {
  const machine = createMachine(optionsWith(trip))
  callTimes(machine, 3, 'failure')
  return machine
}

function configure(machine: Machine, trip: Partial<TripSettings>): string[] {
  return machine.configure(settingsOf(optionsWith(trip)), 0)
}

describe('what rules need', () => {
  it.each([
    { trip: {}, rules: false, duration: false },
    { trip: { failureCount }, rules: true, duration: false },
    { trip: { failureRate }, rules: true, duration: false },
    { trip: { failureRate: timed }, rules: true, duration: false },
    { trip: { slowCallRate }, rules: true, duration: true },
    { trip: { evidence }, rules: true, duration: true },
    { trip: { when }, rules: true, duration: false },
  ])('is as little as possible: %o', ({ trip, rules, duration }) => {
    const settings = settingsOf(optionsWith(trip)).trip

    expect(createRules(settings) !== null).toBe(rules)
    expect(needsDuration(settings)).toBe(duration)
  })
})

describe('rules that are configured', () => {
  it.each([
    { from: {}, to: { failureRate }, lost: [] },
    { from: { failureRate }, to: { failureRate: { ...failureRate, threshold: 1 } }, lost: [] },
    { from: { failureRate }, to: {}, lost: ['the window of failureRate'] },
    { from: { slowCallRate }, to: { failureRate }, lost: ['the window of slowCallRate'] },
    {
      from: { failureRate },
      to: { failureRate: timed },
      lost: ['calls in the window of failureRate'],
    },
    {
      from: { failureRate },
      to: { failureRate: { ...failureRate, window: { calls: 2 } } },
      lost: ['calls in the window of failureRate'],
    },
    { from: { evidence }, to: {}, lost: ['the score of evidence'] },
    { from: { evidence }, to: { evidence: { ...evidence, threshold: 99 } }, lost: [] },
    { from: { failureRate }, to: { failureRate, evidence }, lost: [] },
    { from: {}, to: {}, lost: [] },
  ])('say what is lost: %o', ({ from, to, lost }) => {
    expect(configure(failing(from), to)).toEqual(lost)
  })

  it.each([
    { window: { calls: 10 }, state: 'open' },
    { window: { calls: 4 }, state: 'open' },
    { window: { duration: 10_000 }, state: 'closed' },
  ])('keep the calls in a window of the same kind: $state with %o', ({ window, state }) => {
    const machine = failing({ failureRate })
    configure(machine, { failureRate: { ...failureRate, window } })

    callTimes(machine, 1, 'failure')

    expect(machine.state.name).toBe(state)
  })

  it('go by the new threshold from the next result on', () => {
    const machine = failing({ failureRate: { ...failureRate, minimumCalls: 9 } })

    configure(machine, { failureRate })
    expect(machine.state.name).toBe('closed')

    callTimes(machine, 1, 'success')
    expect(machine.state).toMatchObject({ trip: { finding: { observed: 0.75 } } })
  })

  it('start with calls from then on when they are new', () => {
    const machine = failing({})
    configure(machine, { failureRate })

    callTimes(machine, 3, 'failure')
    expect(machine.state.name).toBe('closed')

    callTimes(machine, 1, 'failure')
    expect(machine.state.name).toBe('open')
  })

  it('keep the score of evidence', () => {
    const machine = failing({ evidence })
    configure(machine, { evidence: { ...evidence, threshold: 4 } })

    callTimes(machine, 1, 'failure')

    expect(machine.state).toMatchObject({ trip: { finding: { observed: 4, threshold: 4 } } })
  })

  it('stay none when there were none and none are given', () => {
    const machine = failing({})

    configure(machine, {})

    expect(machine.state).toMatchObject({ name: 'closed', rules: null })
  })

  it('are in force no more once they are taken away', () => {
    const machine = failing({ failureRate, when: ({ failures }) => failures > 3 })
    configure(machine, {})

    callTimes(machine, 50, 'failure')

    expect(machine.state.name).toBe('closed')
  })
})

describe('rules that are read', () => {
  it('tell where each of them stands, in the order in which they are asked', () => {
    const trip = { failureRate, slowCallRate: { ...slowCallRate, slowerThan: 0 }, evidence }
    const machine = createMachine({ maxFailures: 9, trip })
    callTimes(machine, 2, 'success')
    callOnce(machine, 'failure', 0)

    const rate = { threshold: 0.5, calls: 3, minimumCalls: 4 }
    expect(ruleStatuses(machine, 0)).toEqual([
      { rule: 'consecutiveFailures', observed: 1, threshold: 9 },
      { rule: 'failureRate', observed: 1 / 3, hits: 1, ...rate },
      { rule: 'slowCallRate', observed: 1, hits: 3, ...rate },
      { rule: 'evidence', observed: 1, threshold: 10 },
    ])
  })

  it('have observed nothing before the first call', () => {
    expect(ruleStatuses(createMachine(optionsWith({ failureRate: timed })), 0)).toEqual([
      { rule: 'failureRate', observed: 0, threshold: 0.5, calls: 0, hits: 0, minimumCalls: 4 },
    ])
  })

  it.each([
    { trip: {}, rules: [] },
    { trip: { failureRate }, rules: ['failureRate'] },
    { trip: { slowCallRate }, rules: ['slowCallRate'] },
    { trip: { evidence }, rules: ['evidence'] },
    { trip: { when }, rules: [] },
  ])('are those in force and no others: $rules', ({ trip, rules }) => {
    const machine = createMachine(optionsWith(trip))

    expect(ruleStatuses(machine, 0).map(({ rule }) => rule)).toEqual(rules)
  })

  it('age as they are read', () => {
    const machine = failing({ failureRate: timed })

    expect(ruleStatuses(machine, 9_999)).toMatchObject([{ calls: 3 }])
    expect(ruleStatuses(machine, 10_000)).toMatchObject([{ calls: 0 }])
  })

  it('are of no interest while the circuit is not closed', () => {
    const machine = failing({ failureRate })
    machine.trip(0)

    expect(ruleStatuses(machine, 0)).toEqual([])
  })

  it.each([0, RESET_TIMEOUT])('are not read of a circuit that is not closed, at %d', (at) => {
    expect(ruleStatuses(openMachine().peek(at), at)).toEqual([])
  })
})

describe('rules that are saved', () => {
  it.each([
    { name: 'failureCount', trip: { failureCount } },
    { name: 'failureRate', trip: { failureRate } },
    { name: 'failureRate by time', trip: { failureRate: timed } },
    { name: 'evidence', trip: { evidence: { ...evidence, threshold: 3.9 } } },
  ])('are restored with what they have seen: $name', ({ trip }) => {
    const restored = revive(failing(trip), 5, optionsWith(trip))

    callOnce(restored, 'failure', 1)

    expect(restored.state.name).toBe('open')
  })

  it('are restored with the slow calls that they have seen', () => {
    const machine = createMachine(optionsWith({ slowCallRate }))
    for (let i = 1; i <= 3; i++) settle(machine, admit(machine, i * 500), 'success', i * 500 + 300)
    const restored = revive(machine, 2_000, optionsWith({ slowCallRate }))

    settle(restored, admit(restored, 0), 'success', 300)

    expect(restored.state).toMatchObject({ trip: { reason: 'slowCallRate' } })
  })

  it.each([
    { from: {}, to: { failureRate } },
    { from: { failureRate }, to: {} },
    { from: { slowCallRate }, to: { failureRate } },
    { from: { failureRate }, to: { failureCount } },
    { from: { failureCount }, to: { failureRate } },
    { from: { failureRate }, to: { slowCallRate } },
    { from: { failureRate }, to: { evidence } },
    { from: { evidence }, to: { failureRate } },
  ])('are left out where they are not in force: %o', ({ from, to }) => {
    const restored = revive(failing(from), 5, optionsWith(to))

    callTimes(restored, 1, 'failure')

    expect(restored.state.name).toBe('closed')
  })
})

describe('rules that are cloned', () => {
  it.each([
    { trip: { failureRate } },
    { trip: { failureRate: timed } },
    { trip: { evidence: { ...evidence, threshold: 4 } } },
    { trip: { slowCallRate: { ...slowCallRate, slowerThan: 0 } } },
  ])('go on apart with what they have seen: %o', ({ trip }) => {
    const machine = failing(trip)
    const copy = machine.clone()

    callTimes(machine, 1, 'failure')
    expect([machine.state.name, copy.state.name]).toEqual(['open', 'closed'])

    callTimes(copy, 1, 'failure')
    expect(copy.state.name).toBe('open')
  })
})

describe('several rules', () => {
  it.each([
    { trip: { failureRate }, reason: 'consecutiveFailures' },
    { trip: { failureRate: { ...failureRate, minimumCalls: 2 } }, reason: 'failureRate' },
  ])('open by the first that has had enough: $reason', ({ trip, reason }) => {
    const machine = createMachine({ maxFailures: 3, trip })

    callTimes(machine, reason === 'failureRate' ? 2 : 3, 'failure')

    expect(machine.state).toMatchObject({ name: 'open', trip: { reason } })
  })

  it('never delay the rule of failures in a row', () => {
    const machine = createMachine({ maxFailures: 3, trip: { failureRate } })
    callTimes(machine, 1_000, 'success')

    callTimes(machine, 3, 'failure')

    expect(machine.state).toMatchObject({ trip: { reason: 'consecutiveFailures' } })
  })

  it('are kept apart from those of another machine with the same settings', () => {
    const settings = settingsOf({ maxFailures: Infinity, trip: { failureRate } })
    const [machine, other] = [createMachine(), createMachine()]
    for (const value of [machine, other]) value.configure(settings, 0)
    callTimes(machine, 3, 'failure')

    callTimes(other, 3, 'failure')

    expect([machine.state.name, other.state.name]).toEqual(['closed', 'closed'])
  })
})

describe('rules that are asked', () => {
  it.each([
    { opens: 'failureRate', trip: { failureRate: { ...failureRate, minimumCalls: 2 }, when } },
    { opens: 'when', trip: { failureRate, when: () => true } },
    { opens: 'evidence', trip: { failureRate, evidence: { ...evidence, threshold: 1.5 }, when } },
  ])('open by the first that finds something: $opens', ({ opens, trip }) => {
    const machine = createMachine(optionsWith(trip))
    const error = new Error('down')
    for (let i = 0; i < 2 && machine.state.name === 'closed'; i++) {
      settle(machine, admit(machine, i), 'failure', i, { error })
    }

    expect(machine.changes).toMatchObject([{ to: 'open', reason: opens }])
  })

  it('are saved but for those that keep nothing', () => {
    const machine = failing({ failureRate, when })

    const saved = saveRules((machine.state as Closed).rules, 0)

    expect(Object.keys(saved ?? {})).toEqual([
      'failureCount',
      'failureRate',
      'slowCallRate',
      'evidence',
    ])
    expect(saved?.failureRate).not.toBeNull()
  })
})
