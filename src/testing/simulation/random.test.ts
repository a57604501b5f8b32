import { describe, expect, it } from 'vitest'
import { exponential, normal, randomStream } from './random.ts'

function draw(random: () => number, count: number): number[] {
  return Array.from({ length: count }, random)
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

describe('randomStream', () => {
  it('returns the same numbers for the same seed and name', () => {
    expect(draw(randomStream(7, 'a'), 50)).toEqual(draw(randomStream(7, 'a'), 50))
  })

  it.each([
    [8, 'a'],
    [7, 'b'],
    [7 + 2 ** 32, 'a'],
  ])('gives others for seed %i and name %s', (seed, name) => {
    expect(draw(randomStream(seed, name), 5)).not.toEqual(draw(randomStream(7, 'a'), 5))
  })

  it('is uniform, also across neighbouring seeds', () => {
    const buckets = new Array<number>(10).fill(0)
    for (let seed = 0; seed < 20_000; seed++) {
      const bucket = Math.floor(randomStream(seed, 'a')() * 10)
      buckets[bucket] = (buckets[bucket] as number) + 1
    }

    const chiSquare = buckets.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0)
    // Exceeded by chance once in a thousand.
    expect(chiSquare).toBeLessThan(27.9)
  })
})

describe('exponential', () => {
  it('has mean and deviation 1', () => {
    const random = randomStream(1, 'exponential')
    const values = Array.from({ length: 100_000 }, () => exponential(random))

    expect(mean(values)).toBeCloseTo(1, 1)
    expect(mean(values.map((value) => (value - 1) ** 2))).toBeCloseTo(1, 1)
  })
})

describe('normal', () => {
  it('has mean 0 and deviation 1', () => {
    const random = randomStream(1, 'normal')
    const values = Array.from({ length: 100_000 }, () => normal(random(), random()))

    expect(mean(values)).toBeCloseTo(0, 1)
    expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 1)
  })
})
