import { describe, expect, it } from 'vitest'
import { dearerCounts, differences } from '../../bench/performance/compare.ts'
import type { Counts } from '../../bench/performance/counts-child.ts'

const counts: Counts = { promises: 3, ticks: 2, clockReads: 0, timers: 0, bytes: 500 }
const compared = { bytes: true }

describe('dearerCounts', () => {
  it('has nothing to say about counts that are as they were', () => {
    expect(dearerCounts({ success: counts }, { success: counts }, compared)).toEqual([])
  })

  it('has nothing to say about counts that are lower', () => {
    const cheaper: Counts = { ...counts, promises: 2, bytes: 400 }

    expect(dearerCounts({ success: counts }, { success: cheaper }, compared)).toEqual([])
  })

  it.each([
    ['promises', 3.0625],
    ['ticks', 3],
    ['clockReads', 1],
    ['timers', 1],
  ] as const)('complains about more %s', (what, more) => {
    const now = { success: { ...counts, [what]: more } }

    expect(dearerCounts({ success: counts }, now, compared)).toEqual([
      `success: ${more} ${what}, was ${counts[what]}`,
    ])
  })

  it.each([
    [509, []],
    [510, ['success: 510 bytes, was 500']],
  ])('leaves a hundredth and four bytes to the runtime: %d', (bytes, complaints) => {
    const now = { success: { ...counts, bytes } }

    expect(dearerCounts({ success: counts }, now, compared)).toEqual(complaints)
  })

  it('leaves bytes alone that another engine has counted', () => {
    const now = { success: { ...counts, bytes: 900 } }

    expect(dearerCounts({ success: counts }, now, { bytes: false })).toEqual([])
  })

  it('complains about a row that the baseline does not have', () => {
    expect(dearerCounts({}, { success: counts }, compared)).toEqual([
      'success: not in the baseline',
    ])
  })

  it('complains about a row that is no longer counted', () => {
    expect(dearerCounts({ success: counts }, {}, compared)).toEqual([
      'success: in the baseline, but not counted any more',
    ])
  })
})

describe('differences', () => {
  const before = { row: { value: 1, spread: 0.05 } }

  it.each([
    [1.19, false],
    [1.21, true],
  ])('calls %d times as much dearer or not, with a spread of 5 and 4 %%', (value, dearer) => {
    const [difference] = differences(before, { row: { value, spread: 0.04 } })

    expect(difference).toMatchObject({ row: 'row', before: 1, now: value, dearer })
  })

  it('leaves rows out that only one run has', () => {
    expect(differences(before, { another: { value: 9, spread: 0 } })).toEqual([])
  })
})
