import { describe, expect, it } from 'vitest'
import { callOnce, callTimes, createMachine } from '../../test/helpers/core.ts'
import type { Outcome } from './outcome.ts'
import { presumeSuccess } from './presumed-success.ts'
import { Evidence } from './trip/evidence.ts'

function presumed(machine: ReturnType<typeof createMachine>): () => void {
  return presumeSuccess(machine, () => callOnce(machine, 'success', 0)) ?? (() => {})
}

function failuresOf({ state }: ReturnType<typeof createMachine>): unknown {
  return state.name === 'closed' && state.consecutiveFailures
}

describe('a success that was presumed', () => {
  it('has ended no failures once it turns out to be none', () => {
    const machine = createMachine()
    callTimes(machine, 2, 'failure')
    const goOn = presumed(machine)
    const before = failuresOf(machine)

    goOn()

    expect([before, failuresOf(machine)]).toEqual([0, 2])
  })

  it('leaves the failures that came after it', () => {
    const machine = createMachine({ maxFailures: 9 })
    callTimes(machine, 2, 'failure')
    const goOn = presumed(machine)
    callTimes(machine, 4, 'failure')

    goOn()

    expect(failuresOf(machine)).toBe(4)
  })

  it.each<[Outcome, number]>([
    ['success', 0],
    ['neutral', 2],
    ['cancelled', 2],
  ])('after a call that ended as %s, leaves %i failures', (outcome, left) => {
    const machine = createMachine()
    callTimes(machine, 2, 'failure')
    const goOn = presumed(machine)
    callOnce(machine, outcome, 0)

    goOn()

    expect(failuresOf(machine)).toBe(left)
  })

  it('does not hide another one', () => {
    const machine = createMachine()
    callTimes(machine, 2, 'failure')
    const goOn = presumed(machine)
    presumed(machine)

    goOn()

    expect(failuresOf(machine)).toBe(2)
  })

  it('is known to be one where a call succeeds that was thought to be presumed', () => {
    const machine = createMachine()
    presumeSuccess(machine, () => callOnce(machine, 'neutral', 0))
    callTimes(machine, 2, 'failure')
    const goOn = presumed(machine)
    callOnce(machine, 'success', 0)

    goOn()

    expect(failuresOf(machine)).toBe(0)
  })

  it('is nothing to go back to in another state', () => {
    const machine = createMachine()
    callTimes(machine, 2, 'failure')
    const goOn = presumed(machine)
    machine.reset(0)

    goOn()

    expect(failuresOf(machine)).toBe(0)
    machine.trip(0)
    expect(presumeSuccess(machine, () => {})).toBeUndefined()
  })

  it('is not among the counts that are shown', () => {
    const machine = createMachine()
    presumed(machine)

    expect(JSON.stringify(machine.counters.read())).not.toContain('presumed')
  })
})

describe('a checkpoint of the evidence', () => {
  const settings = { threshold: 10, slowerThan: 5_000, minimumSpan: 0, overdue: true }

  function failing(times: number): Evidence {
    const evidence = new Evidence(settings)
    for (let i = 0; i < times; i++) evidence.record(true, 1, 0)
    return evidence
  }

  it('goes back to the score, faded, and to what it is made of', () => {
    const evidence = failing(9)
    const goOn = evidence.checkpoint()
    for (let i = 0; i < 3; i++) evidence.record(false, 1, 0)
    const between = evidence.score(0)

    goOn()

    expect(between).toBe(0)
    expect(evidence.score(120_000)).toBeCloseTo(9 / Math.E)
    evidence.record(true, 1, 0)
    expect(evidence.finding(0)).toMatchObject({ observed: 10, failures: 10 })
  })

  it('goes back to what does not fade', () => {
    const evidence = failing(9)
    const goOn = evidence.checkpoint()
    evidence.record(false, 1, 0)

    goOn()

    expect(evidence.status(3_600_000)).toMatchObject({ observed: 3 })
  })

  it('leaves a score that is higher by now', () => {
    const evidence = failing(2)
    const goOn = evidence.checkpoint()
    evidence.record(false, 1, 0)
    for (let i = 0; i < 4; i++) evidence.record(true, 1, 0)

    goOn()

    expect(evidence.score(0)).toBe(4)
    expect(evidence.status(3_600_000)).toMatchObject({ observed: 4 / 3 })
  })

  it('compares scores at one time', () => {
    const evidence = failing(6)
    const goOn = evidence.checkpoint()
    evidence.record(false, 1, 0)
    evidence.record(true, 1, 240_000)
    evidence.record(true, 1, 240_000)

    goOn()

    expect(evidence.score(240_000)).toBeGreaterThan(2)
  })

  it.each<[string, (evidence: Evidence) => unknown]>([
    ['was overdue when it was made', (evidence) => evidence.chargeOverdue(0)],
    ['is overdue by now', () => {}],
  ])('does nothing where a call %s', (_, before) => {
    const evidence = failing(2)
    before(evidence)
    const goOn = evidence.checkpoint()
    for (let i = 0; i < 3; i++) evidence.record(false, 1, 0)
    evidence.chargeOverdue(0)

    goOn()

    expect(evidence.score(0)).toBe(3)
  })
})
