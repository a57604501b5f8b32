import type { Occasion, OpenDuration, OpenTimeFunction } from '../core/recovery/open-duration.ts'
import type { RecoverySettings } from '../core/recovery/recovery.ts'
import type { MachineSettings } from '../core/settings.ts'
import type { TripPredicate } from '../core/trip/when.ts'
import type { AnyFallback, CircuitBreakerOptions, ResolvedOptions } from '../options.ts'
import { checkBreaker, checkName } from './check-options.ts'
import { resolveRecovery, resolveResetTimeout, resolveTrip } from './resolve-policy.ts'
import { SLOW_FAILURE_MS } from './trip-rules.ts'
import { show, synchronous } from './validate.ts'

/** Checks the options and applies every default. */
export function resolveOptions(options: CircuitBreakerOptions<unknown> = {}): ResolvedOptions {
  checkBreaker(options)
  const { callTimeout, maxConcurrent, classify, retryAfter, fallback, redact } = options
  const { maxRetryAfter = 60_000, statistics = false, history = 8 } = options
  return Object.freeze({
    name: nameOf(options),
    trip: resolveTrip(options),
    resetTimeout: resolveResetTimeout(options),
    recovery: resolveRecovery(options),
    callTimeout,
    maxConcurrent,
    classify,
    retryAfter,
    maxRetryAfter,
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

/** The options as settings of the state machine. Errors of functions among them go to `report`. */
export function machineSettings(options: ResolvedOptions, report: Report): MachineSettings {
  const { trip } = options
  return {
    trip: {
      ...trip,
      consecutiveFailures: trip.consecutiveFailures ?? Infinity,
      when: trip.when && guarded(trip.when, report),
    },
    openDuration: openDurationOf(options, report),
    recovery: recoveryOf(options),
    maxConcurrent: options.maxConcurrent ?? Infinity,
    maxRetryAfter: options.maxRetryAfter,
    statistics: options.statistics,
    history: options.history,
  }
}

type Report = (error: unknown, source: string) => void

function guarded(when: TripPredicate, report: Report): TripPredicate {
  return (view) => {
    try {
      return synchronous('trip.when', when(view)) === true
    } catch (error) {
      report(error, 'trip.when')
      return false
    }
  }
}

function openDurationOf({ resetTimeout }: ResolvedOptions, report: Report): OpenDuration {
  if (typeof resetTimeout === 'function') {
    return { kind: 'custom', given: resetTimeout, ask: asking(resetTimeout, report) }
  }
  if (resetTimeout === 'auto') return { kind: 'auto' }
  if (typeof resetTimeout === 'number') return { kind: 'fixed', ms: resetTimeout }
  return { kind: 'growing', ...resetTimeout }
}

/** Asks once for each opening, even if it is read ahead of time. Reports a wrong result. */
function asking(
  openTime: OpenTimeFunction,
  report: Report,
): (occasion: Occasion) => number | undefined {
  let last: { generation: number; attempt: number; ms: number | undefined } | undefined
  return ({ generation, attempt, cause }) => {
    if (last?.generation === generation && last.attempt === attempt) return last.ms
    // Before it is asked: it may move the breaker, which then does not ask again.
    const answer = { generation, attempt, ms: undefined as number | undefined }
    last = answer
    try {
      const ms: unknown = synchronous('resetTimeout', openTime({ attempt, cause }))
      if (typeof ms === 'number' && ms > 0) answer.ms = ms
      else
        throw new TypeError(`resetTimeout must return milliseconds, more than 0, got ${show(ms)}`)
    } catch (error) {
      report(error, 'resetTimeout')
    }
    return answer.ms
  }
}

function recoveryOf({ recovery, trip }: ResolvedOptions): RecoverySettings {
  if ('probes' in recovery) return { kind: 'probes', ...recovery }
  const { slowStart, timeout } = recovery
  const slowerThan = trip.evidence?.slowerThan ?? SLOW_FAILURE_MS
  return { kind: 'slowStart', ...slowStart, timeout, slowerThan }
}
