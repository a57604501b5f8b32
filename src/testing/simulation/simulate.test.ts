import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../index.ts'
import type { SimulationOptions } from './setup.ts'
import { simulate } from './simulate.ts'

const CLASSIC = { maxFailures: 5, resetTimeout: 1_000 }
const OUTAGE: SimulationOptions = {
  seed: 1,
  dependency: { script: 'ok for 20 s, hang for 20 s, ok for 20 s' },
  traffic: { clients: 4, callsPerSecond: 10, timeout: 2_000 },
  policy: CLASSIC,
}

describe('simulate', () => {
  it('returns the same bytes for the same options', () => {
    const options = { ...OUTAGE, traffic: { ...OUTAGE.traffic, retries: 2 } }

    expect(JSON.stringify(simulate(options))).toBe(JSON.stringify(simulate(options)))
    expect(JSON.stringify(simulate(options))).not.toBe(
      JSON.stringify(simulate({ ...options, seed: 2 })),
    )
  })

  it('confronts every policy with the same calls', () => {
    const patient = simulate({ ...OUTAGE, policy: { ...CLASSIC, maxFailures: 1_000_000 } })
    const classic = simulate(OUTAGE)

    expect(classic.phases.map(({ offered }) => offered)).toEqual(
      patient.phases.map(({ offered }) => offered),
    )
    expect(classic.phases[0]).toEqual(patient.phases[0])
    expect(patient.trips).toEqual([])
  })

  it('tells when breakers tripped, why, and when they were closed again', () => {
    const { trips, timeToTrip, timeToRecover } = simulate(OUTAGE)

    expect(trips.map(({ client }) => client).toSorted()).toEqual([0, 1, 2, 3])
    expect(new Set(trips.map(({ reason }) => reason))).toEqual(new Set(['consecutiveFailures']))
    expect(timeToTrip).toBeGreaterThan(2_000)
    expect(timeToTrip).toBeLessThan(3_000)
    expect(timeToRecover).toBeLessThan(2_500)
    expect(trips.every(({ at, closedAt }) => Number(closedAt) > Math.max(at, 40_000))).toBe(true)
  })

  it('accounts for every call and attempt', () => {
    const { phases, ...sums } = simulate(OUTAGE)

    expect(sums.offered).toBe(sums.succeeded + sums.failed + sums.rejected)
    for (const key of ['offered', 'succeeded', 'failed', 'rejected'] as const) {
      expect(phases.reduce((sum, phase) => sum + phase[key], 0)).toBe(sums[key])
    }
    expect(sums.goodput).toBe(sums.succeeded / sums.offered)
    expect(sums.secondsWaited).toBeGreaterThan(0)
  })

  it('reports nothing to recover from when nothing is wrong', () => {
    const result = simulate({ ...OUTAGE, dependency: { script: 'ok for 20 s' } })

    expect(result).toMatchObject({ goodput: 1, trips: [], timeToTrip: null, timeToRecover: null })
  })

  it('says that a breaker was still not closed at the end', () => {
    const policy = { maxFailures: 5, resetTimeout: 1_000_000 }
    const result = simulate({ ...OUTAGE, policy })

    expect(result.timeToRecover).toBeNull()
    expect(result.trips.map(({ closedAt }) => closedAt)).toEqual([null, null, null, null])
  })

  it('tells breakers that calls were cancelled, where clients give up by an abort of their own', () => {
    const heard: string[] = []
    const policy = () => ({
      tryAcquire: () => ({
        success() {},
        failure: () => heard.push('failure'),
        cancel: () => heard.push('cancel'),
      }),
    })
    const told = (aborts: boolean, dependency = OUTAGE.dependency): Set<string> => {
      heard.length = 0
      simulate({ ...OUTAGE, dependency, policy, traffic: { ...OUTAGE.traffic, aborts } })
      return new Set(heard)
    }

    expect(told(false)).toEqual(new Set(['failure']))
    expect(told(true)).toEqual(new Set(['cancel']))
    expect(told(true, { script: 'refuse for 20 s' })).toEqual(new Set(['failure']))
  })

  it('takes giving up for a failure where a breaker knows no other word for it', () => {
    let failures = 0
    const policy = () => ({
      tryAcquire: () => ({
        success() {},
        failure() {
          failures++
        },
      }),
    })

    const { failed } = simulate({ ...OUTAGE, policy, traffic: { ...OUTAGE.traffic, aborts: true } })

    expect(failures).toBe(failed)
    expect(failed).toBeGreaterThan(0)
  })

  it('lets retries pass the breaker', () => {
    const dependency = { script: '50 % errors for 60 s' }
    const policy = { maxFailures: 1_000_000 }
    const traffic = { ...OUTAGE.traffic, retries: 1, retryDelay: 10 }
    const result = simulate({ ...OUTAGE, dependency, policy, traffic })

    expect(result.goodput).toBeGreaterThan(0.7)
    expect(result.goodput).toBeLessThan(0.8)
    expect(result.failed / result.offered).toBeGreaterThan(0.7)
  })

  it('takes the call timeout of the policy before that of the traffic', () => {
    const policy = { ...CLASSIC, callTimeout: 200 }

    expect(simulate({ ...OUTAGE, policy }).timeToTrip).toBeLessThan(1_500)
  })

  it('has one breaker for all clients when it is shared', () => {
    const traffic = { ...OUTAGE.traffic, shared: true }

    expect(simulate({ ...OUTAGE, traffic }).trips).toHaveLength(1)
  })

  it('takes any breaker that grants permits', () => {
    const clients: number[] = []
    const refusing = simulate({
      ...OUTAGE,
      policy({ client }) {
        clients.push(client)
        return { tryAcquire: () => undefined }
      },
    })
    const own = simulate({
      ...OUTAGE,
      policy: ({ clock }) => new CircuitBreaker({ ...CLASSIC, clock }),
    })

    expect(refusing).toMatchObject({ succeeded: 0, rejected: refusing.offered })
    expect(clients).toEqual([0, 1, 2, 3])
    expect(own).toEqual(simulate(OUTAGE))
  })

  it('makes as many calls as the traffic says, more of them under load', () => {
    const dependency = { script: 'ok for 500 s, load x3 for 500 s', capacity: 1_000 }
    const { phases } = simulate({ ...OUTAGE, dependency })

    expect((phases[0]?.offered ?? 0) / 20_000).toBeCloseTo(1, 1)
    expect((phases[1]?.offered ?? 0) / 60_000).toBeCloseTo(1, 1)
  })

  it.each([
    [{ seed: 1.5 }, 'seed must be a whole number'],
    [{ traffic: { clients: 0 } }, 'traffic.clients must be a whole number from 1 to 10000, got 0'],
    [{ traffic: { timeouts: 1 } }, 'unknown key "timeouts" (in traffic)'],
    [{ dependency: { script: 'ok' } }, 'duration must be set'],
    [{ dependency: { script: 'hang 1 s on 2 shards' } }, 'the script speaks of 2 shards'],
    [{ dependency: { script: 'ok 1 s', capacity: 0 } }, 'dependency.capacity must be'],
    [{ duration: 0 }, 'duration must be a number above 0, got 0'],
    [{ traffic: { shared: 1 } }, 'traffic.shared must be true or false, got 1'],
    [{ traffic: { aborts: 1 } }, 'traffic.aborts must be true or false, got 1'],
    [{ policies: {} }, 'unknown key "policies" (in simulation)'],
  ])('refuses %j', (wrong, message) => {
    expect(() => simulate({ ...OUTAGE, ...wrong } as never)).toThrow(message)
  })
})
