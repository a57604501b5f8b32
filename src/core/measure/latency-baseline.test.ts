import { describe, expect, it } from 'vitest'
import { LatencyBaseline } from './latency-baseline.ts'

function learned(times: number, ...durations: number[]): LatencyBaseline {
  const baseline = new LatencyBaseline()
  for (let i = 0; i < times; i++) baseline.learn(durations[i % durations.length] as number, i * 10)
  return baseline
}

describe('Baseline', () => {
  it.each([
    { times: 9, known: false },
    { times: 10, known: true },
    { times: 11, known: true },
  ])('knows what is normal after ten successes: $known after $times', ({ times, known }) => {
    const baseline = learned(times, 300)

    expect(baseline.isReady).toBe(known)
    expect(baseline.typical).toBeCloseTo(known ? 300 : 0)
    expect(baseline.overdueAfter).toBeCloseTo(known ? 1_200 : 60_000)
  })

  it.each([
    { times: 0, duration: 0, overdueAfter: 60_000 },
    { times: 9, duration: 15_000, overdueAfter: 60_000 },
    { times: 9, duration: 16_000, overdueAfter: 64_000 },
  ])('takes a minute for overdue while too little is known, and never less: %o', (row) => {
    expect(learned(row.times, row.duration).overdueAfter).toBeCloseTo(row.overdueAfter)
  })

  it.each([
    { duration: 0, overdueAfter: 500 },
    { duration: 124, overdueAfter: 500 },
    { duration: 125, overdueAfter: 500 },
    { duration: 126, overdueAfter: 504 },
    { duration: 1_000, overdueAfter: 4_000 },
  ])('takes four times the usual for overdue, never less than half a second: %o', (row) => {
    expect(learned(20, row.duration).overdueAfter).toBeCloseTo(row.overdueAfter)
  })

  it('allows for more where latencies vary', () => {
    // Half as long and twice as long as 200 ms: a standard deviation of ln 2.
    expect(learned(40, 100, 400).overdueAfter).toBeCloseTo(4 * 200 * 2 ** 2.326)
  })

  it('follows a latency that changes, slowly', () => {
    const baseline = learned(100, 100)

    baseline.learn(1_000, 5_000)
    expect(baseline.typical).toBeCloseTo(100 * 10 ** 0.02)
    expect(baseline.variance).toBeCloseTo(0.98 * 0.02 * Math.LN10 ** 2)

    for (let i = 0; i < 500; i++) baseline.learn(1_000, 5_000)
    expect(baseline.typical).toBeGreaterThan(990)
  })

  it.each([
    { duration: 200, overdueAfter: 500 },
    { duration: 2_000, overdueAfter: 3_000 },
  ])('moves the bound beyond a late success, never nearer: $duration', (row) => {
    const baseline = learned(20, 10)

    baseline.raiseFloor(row.duration, 200)
    baseline.raiseFloor(1, 200)

    expect(baseline.overdueAfter).toBe(row.overdueAfter)
  })

  it('moves the bound of what it does not know yet, too', () => {
    const baseline = new LatencyBaseline()

    baseline.raiseFloor(80_000, 90_000)

    expect(baseline.overdueAfter).toBe(120_000)
  })

  it.each([
    { after: 0, share: 1 },
    { after: 300_000, share: 1 / Math.E },
    { after: 600_000, share: 1 / Math.E ** 2 },
  ])(
    'lets what a late success has taught fade, by what it learns: $share after $after ms',
    (row) => {
      const baseline = learned(20, 10)
      baseline.raiseFloor(6_000, 200_000)

      baseline.learn(10, 200_000 + row.after / 2)
      baseline.learn(10, 200_000 + row.after)

      expect(baseline.overdueAfter).toBeCloseTo(9_000 * row.share)
    },
  )

  it('lets it fade also before a further late success, which it is compared with', () => {
    const baseline = learned(20, 10)
    baseline.raiseFloor(6_000, 1_000)

    baseline.raiseFloor(4_000, 301_000)

    expect(baseline.overdueAfter).toBe(6_000)
  })

  it.each([
    { at: 5_000, floor: 9_000 },
    { at: 305_000, floor: 9_000 / Math.E },
  ])('is saved with what is left of it: $floor at $at', ({ at, floor }) => {
    const baseline = learned(20, 10)
    baseline.raiseFloor(6_000, 5_000)

    const saved = baseline.save(at)

    const { samples, mean, variance } = baseline
    expect(saved).toEqual({ samples, mean, variance, floor: expect.closeTo(floor) })
    expect(baseline.floor).toBe(9_000)
  })

  it('lets it fade as its clone does', () => {
    const baseline = learned(20, 10)
    baseline.raiseFloor(6_000, 100_000)

    const copy = baseline.clone()
    for (const value of [baseline, copy]) value.learn(10, 400_000)

    expect(copy.overdueAfter).toBe(baseline.overdueAfter)
    expect(copy.overdueAfter).toBeCloseTo(9_000 / Math.E)
  })

  it('takes a call that took no time for one of a hundredth of a millisecond', () => {
    expect(learned(10, 0).typical).toBeCloseTo(0.01, 9)
  })

  it.each([
    { apart: 7.9, passes: 7 },
    { apart: 8, passes: 0 },
    { apart: 500, passes: 0 },
  ])('wants one of eight where they come in $apart ms: $passes pass', ({ apart, passes }) => {
    const baseline = new LatencyBaseline()
    baseline.learn(10, 1_000)
    baseline.learn(10, 1_000 + apart)

    let passed = 0
    for (; passed < 20 && !baseline.wantsSample; passed++) baseline.skipSample()

    expect(passed).toBe(passes)
    baseline.skipSample()
    expect(baseline.wantsSample).toBe(true)
  })

  it('wants to know of the first and of the second', () => {
    const baseline = new LatencyBaseline()
    const before = baseline.wantsSample
    baseline.learn(10, 0)

    expect([before, baseline.wantsSample]).toEqual([true, true])
  })

  it('wants to know of them all again when they come in slowly', () => {
    const baseline = learned(3, 10)
    baseline.learn(10, 5_000)
    baseline.learn(10, 5_001)
    for (let i = 0; i < 7; i++) baseline.skipSample()

    baseline.learn(10, 5_500)

    expect(baseline.wantsSample).toBe(true)
  })

  it('lets those pass that its clone lets pass', () => {
    const baseline = new LatencyBaseline()
    baseline.learn(10, 0)
    baseline.learn(10, 1)

    const copy = baseline.clone()
    for (let i = 0; i < 7; i++) copy.skipSample()
    copy.learn(10, 2)

    expect([baseline.wantsSample, copy.wantsSample]).toEqual([false, false])
  })

  it('learns apart from its clone', () => {
    const baseline = learned(10, 100)

    const copy = baseline.clone()
    copy.learn(9_000, 5_000)

    expect([baseline.samples, copy.samples]).toEqual([10, 11])
    expect(baseline.typical).toBeCloseTo(100)
  })
})
