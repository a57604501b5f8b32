import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clock, count, minutes } from '../../dashboard/format.ts'

const times = fc.integer({ min: Date.UTC(1971, 0), max: Date.UTC(2100, 0) })

describe('numbers on the page', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_234_567.4, '1,234,567'],
  ])('are grouped by three digits: %d', (value, text) => {
    expect(count(value)).toBe(text)
  })

  it('are those of the locale `en`', () => {
    const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0, useGrouping: 'always' })

    fc.assert(
      fc.property(fc.nat({ max: 1e15 }), (value) => {
        expect(count(value)).toBe(whole.format(value))
      }),
    )
  })
})

describe('times on the page', () => {
  it('are those of the locale `en-GB`, in the time zone of who looks', () => {
    const long = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
    const short = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' })

    fc.assert(
      fc.property(times, (at) => {
        expect(clock(at, at)).toBe(long.format(at))
        expect(minutes(at)).toBe(short.format(at))
      }),
    )
  })

  it('have their day unless it is the one of now', () => {
    const noon = new Date(2026, 10, 30, 12, 5, 9).getTime()

    expect(clock(noon, noon + 11 * 3_600_000)).toBe('12:05:09')
    expect(clock(noon, noon + 12 * 3_600_000)).toBe('30 Nov 12:05:09')
  })
})
