import { describe, expect, it } from 'vitest'
import { Evidence, type EvidenceSettings } from './evidence.ts'

const settings: EvidenceSettings = {
  threshold: 10,
  slowerThan: 5_000,
  minimumSpan: 0,
  overdue: true,
}

function failed(times: number, duration = 1, about: Partial<EvidenceSettings> = {}): Evidence {
  const evidence = new Evidence({ ...settings, ...about })
  for (let i = 0; i < times; i++) evidence.record(true, duration, 0)
  return evidence
}

describe('Evidence', () => {
  it.each([
    { failures: 9, finds: false },
    { failures: 10, finds: true },
    { failures: 11, finds: true },
  ])('opens at the score that is the threshold: $finds after $failures failures', (row) => {
    expect(failed(row.failures).finding(0) !== undefined).toBe(row.finds)
  })

  it.each([
    { duration: 4_999, score: 1 },
    { duration: 5_000, score: 3 },
    { duration: 5_001, score: 3 },
    { duration: NaN, score: 1 },
  ])('charges a slow failure three times as much: $score for $duration ms', (row) => {
    expect(failed(1, row.duration).score(0)).toBe(row.score)
  })

  it('tells what its score is made of', () => {
    const evidence = failed(4)
    evidence.record(true, 9_000, 0)
    evidence.chargeOverdue(0)

    expect(evidence.finding(0)).toEqual({
      rule: 'evidence',
      observed: 10,
      threshold: 10,
      failures: 4,
      slow: 1,
      overdue: 1,
    })
  })

  it.each([
    { failures: 2, score: 0 },
    { failures: 5, score: 1.5 },
    { failures: 99, score: 6.5 },
  ])('takes three and a half away for a success, of at most the threshold: %o', (row) => {
    const evidence = failed(row.failures)

    evidence.record(false, Number.NaN, 0)

    expect(evidence.score(0)).toBe(row.score)
  })

  it('has nothing to take away from 0', () => {
    const evidence = failed(0)

    evidence.record(false, Number.NaN, 0)
    evidence.record(true, 1, 0)

    expect(evidence.score(0)).toBe(1)
  })

  it('is made of nothing when it is new', () => {
    const nothing = { score: 0, for: 5, failures: 0, slow: 0, overdue: 0 }

    expect(failed(0).save(5)).toEqual(nothing)
  })

  it('finds nothing any more when it has faded', () => {
    expect(failed(10).finding(0)).toBeDefined()
    expect(failed(10).finding(1)).toBeUndefined()
  })

  it('fades: a third is left after two minutes', () => {
    expect(failed(9).score(120_000)).toBeCloseTo(9 / Math.E)
    expect(failed(9).score(3_600_000)).toBeCloseTo(0)
  })

  it.each([
    { at: 249, finds: false },
    { at: 250, finds: true },
  ])('takes one burst for one event: $finds after $at ms of 250', ({ at, finds }) => {
    const evidence = failed(50, 1, { minimumSpan: 250 })
    evidence.record(true, 1, at)

    expect(evidence.finding(at) !== undefined).toBe(finds)
  })

  it('counts the span from when the score last left 0, and the parts too', () => {
    const evidence = failed(3, 1, { minimumSpan: 250 })
    evidence.record(false, Number.NaN, 100)
    for (let i = 0; i < 20; i++) evidence.record(true, 1, 1_000)

    expect(evidence.finding(1_249)).toBeUndefined()
    evidence.record(true, 1, 1_250)
    expect(evidence.finding(1_250)).toMatchObject({ failures: 21 })
  })

  it('takes back what an overdue call was charged', () => {
    const evidence = failed(4)
    evidence.chargeOverdue(0)

    evidence.retractOverdue(0)

    expect(evidence.score(0)).toBe(4)
    expect(evidence.findingOfOverdue(0)).toBeUndefined()
    expect(evidence.save(0)).toEqual({ score: 4, for: 0, failures: 4, slow: 0, overdue: 0 })
  })

  it('takes nothing back when no overdue call is part of the score any more', () => {
    const evidence = failed(4)

    evidence.retractOverdue(0)

    expect(evidence.score(0)).toBe(4)
  })

  it('finds by overdue calls only where one is part of it', () => {
    const evidence = failed(10)
    expect(evidence.findingOfOverdue(0)).toBeUndefined()

    evidence.chargeOverdue(0)
    expect(evidence.findingOfOverdue(0)).toMatchObject({ failures: 10, overdue: 1 })
  })

  it('goes on apart from its clone', () => {
    const evidence = failed(3)

    const copy = evidence.clone()
    copy.record(true, 1, 0)

    expect([evidence.score(0), copy.score(0)]).toEqual([3, 4])
    expect([evidence.save(0).failures, copy.save(0).failures]).toEqual([3, 4])
  })

  it('is restored at another time as it was saved, within the new threshold', () => {
    const evidence = failed(9, 1, { minimumSpan: 250 })
    const saved = JSON.parse(JSON.stringify(evidence.save(100)))

    const restored = Evidence.restore({ ...settings, minimumSpan: 250 }, saved, 7_000)

    expect(restored.save(7_000)).toEqual(saved)
    expect(Evidence.restore({ ...settings, threshold: 2 }, saved, 0).score(0)).toBe(2)
  })
})
