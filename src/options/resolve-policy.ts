import type { CircuitBreakerOptions, ResolvedOptions } from '../options.ts'
import type { RecoveryOptions, TripRules } from './policy-options.ts'
import { resolveRules } from './trip-rules.ts'

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
  const { consecutiveFailures = maxFailures } = rules
  if (maxFailures !== undefined && rules.consecutiveFailures !== undefined) {
    throw new TypeError(
      'maxFailures and trip.consecutiveFailures are the same rule; set only one of them',
    )
  }
  const resolved = resolveRules({ ...rules, consecutiveFailures })
  if (Object.values(resolved).every((rule) => rule === undefined)) {
    throw new TypeError('trip must have at least one rule, got none')
  }
  return resolved
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
    const { probes = 1, successes = probes, concurrent = probes } = recovery
    if (successes > probes) {
      throw new RangeError(
        `recovery.successes must be at most probes (${probes}), got ${successes}`,
      )
    }
    return Object.freeze({ probes, successes, concurrent, timeout })
  }
  if ((probes ?? recovery.successes ?? concurrent) !== undefined) {
    throw new TypeError('recovery must have either probes or slowStart, got both')
  }
  const { successes = 5, quietFor = 2000 } = slowStart
  return Object.freeze({ slowStart: Object.freeze({ successes, quietFor }), timeout })
}
