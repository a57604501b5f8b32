import { describe, expect, it } from 'vitest'
import { OfferedRate } from './offered-rate.ts'

/** Looked at every `step` ms until `until`, with so many calls offered a ms. */
function sampled(perMs: number, step: number, until: number): OfferedRate {
  const rate = new OfferedRate(0)
  for (let now = step; now <= until; now += step) rate.sample(now * perMs, now)
  return rate
}

describe('OfferedRate', () => {
  it('is 0 while nothing is known', () => {
    expect(new OfferedRate(0).perMs).toBe(0)
  })

  it.each([1, 50, 20_000])('is the calls offered a ms, however often it is sampled: %d', (step) => {
    expect(sampled(0.3, step, 60_000).perMs).toBeCloseTo(0.3)
  })

  it.each([0, -5])('takes nothing from a look %d ms later', (passed) => {
    const rate = sampled(0.3, 50, 1_000)
    const before = rate.perMs

    rate.sample(9_999, 1_000 + passed)

    expect(rate.perMs).toBe(before)
  })

  it('fades by 1/e in twenty seconds, in one step as in many', () => {
    const rate = OfferedRate.restore({ calls: 1_000, time: 2_000 }, 300, 0)

    rate.sample(800, 20_000)

    const [kept, fresh] = [1 / Math.E, 1 - 1 / Math.E]
    const expected = (1_000 * kept + 500 * fresh) / (2_000 * kept + 20_000 * fresh)
    expect(rate.perMs).toBeCloseTo(expected, 9)
  })

  it.each([
    { at: 999, perMs: 0 },
    { at: 1_000, perMs: 0.1 },
  ])('is looked at once a second at most: $perMs at $at', ({ at, perMs }) => {
    const rate = new OfferedRate(0)

    rate.sampleIfDue({ offered: 100 }, at)

    expect(rate.perMs).toBeCloseTo(perMs)
  })

  it('is not looked at again for a second after each look', () => {
    const rate = new OfferedRate(0)
    rate.sampleIfDue({ offered: 100 }, 1_000)

    rate.sampleIfDue({ offered: 9_000 }, 1_999)

    expect(rate.perMs).toBeCloseTo(0.1)
  })

  it('forgets: a minute of another rate decides', () => {
    const rate = sampled(1, 50, 60_000)

    for (let now = 60_050; now <= 120_000; now += 50) rate.sample(60_000, now)

    expect(rate.perMs).toBeLessThan(0.1)
  })

  it('goes on apart from its clone', () => {
    const rate = sampled(1, 50, 1_000)

    const copy = rate.clone()
    copy.sample(50_000, 2_000)

    expect(copy.perMs).toBeGreaterThan(10)
    expect(rate.perMs).toBeCloseTo(1)
  })

  it('goes on from what was saved, with the totals of the new process', () => {
    const rate = sampled(1, 50, 5_000)

    const restored = OfferedRate.restore(JSON.parse(JSON.stringify(rate.save())), 700, 0)
    restored.sample(1_700, 1_000)

    expect(restored.perMs).toBeCloseTo(1)
  })
})
