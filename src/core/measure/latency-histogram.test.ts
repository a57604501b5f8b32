import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LATENCY_ERROR, Latency } from './latency-histogram.ts'

function latencyOf(durations: readonly number[]): Latency {
  const latency = new Latency()
  for (const ms of durations) latency.record(ms)
  return latency
}

/** The smallest duration that a share `q` of the calls did not exceed. */
function exact(durations: readonly number[], q: number): number {
  const sorted = [...durations].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number
}

describe('Latency', () => {
  it('returns every quantile within its stated error of the exact one', () => {
    const duration = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 2_000, noNaN: true }),
      fc.double({ min: 0, max: 3_600_000, noNaN: true }),
    )
    fc.assert(
      fc.property(
        fc.array(duration, { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1),
        (durations, q) => {
          const expected = exact(durations, q)
          const error = Math.abs(latencyOf(durations).quantile(q) - expected)
          return error <= Math.max(expected * LATENCY_ERROR, 1 / 64) + 1e-9
        },
      ),
    )
  })

  it('knows count, sum and maximum exactly', () => {
    expect(latencyOf([1, 2, 300])).toMatchObject({ count: 3, sum: 303, max: 300 })
  })

  it('returns 0 before the first call', () => {
    expect(new Latency().quantile(0.99)).toBe(0)
  })

  it.each([1e9, Number.MAX_VALUE, Infinity])('survives a duration of %s ms', (ms) => {
    const latency = latencyOf([1, ms])

    expect(latency.quantile(1)).toBeGreaterThan(1_000_000)
    expect(latency.count).toBe(2)
  })

  it('tells how far off a quantile can be', () => {
    expect(LATENCY_ERROR).toBe(1 / 32)
  })

  it('visits the buckets that have calls, shortest first, each with where it ends', () => {
    const latency = latencyOf([100, 0.01, 1, 1, 3_000, 100.5])
    const seen: [number, number][] = []

    latency.forEachBucket((upTo, calls) => seen.push([upTo, calls]))

    expect(seen).toEqual([
      [1 / 64, 1],
      [68 / 64, 2],
      [104, 2],
      [3_072, 1],
    ])
  })

  it('visits all calls, each by a bucket that ends at or behind it', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 4e6, noNaN: true })), (durations) => {
        const ends: number[] = []
        latencyOf(durations).forEachBucket((upTo, calls) => {
          ends.push(...Array.from({ length: calls }, () => upTo))
        })
        const sorted = durations.toSorted((a, b) => a - b)
        return (
          ends.length === durations.length &&
          ends.every(
            (end, i) => end >= (sorted[i] as number) && end <= (sorted[i] as number) * 1.07 + 0.02,
          )
        )
      }),
    )
  })

  it('visits nothing before the first call', () => {
    const visit = (): never => {
      throw new Error('there is nothing to visit')
    }
    expect(() => new Latency().forEachBucket(visit)).not.toThrow()
  })

  it('is saved as the buckets that are not empty', () => {
    const buckets = [
      [1, 1],
      [84, 2],
    ]

    expect(new Latency().save()).toEqual({ sum: 0, max: 0, buckets: [] })
    expect(latencyOf([0.015625, 5, 5]).save()).toEqual({ sum: 10.015625, max: 5, buckets })
  })

  it.each([[[5, 0.015625, 5, 4_000]], [[4_000, 5, 5, 0.015625]], [[0.015625, 5, 4_000, 5]]])(
    'does not care in which order durations come: %j',
    (durations) => {
      const latency = latencyOf(durations)

      expect(latency.save().buckets).toEqual([
        [1, 1],
        [84, 2],
        [239, 1],
      ])
      expect([0.25, 0.5, 0.75, 1].map((q) => latency.quantile(q))).toEqual([
        1.5 / 64,
        5.125,
        5.125,
        4_000,
      ])
    },
  )

  it('takes a saved bucket beyond its last one for the last one', () => {
    const latency = Latency.restore({ sum: 1e9, max: 1e9, buckets: [[1e6, 1]] })

    expect(latency.quantile(1)).toBeGreaterThan(4e6)
    expect(latency.quantile(1)).toBeLessThan(5e6)
  })

  it('goes on apart from its clone', () => {
    const latency = latencyOf([5])

    const copy = latency.clone()
    copy.record(9)

    expect([latency.count, copy.count]).toEqual([1, 2])
    expect([latency.quantile(1), copy.quantile(1)]).toEqual([5, 9])
  })

  it.each([
    [0, 0.5 / 64],
    [0.01, 0.5 / 64],
    [0.25, 16.5 / 64],
    [0.99, 63 / 64],
    [1, 66 / 64],
    [3, 196 / 64],
    [3.99, 252 / 64],
    [100, 102],
    [103.9, 102],
    [104, 106],
  ])('tells %d ms as %d, the middle of what it can tell apart', (ms, middle) => {
    expect(latencyOf([ms, 1e6]).quantile(0.5)).toBe(middle)
  })

  it('goes on from saved data as it was, through JSON', () => {
    const latency = latencyOf([0.001, 5, 5, 70, 4_000])

    const restored = Latency.restore(JSON.parse(JSON.stringify(latency.save())))

    expect(restored.save()).toEqual(latency.save())
    expect(restored).toMatchObject({ count: 5, max: 4_000 })
    expect(restored.quantile(0.5)).toBe(latency.quantile(0.5))
  })

  it('counts the first latency beyond those it knows', () => {
    const latency = new Latency()
    for (const ms of [1, 2, 2, 100]) latency.record(ms)

    expect(latency.quantile(0.5)).toBeCloseTo(2, 0)
  })
})
