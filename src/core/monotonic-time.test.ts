import { describe, expect, it } from 'vitest'
import { MonotonicTime } from './monotonic-time.ts'

function after(...readings: number[]): number {
  const time = new MonotonicTime(1_000)
  for (const clockTime of readings) time.advance(clockTime)
  return time.at(-Infinity)
}

describe('MonotonicTime', () => {
  it('starts at 0 whatever the clock reads', () => {
    expect(new MonotonicTime(1_700_000_000_000).advance(1_700_000_000_000)).toBe(0)
  })

  it.each([
    { readings: [1_001], time: 1, what: 'a step forward' },
    { readings: [1_010, 1_025], time: 25, what: 'two steps forward' },
    { readings: [1_000, 1_000], time: 0, what: 'a frozen clock' },
    { readings: [0], time: 0, what: 'a step back' },
    { readings: [-5_000], time: 0, what: 'a step below zero' },
    { readings: [1_010, 500], time: 10, what: 'a step back after progress' },
    { readings: [1_010, 500, 507], time: 17, what: 'progress after a step back' },
    { readings: [500, 1_000], time: 500, what: 'a clock that is set back and then right again' },
    { readings: [NaN], time: 0, what: 'NaN' },
    { readings: [Infinity], time: 0, what: 'Infinity' },
    { readings: [-Infinity], time: 0, what: '-Infinity' },
    { readings: [1_010, NaN, 1_015], time: 15, what: 'progress around NaN' },
    { readings: [1_010, Infinity, 1_015], time: 15, what: 'progress around Infinity' },
    { readings: [1_010, -Infinity, 1_015], time: 15, what: 'progress around -Infinity' },
    { readings: [1e12 + 1_000], time: 1e12, what: 'a jump of thirty years' },
  ])('sums the forward steps only: $what', ({ readings, time }) => {
    expect(after(...readings)).toBe(time)
  })

  it('returns the time of the reading when it takes it', () => {
    const time = new MonotonicTime(100)

    expect([150, 120, NaN, 130].map((clockTime) => time.advance(clockTime))).toEqual([
      50, 50, 50, 60,
    ])
  })

  it.each([99, 100, 101, 0, -1, NaN, Infinity, -Infinity, 1e12])(
    'foretells what taking %d would give, without taking it',
    (clockTime) => {
      const time = new MonotonicTime(0)
      time.advance(100)

      const foretold = [time.at(clockTime), time.at(clockTime)]

      const taken = time.advance(clockTime)
      expect(foretold).toEqual([taken, taken])
    },
  )

  it.each([NaN, Infinity, -Infinity])(
    'counts progress after a first reading of %d',
    (clockTime) => {
      const time = new MonotonicTime(clockTime)
      const start = time.advance(50)

      expect(time.advance(57) - start).toBe(7)
    },
  )

  it('goes on from where it was when cloned, and apart', () => {
    const time = new MonotonicTime(0)
    time.advance(100)

    const copy = time.clone()
    copy.advance(150)
    time.advance(110)

    expect([time.at(120), copy.at(160)]).toEqual([120, 160])
  })

  it('takes a first reading of NaN for no reading', () => {
    expect(new MonotonicTime(NaN).advance(5_000)).toBe(0)
  })
})
