import { describe, expect, it } from 'vitest'
import {
  admit,
  callOnce,
  createMachine,
  saveAt,
  settingsOf,
  settle,
} from '../../../test/helpers/core.ts'
import { evidence, overdueOptions, START, teach, waiting } from '../../../test/helpers/overdue.ts'
import { flood, GROWN_AT, grown, settleAll } from '../../../test/helpers/slow-start.ts'
import type { Machine } from '../machine.ts'
import { tripsOf } from '../machine-data.ts'
import type { Permit } from '../permit.ts'

/** Calls one after the other, each given up by its caller after so long. Returns when it opened. */
function giveUp(machine: Machine, times: number, after: number): number | undefined {
  let at = START
  for (let i = 1; i <= times; i++) {
    const permit = machine.admit(at)
    if (typeof permit === 'string') return i - 1
    at += after
    settle(machine, permit, 'cancelled', at)
  }
  return machine.state.name === 'closed' ? undefined : times
}

describe('a call of a closed circuit that its caller has given up', () => {
  it.each([
    { after: 499, opensAfter: undefined },
    { after: 500, opensAfter: 3 },
    { after: 10_000, opensAfter: 3 },
  ])('counts as hung when it was overdue: $after ms, open after $opensAfter', (row) => {
    expect(giveUp(teach(createMachine(overdueOptions)), 1_000, row.after)).toBe(row.opensAfter)
  })

  it.each([
    { after: 10_000, pause: 50_000 },
    { after: 1_000, pause: 599_000 },
  ])('opens at any pace: one that is out for $after ms, then none for $pause ms', (row) => {
    const machine = teach(createMachine(overdueOptions))
    let at = START
    let calls = 0

    for (; machine.state.name === 'closed' && calls < 100; calls++) {
      const permit = admit(machine, at)
      at += row.after
      settle(machine, permit, 'cancelled', at)
      at += row.pause
    }

    // Each is charged three, of which a third does not fade; 9 opens here, and one is out since before.
    expect(calls).toBe(8)
    const finding = { rule: 'evidence', observed: 9, threshold: 9, overdue: 9 }
    expect(tripsOf(machine)).toMatchObject([{ finding }])
  })

  it.each([
    { after: 59_999, calls: 20 },
    { after: 60_000, calls: 9 },
  ])('counts from a minute on where nothing is known: %o', (row) => {
    const machine = createMachine(overdueOptions)
    let calls = 0

    for (let at = 0; machine.state.name === 'closed' && calls < 20; at += 600_000, calls++) {
      settle(machine, admit(machine, at), 'cancelled', at + row.after)
    }

    expect(calls).toBe(row.calls)
  })

  it('counts once, whether or not it was noticed before', () => {
    const noticed = waiting(2)
    noticed.machine.admit(START + 600)
    const unnoticed = waiting(2)

    const scores = [noticed, unnoticed].map(({ machine, permits }) => {
      for (const permit of permits) settle(machine, permit, 'cancelled', START + 700)
      const { state } = saveAt(machine, START + 700)
      return state.name === 'closed' ? state.rules?.evidence : undefined
    })

    expect(scores[0]).toMatchObject({ failures: 0, slow: 0, overdue: 2 })
    expect(scores[0]?.score).toBeCloseTo(6, 1)
    expect(scores[1]).toMatchObject({ failures: 0, slow: 0, overdue: 2 })
    expect(scores[1]?.score).toBeCloseTo(6, 1)
  })

  it('opens as one of many that hang at the same time', () => {
    const { machine, permits } = waiting(40)

    for (const permit of permits) settle(machine, permit, 'cancelled', START + 1_000)

    expect(machine.state.name).toBe('open')
    expect(tripsOf(machine)).toMatchObject([{ finding: { rule: 'evidence' } }])
  })

  it('is not among the calls in flight any more: a late success of another one takes back its own', () => {
    const { machine, permits } = waiting(2)
    machine.admit(START + 600)
    settle(machine, permits[0] as Permit, 'cancelled', START + 600)
    settle(machine, permits[1] as Permit, 'neutral', START + 600)

    const { state } = saveAt(machine, START + 600)
    expect(state).toMatchObject({ rules: { evidence: { overdue: 1 } } })
    expect(state.name === 'closed' && state.rules?.evidence?.score).toBeCloseTo(3, 1)
  })

  it('counts for nothing where hung calls do not count', () => {
    const trip = { evidence: { ...evidence, overdue: false } }
    const machine = teach(createMachine({ maxFailures: Infinity, trip }))

    expect(giveUp(machine, 100, 10_000)).toBeUndefined()
  })

  it('counts for nothing while it is not known how long calls take', () => {
    expect(giveUp(createMachine(overdueOptions), 100, 10_000)).toBeUndefined()
  })

  it('counts as hung after a success of another one has taken the score to 0', () => {
    const { machine, permits } = waiting(1)
    machine.admit(START + 600)
    callOnce(machine, 'success', START + 600)
    callOnce(machine, 'failure', START + 600)

    settle(machine, permits[0] as Permit, 'cancelled', START + 700)

    const { state } = saveAt(machine, START + 700)
    expect(state).toMatchObject({ rules: { evidence: { failures: 1, overdue: 0 } } })
  })
})

describe('a probe of a slow start that its caller has given up', () => {
  const recovery = {
    kind: 'slowStart',
    successes: 50,
    quietFor: 0,
    timeout: 30_000,
    slowerThan: 5_000,
  } as const

  it.each([
    { after: 499, state: 'half-open' },
    { after: 500, state: 'open' },
  ])('re-opens when it was overdue and nothing has succeeded: $state after $after', (row) => {
    const machine = teach(createMachine(overdueOptions))
    machine.configure({ ...settingsOf(overdueOptions), recovery }, START)
    machine.trip(START)
    const probe = admit(machine, 2_000)

    settle(machine, probe, 'cancelled', 2_000 + row.after)

    expect(machine.state.name).toBe(row.state)
  })

  it('keeps what it was charged', () => {
    const machine = grown()
    const [hung, ...probes] = flood(machine, GROWN_AT + 1)
    settleAll(machine, probes, 'cancelled', GROWN_AT + 1)
    settle(machine, hung as Permit, 'cancelled', GROWN_AT + 700)

    expect(machine.state).toMatchObject({ name: 'half-open', recovery: { limit: 5 } })
  })

  it('is no evidence when it was not overdue', () => {
    const machine = grown()
    for (let i = 0; i < 1_000; i++) callOnce(machine, 'cancelled', GROWN_AT + i)

    expect(machine.state).toMatchObject({ name: 'half-open', recovery: { limit: 8 } })
  })
})
