import { describe, expect, it } from 'vitest'
import { OpenBackoff, type OpenDuration } from './open-duration.ts'

const MIDDLE = 0.5
const growing: OpenDuration = { kind: 'growing', initial: 100, max: 1_000, factor: 2, jitter: 0 }
const auto: OpenDuration = { kind: 'auto' }

/** What so many openings, one right after the other, last. */
function durations(settings: OpenDuration, count: number): number[] {
  const openings = new OpenBackoff()
  return Array.from({ length: count }, () => {
    const ms = openings.next(settings, 0, 0, MIDDLE)
    openings.opened(settings)
    return ms
  })
}

describe('a fixed open time', () => {
  it('is the same each time, without jitter', () => {
    expect(durations({ kind: 'fixed', ms: 3_000 }, 5)).toEqual([3_000, 3_000, 3_000, 3_000, 3_000])
    expect(new OpenBackoff().next({ kind: 'fixed', ms: 3_000 }, 0, 1, 0.99)).toBe(3_000)
  })
})

describe('a growing open time', () => {
  it('grows by its factor up to its maximum', () => {
    expect(durations(growing, 6)).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  it.each([
    { chance: 0, ms: 80 },
    { chance: 0.25, ms: 90 },
    { chance: 0.5, ms: 100 },
    { chance: 0.75, ms: 110 },
  ])(
    'is up to a share longer or shorter by chance: $ms at $chance',
    ({ chance: nextRandom, ms }) => {
      expect(new OpenBackoff().next({ ...growing, jitter: 0.2 }, 0, 0, nextRandom)).toBeCloseTo(ms)
    },
  )

  it.each([
    { calm: 0, ms: 800 },
    { calm: 399, ms: 800 },
    { calm: 400, ms: 400 },
    { calm: 599, ms: 400 },
    { calm: 600, ms: 200 },
    { calm: 699, ms: 200 },
    { calm: 700, ms: 100 },
    { calm: 1e9, ms: 100 },
  ])('goes back one step for each open time of calm: $ms after $calm', ({ calm, ms }) => {
    const openings = new OpenBackoff()
    for (let i = 0; i < 3; i++) openings.opened(growing)
    openings.closed(1_000)

    openings.decay(growing, 1_000 + calm)

    expect(openings.next(growing, 1_000 + calm, 0, MIDDLE)).toBe(ms)
  })

  it.each([
    { openings: 0, ms: 100 },
    { openings: 1, ms: 100 },
    { openings: 2, ms: 200 },
  ])('is told once more for an opening that was counted: $ms after $openings', (row) => {
    const openings = new OpenBackoff()
    for (let i = 0; i < row.openings; i++) openings.opened(growing)

    expect(openings.recompute(growing, 0, 0, MIDDLE)).toBe(row.ms)
    expect(openings.recompute(growing, 0, 0, MIDDLE)).toBe(row.ms)
  })

  it('takes no step beyond a maximum that is one of its steps', () => {
    const settings = { ...growing, max: 800 }
    const openings = new OpenBackoff()
    for (let i = 0; i < 9; i++) openings.opened(settings)
    openings.closed(0)

    openings.decay(settings, 400)

    expect(openings.next(settings, 400, 0, MIDDLE)).toBe(400)
  })

  it('counts openings from before it was configured, which only its own calm undoes', () => {
    const fixed: OpenDuration = { kind: 'fixed', ms: 100 }
    const openings = new OpenBackoff()
    for (let i = 0; i < 2; i++) openings.opened(fixed)

    openings.decay(fixed, 1e9)

    expect(openings.next(growing, 1e9, 0, MIDDLE)).toBe(400)
  })

  it('takes no step beyond its maximum, so that calm is not needed for those either', () => {
    const openings = new OpenBackoff()
    for (let i = 0; i < 3_000; i++) openings.opened(growing)
    openings.closed(0)

    openings.decay(growing, 800 + 400)

    expect(openings.recompute(growing, 0, 0, MIDDLE)).toBe(1_000)
    expect(openings.next(growing, 1_200, 0, MIDDLE)).toBe(400)
  })
})

describe('the automatic open time', () => {
  it.each([
    { lasted: 0, rate: 0.01, ms: 1_000 },
    { lasted: 5_000, rate: 0.01, ms: 1_000 },
    { lasted: 20_000, rate: 0.01, ms: 2_000 },
    { lasted: 500_000, rate: 0.01, ms: 10_000 },
    { lasted: 18_000_000, rate: 0.01, ms: 60_000 },
    { lasted: 1e9, rate: 0.01, ms: 60_000 },
    { lasted: 500_000, rate: 1, ms: 1_000 },
    { lasted: 500_000, rate: 0, ms: 1_000 },
  ])('grows with the root of the time since something worked over the rate: %o', (row) => {
    const { lasted, rate, ms } = row
    const openings = new OpenBackoff()
    openings.decay(auto, 7_000)

    expect(openings.next(auto, 7_000 + lasted, rate, MIDDLE)).toBeCloseTo(ms)
  })

  it.each([
    { took: undefined, share: 1 },
    { took: 0, share: 0.1 },
    { took: 2, share: 0.1004 },
    { took: 1_000, share: 0.3 },
    { took: 4_500, share: 1 },
    { took: 60_000, share: 1 },
  ])('is shorter where a failed probe cost less: $share of the square after $took ms', (row) => {
    const openings = new OpenBackoff()

    const ms = openings.next(auto, 1e7, 0.01, MIDDLE, row.took)

    expect(ms).toBeCloseTo(Math.sqrt((2 * row.share * 1e7) / 0.01), 6)
  })

  it('is told again by the cost of the probe that it was first told by', () => {
    const openings = new OpenBackoff()
    openings.opened(auto, 1_000)

    expect(openings.recompute(auto, 1e7, 0.01, MIDDLE)).toBe(
      openings.next(auto, 1e7, 0.01, MIDDLE, 1_000),
    )
  })

  it.each([
    { chance: 0, ms: 750 },
    { chance: 0.5, ms: 1_000 },
    { chance: 1, ms: 1_250 },
  ])(
    'is up to a quarter longer or shorter by chance: $ms at $chance',
    ({ chance: nextRandom, ms }) => {
      expect(new OpenBackoff().next(auto, 0, 0, nextRandom)).toBe(ms)
    },
  )

  it('begins anew with every probe that succeeds', () => {
    const openings = new OpenBackoff()
    openings.decay(auto, 0)
    openings.probeSucceeded(400_000)
    openings.opened(auto)

    expect(openings.next(auto, 420_000, 0.01, MIDDLE)).toBeCloseTo(2_000)
  })

  it('begins anew with every opening of a closed circuit, however short it was closed', () => {
    const openings = new OpenBackoff()
    openings.decay(auto, 0)
    openings.closed(399_999)

    openings.decay(auto, 400_000)

    expect(openings.next(auto, 400_000, 0.01, MIDDLE)).toBe(1_000)
  })
})

describe('OpenBackoff', () => {
  it('go on apart from their clone', () => {
    const openings = new OpenBackoff()
    openings.opened(growing, 30)
    openings.probeSucceeded(5)
    openings.closed(7)

    const copy = openings.clone()
    expect(copy.save(10)).toEqual(openings.save(10))

    copy.opened(growing)
    expect(openings.next(growing, 5, 0, MIDDLE)).toBe(200)
    expect(copy.next(growing, 5, 0, MIDDLE)).toBe(400)
  })

  it('are saved with ages in place of times', () => {
    const openings = new OpenBackoff()
    const none = { level: 0, used: 0, episodeFor: 1_000, took: null, closedFor: 1_000 }
    expect(openings.save(1_000)).toEqual(none)

    openings.opened(growing)
    openings.opened(growing, 40)
    openings.probeSucceeded(100)
    openings.closed(300)
    const saved = { level: 2, used: 1, episodeFor: 900, took: 40, closedFor: 700 }
    expect(openings.save(1_000)).toEqual(saved)
  })

  it.each([true, false])('are restored at another time as they were saved: opened %s', (opened) => {
    const openings = new OpenBackoff()
    if (opened) openings.opened(growing, 250)
    openings.closed(300)

    const restored = OpenBackoff.restore(JSON.parse(JSON.stringify(openings.save(1_000))), 50)

    expect(restored.save(50)).toEqual(openings.save(1_000))
    expect(restored.save(150)).toEqual(openings.save(1_100))
  })
  it.each([null, 400])('go on from what an older version saved: %s', (episodeFor) => {
    const saved = { level: 1, used: 0, episodeFor, last: 250, closedFor: 9 }

    const restored = OpenBackoff.restore(saved, 1_000)

    const age = episodeFor ?? 0
    const expected = { level: 1, used: 0, episodeFor: age, took: null, closedFor: 9 }
    expect(restored.save(1_000)).toEqual(expected)
  })
})
