import type { CircuitBreakerOptions, Resolved, ResolvedOptions } from '../options.ts'
import type {
  EvidenceOptions,
  FailureRateOptions,
  RecoveryOptions,
  SlowCallRateOptions,
  TripRules,
} from './policy-options.ts'
import { duration } from './validate.ts'

/** A failure that took at least this long counts as much as a hung call, ms. */
export const SLOW_FAILURE_MS = 800

/** How long a probe may take when nothing else limits it, ms. */
const PROBE_TIMEOUT = 30_000

type Options = CircuitBreakerOptions<unknown>

/** True when no rule was configured, or `'auto'`. */
function isAutoTrip({ trip, maxFailures }: Options): boolean {
  return trip === 'auto' || (trip === undefined && maxFailures === undefined)
}

export function resolveTrip(options: Options): ResolvedOptions['trip'] {
  const { maxFailures, trip = {} } = options
  const rules: TripRules = isAutoTrip(options) ? { evidence: {} } : (trip as TripRules)
  const { consecutiveFailures = maxFailures, failureRate, slowCallRate, evidence, when } = rules
  if (maxFailures !== undefined && rules.consecutiveFailures !== undefined) {
    throw new TypeError(
      'maxFailures and trip.consecutiveFailures are the same rule; set only one of them',
    )
  }
  const all = [consecutiveFailures, failureRate, slowCallRate, evidence, when]
  if (all.every((rule) => rule === undefined)) {
    throw new TypeError("trip must have at least one rule, got none; 'auto' is { evidence: {} }")
  }
  return Object.freeze({
    consecutiveFailures,
    failureRate: failureRate && Object.freeze(resolveRate('trip.failureRate', failureRate)),
    slowCallRate: slowCallRate && resolveSlowCallRate(slowCallRate),
    evidence: evidence && resolveEvidence(evidence),
    when,
  })
}

function resolveRate(path: string, rate: FailureRateOptions): Resolved<FailureRateOptions> {
  const { threshold = 0.5, minimumCalls = 10, window = { duration: 10_000 } } = rate
  // The one that was not given may be there, and undefined.
  const { calls, duration } = window as { calls?: number; duration: number }
  if (calls !== undefined && minimumCalls > calls) {
    throw new RangeError(
      `${path}.minimumCalls must be at most window.calls (${calls}) or the rule can never fire, got ${minimumCalls}`,
    )
  }
  const resolved = calls === undefined ? { duration } : { calls }
  return { threshold, minimumCalls, window: Object.freeze(resolved) }
}

function resolveSlowCallRate(rate: SlowCallRateOptions): Resolved<SlowCallRateOptions> {
  const path = 'trip.slowCallRate'
  // Unlike other options it has no default.
  const slowerThan = duration(`${path}.slowerThan`, rate.slowerThan)
  return Object.freeze({ ...resolveRate(path, rate), slowerThan })
}

function resolveEvidence(evidence: EvidenceOptions): Resolved<EvidenceOptions> {
  const { threshold = 10, slowerThan = SLOW_FAILURE_MS } = evidence
  const { minimumSpan = 250, overdue = true } = evidence
  return Object.freeze({ threshold, slowerThan, minimumSpan, overdue })
}

export function resolveResetTimeout({
  resetTimeout = 'auto',
}: Options): ResolvedOptions['resetTimeout'] {
  if (typeof resetTimeout !== 'object') return resetTimeout
  const {
    initial = 1000,
    max = Math.max(30_000, initial),
    factor = 2,
    jitter = 0.25,
  } = resetTimeout
  if (max < initial) {
    throw new RangeError(`resetTimeout.max must be at least initial (${initial}), got ${max}`)
  }
  return Object.freeze({ initial, max, factor, jitter })
}

export function resolveRecovery(options: Options): ResolvedOptions['recovery'] {
  const { recovery: given = isAutoTrip(options) ? 'auto' : {}, callTimeout } = options
  const recovery: RecoveryOptions = given === 'auto' ? { slowStart: {} } : given
  const { probes, concurrent, slowStart, timeout = callTimeout ?? PROBE_TIMEOUT } = recovery
  if (slowStart === undefined) {
    const { probes = 1, concurrent = probes } = recovery
    return Object.freeze({ probes, concurrent, timeout })
  }
  if (probes !== undefined || concurrent !== undefined) {
    throw new TypeError('recovery must have either probes or slowStart, got both')
  }
  const { successes = 5, quietFor = 2000 } = slowStart
  return Object.freeze({ slowStart: Object.freeze({ successes, quietFor }), timeout })
}
