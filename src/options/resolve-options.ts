import type { OpenDuration } from '../core/recovery/open-duration.ts'
import type { RecoverySettings } from '../core/recovery/recovery.ts'
import type { MachineSettings } from '../core/settings.ts'
import type { TripPredicate } from '../core/trip/when.ts'
import type { AnyFallback, CircuitBreakerOptions, ResolvedOptions } from '../options.ts'
import { checkBreaker, checkName } from './check-options.ts'
import { resolveRecovery, resolveResetTimeout, resolveTrip } from './resolve-policy.ts'
import { SLOW_FAILURE_MS } from './trip-rules.ts'
import { synchronous } from './validate.ts'

/** Checks the options and applies every default. */
export function resolveOptions(options: CircuitBreakerOptions<unknown> = {}): ResolvedOptions {
  checkBreaker(options)
  const { callTimeout, maxConcurrent, classify, retryAfter, fallback, redact } = options
  const { statistics = false, history = 8 } = options
  return Object.freeze({
    name: nameOf(options),
    trip: resolveTrip(options),
    resetTimeout: resolveResetTimeout(options),
    recovery: resolveRecovery(options),
    callTimeout,
    maxConcurrent,
    classify,
    retryAfter,
    fallback: fallback as AnyFallback | undefined,
    redact,
    statistics,
    history,
  })
}

export function nameOf({ name = 'circuit' }: CircuitBreakerOptions<unknown>): string {
  checkName('name', name)
  return name
}

/** The options as settings of the state machine. Errors thrown by `trip.when` go to `report`. */
export function machineSettings(
  options: ResolvedOptions,
  report: (error: unknown, source: string) => void,
): MachineSettings {
  const { trip } = options
  return {
    trip: {
      ...trip,
      consecutiveFailures: trip.consecutiveFailures ?? Infinity,
      when: trip.when && guarded(trip.when, report),
    },
    openDuration: openDurationOf(options),
    recovery: recoveryOf(options),
    maxConcurrent: options.maxConcurrent ?? Infinity,
    statistics: options.statistics,
    history: options.history,
  }
}

function guarded(
  when: TripPredicate,
  report: (error: unknown, source: string) => void,
): TripPredicate {
  return (view) => {
    try {
      return synchronous('trip.when', when(view)) === true
    } catch (error) {
      report(error, 'trip.when')
      return false
    }
  }
}

function openDurationOf({ resetTimeout }: ResolvedOptions): OpenDuration {
  if (resetTimeout === 'auto') return { kind: 'auto' }
  if (typeof resetTimeout === 'number') return { kind: 'fixed', ms: resetTimeout }
  return { kind: 'growing', ...resetTimeout }
}

function recoveryOf({ recovery, trip }: ResolvedOptions): RecoverySettings {
  if ('probes' in recovery) return { kind: 'probes', ...recovery }
  const { slowStart, timeout } = recovery
  const slowerThan = trip.evidence?.slowerThan ?? SLOW_FAILURE_MS
  return { kind: 'slowStart', ...slowStart, timeout, slowerThan }
}
