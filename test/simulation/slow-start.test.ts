import { describe, expect, it } from 'vitest'
import { simulate } from '../../src/testing/index.ts'

// A window that halves at any failure never opens again where some calls always fail and many have
// to be in flight: the share of errors and the length of the queue keep it small for ever.
describe('a slow start where some calls always fail', () => {
  it.each([
    { errorRate: 0.02, seed: 1 },
    { errorRate: 0.02, seed: 2 },
    { errorRate: 0.08, seed: 3 },
    { errorRate: 0.08, seed: 4 },
  ])('comes back to full traffic, 40 calls in flight: $errorRate, seed $seed', (row) => {
    const { errorRate, seed } = row
    const outage = {
      seed,
      dependency: {
        script: 'ok for 30 s, refuse for 20 s, ok for 100 s',
        latency: 100,
        capacity: 200,
        errorRate,
      },
      traffic: { clients: 1, callsPerSecond: 400, timeout: 5_000 },
    }

    const result = simulate(outage)

    const healthyShare = 130 / 150
    expect(result.trips).toMatchObject([{ reason: 'evidence', closedAt: expect.any(Number) }])
    expect(result.timeToRecover).toBeLessThan(10_000)
    expect(result.goodput).toBeGreaterThan(healthyShare * (1 - errorRate) * 0.95)
  })
})

describe('a dependency that becomes sixty times later and stays healthy', () => {
  it.each([1, 2, 3])('keeps more than 98 % of its calls: seed %i', (seed) => {
    const late = {
      seed,
      dependency: { script: 'ok for 60 s, latency x60 for 2 min, ok for 60 s', latency: 40 },
      traffic: { clients: 2, callsPerSecond: 50, timeout: 10_000 },
    }

    expect(simulate(late).goodput).toBeGreaterThan(0.98)
  })
})
