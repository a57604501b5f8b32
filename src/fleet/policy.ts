import type { FleetMember } from '../index.ts'
import type { FleetPolicy } from './store.ts'

const BUCKETS = 10
/** Longer than any fleet lives; a store counts in whole numbers. */
const FOR_EVER = 1e12
const SHORTEST_LEASE = 5_000

/** What a fleet goes by for a breaker with these options: as the breaker itself, where they say it. */
export function policyOf(
  options: FleetMember['options'],
  given: Partial<FleetPolicy> = {},
): FleetPolicy {
  const { callTimeout = 0 } = options
  const { failureRate, slowCallRate } = options.trip
  const { minimumCalls = 20, window } = failureRate ?? slowCallRate ?? {}
  const duration = window !== undefined && 'duration' in window ? window.duration : 10_000
  return {
    failureRate: failureRate?.threshold ?? 0.5,
    slowCallRate: slowCallRate?.threshold ?? 0,
    minimumCalls,
    minReporters: 2,
    buckets: BUCKETS,
    bucketMs: Math.ceil(duration / BUCKETS),
    ...openTimes(options.resetTimeout),
    ...probes(options.recovery),
    leaseMs: Math.max(SHORTEST_LEASE, callTimeout + 1_000),
    ...given,
  }
}

function openTimes(time: unknown): Pick<FleetPolicy, 'openMs' | 'maxOpenMs' | 'factor'> {
  if (typeof time === 'number') {
    const openMs = Math.min(Math.ceil(time), FOR_EVER)
    return { openMs, maxOpenMs: openMs, factor: 1 }
  }
  const growing = typeof time === 'object' ? time : {}
  const { initial, max, factor } = { initial: 1_000, max: 60_000, factor: 2, ...growing }
  return { openMs: Math.ceil(initial), maxOpenMs: Math.min(Math.ceil(max), FOR_EVER), factor }
}

function probes(recovery: object): Pick<FleetPolicy, 'probes' | 'successes'> {
  const { concurrent, successes, slowStart } = recovery as {
    readonly concurrent?: number
    readonly successes?: number
    readonly slowStart?: { readonly successes: number }
  }
  const needed = successes ?? slowStart?.successes ?? 1
  return { probes: concurrent ?? needed, successes: needed }
}
