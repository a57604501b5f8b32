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
    const nothing = { score: 0, for: 5, failures: 0, slow: 0, overdue: 0, streak: null }

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
    const charged = { for: 0, failures: 4, slow: 0, overdue: 0 }
    expect(evidence.save(0)).toEqual({ score: 4, ...charged, streak: charged })
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

/** Fails so many calls, one each ten minutes: nearly all of each fades before the next. Returns when. */
function failedSeldom(evidence: Evidence, times: number, duration = 1, from = 0): number {
  for (let i = 0; i < times; i++) evidence.record(true, duration, from + i * SELDOM)
  return from + (times - 1) * SELDOM
}

const SELDOM = 600_000

describe('Evidence without one success', () => {
  it.each([
    { times: 29, duration: 1, finds: false },
    { times: 30, duration: 1, finds: true },
    { times: 9, duration: 5_000, finds: false },
    { times: 10, duration: 5_000, finds: true },
  ])('opens at any pace by three times as much: $finds after $times of $duration ms', (row) => {
    const evidence = failed(0)

    const now = failedSeldom(evidence, row.times, row.duration)

    expect(evidence.score(now)).toBeLessThan(4)
    expect(evidence.finding(now) !== undefined).toBe(row.finds)
  })

  it('goes by its own threshold', () => {
    const evidence = failed(0, 1, { threshold: 4 })

    expect(evidence.finding(failedSeldom(evidence, 11))).toBeUndefined()
    expect(evidence.finding(failedSeldom(evidence, 1, 1, 11 * SELDOM))).toBeDefined()
  })

  it('tells for how long, and how', () => {
    const evidence = failed(0)
    failedSeldom(evidence, 24)
    evidence.record(true, 5_000, 24 * SELDOM)
    evidence.chargeOverdue(25 * SELDOM)

    expect(evidence.finding(25 * SELDOM)).toEqual({
      rule: 'evidence',
      observed: 10,
      threshold: 10,
      within: 25 * SELDOM,
      failures: 24,
      slow: 1,
      overdue: 1,
    })
  })

  it('tells of the score where that opens as well', () => {
    expect(failed(33).finding(0)).toEqual({
      rule: 'evidence',
      observed: 10,
      threshold: 10,
      failures: 33,
      slow: 0,
      overdue: 0,
    })
  })

  it.each(['timed', 'untimed'])('begins anew with a success: %s', (how) => {
    const evidence = failed(0)
    const now = failedSeldom(evidence, 29)
    if (how === 'timed') evidence.record(false, Number.NaN, now)
    else evidence.recordUntimedSuccess()

    expect(evidence.finding(failedSeldom(evidence, 29, 1, now + SELDOM))).toBeUndefined()
    expect(evidence.finding(failedSeldom(evidence, 1, 1, now + 31 * SELDOM))).toMatchObject({
      observed: 10,
      within: 30 * SELDOM,
    })
  })

  it.each([
    { span: 249, finds: false },
    { span: 250, finds: true },
  ])('takes one burst for one event: $finds where it lasts for $span ms of 250', (row) => {
    const evidence = failed(0, 1, { minimumSpan: 250 })
    for (let i = 0; i < 30; i++) evidence.record(true, 1, i === 29 ? row.span : 0)

    expect(evidence.finding(row.span + 50 * SELDOM) !== undefined).toBe(true)
    expect(evidence.finding(row.span) !== undefined).toBe(row.finds)
  })

  it.each([
    { span: SELDOM - 1, finds: false },
    { span: SELDOM, finds: true },
  ])('needs the span also where the score has faded meanwhile: $finds after $span', (row) => {
    const evidence = failed(29, 1, { minimumSpan: SELDOM })

    evidence.record(true, 1, row.span)

    expect(evidence.score(row.span)).toBeLessThan(4)
    expect(evidence.finding(row.span) !== undefined).toBe(row.finds)
  })

  it('takes back what an overdue call was charged', () => {
    const evidence = failed(0)
    failedSeldom(evidence, 27)
    evidence.chargeOverdue(27 * SELDOM)
    expect(evidence.findingOfOverdue(27 * SELDOM)).toMatchObject({ observed: 10, overdue: 1 })

    evidence.retractOverdue(27 * SELDOM)

    expect(evidence.finding(27 * SELDOM)).toBeUndefined()
    expect(evidence.save(27 * SELDOM).streak).toMatchObject({ failures: 27, overdue: 0 })
  })

  it('keeps what an overdue call was charged that was given up', () => {
    const evidence = failed(0)
    failedSeldom(evidence, 27)
    evidence.chargeOverdue(27 * SELDOM)

    expect(evidence.keepOverdue(27 * SELDOM)).toMatchObject({ observed: 10, overdue: 1 })
    evidence.retractOverdue(27 * SELDOM)

    expect(evidence.finding(27 * SELDOM)).toMatchObject({ observed: 10, overdue: 1 })
  })

  it('takes nothing back for a call that was overdue before the last success', () => {
    const evidence = failed(0)
    evidence.chargeOverdue(0)
    evidence.record(false, 1, 0)
    const now = failedSeldom(evidence, 30, 1, 1)

    evidence.retractOverdue(now)

    expect(evidence.finding(now)).toMatchObject({ observed: 10, within: expect.any(Number) })
  })

  it('has nothing to keep or to take back where there is nothing', () => {
    const evidence = failed(0)

    evidence.keepOverdue(0)
    evidence.retractOverdue(0)

    expect(evidence.save(0)).toMatchObject({ score: 0, overdue: 0, streak: null })
  })

  it.each([
    { failures: 0, after: 0, observed: 0 },
    { failures: 3, after: 0, observed: 3 },
    { failures: 3, after: SELDOM, observed: 1 },
  ])('counts a third of what does not fade, if that is more: %o', (row) => {
    const status = failed(row.failures).status(row.after)

    expect(status).toEqual({ rule: 'evidence', observed: row.observed, threshold: 10 })
  })

  it('goes on apart from its clone', () => {
    const evidence = failed(3)

    const copy = evidence.clone()
    copy.record(true, 1, 0)
    failed(0).clone().record(true, 1, 0)

    expect(evidence.save(0).streak).toMatchObject({ failures: 3 })
    expect(copy.save(0).streak).toMatchObject({ failures: 4 })
  })

  it('is restored at another time as it was saved', () => {
    const evidence = failed(0)
    const now = failedSeldom(evidence, 29)
    const saved = JSON.parse(JSON.stringify(evidence.save(now)))

    const restored = Evidence.restore(settings, saved, 5)

    expect(restored.save(5)).toEqual(evidence.save(now))
    restored.record(true, 1, 6)
    expect(restored.finding(6)).toMatchObject({ observed: 10, within: 28 * SELDOM + 1 })
  })

  it('is saved without what is in flight', () => {
    const evidence = failed(2)
    evidence.chargeOverdue(0)
    evidence.chargeOverdue(0)
    evidence.keepOverdue(0)

    expect(evidence.save(0)).toMatchObject({ score: 5, overdue: 1, streak: { overdue: 1 } })
  })

  it('is not known of what an older version saved', () => {
    const saved = { score: 3, for: 0, failures: 3, slow: 0, overdue: 0 }

    expect(Evidence.restore(settings, saved, 0).save(0)).toEqual({ ...saved, streak: null })
  })
})
