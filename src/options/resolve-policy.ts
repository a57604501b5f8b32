import type { CircuitBreakerOptions, Resolved, ResolvedOptions } from '../options.ts'
import type {
  EvidenceOptions,
  FailureRateOptions,
  GrowingOptions,
  SlowCallRateOptions,
  WindowOptions,
} from './policy-options.ts'
import {
  duration,
  integer,
  number,
  object,
  optionalFunction,
  share,
  wrongType,
} from './validate.ts'

/** A failure that took at least this long counts as much as a hung call, ms. */
export const SLOW_FAILURE_MS = 800

/** How long a probe may take when nothing else limits it, ms. */
const PROBE_TIMEOUT = 30_000

/** Calls; a window takes one bit of memory for each. */
const LARGEST_WINDOW = 100_000

type Options = CircuitBreakerOptions<unknown>

/** True when no rule was configured, or `'auto'`. */
function isAutoTrip({ trip, maxFailures }: Options): boolean {
  return trip === 'auto' || (trip === undefined && maxFailures === undefined)
}

export function resolveTrip(options: Options): ResolvedOptions['trip'] {
  const { maxFailures, trip: own } = options
  const trip = isAutoTrip(options) ? { evidence: {} } : own === undefined ? {} : own
  object('trip', trip, ['consecutiveFailures', 'failureRate', 'slowCallRate', 'evidence', 'when'])
  const rules = trip as Exclude<Options['trip'], 'auto' | undefined>
  const { failureRate, slowCallRate, evidence, when } = rules
  const consecutiveFailures = consecutive(maxFailures, rules.consecutiveFailures)
  optionalFunction('trip.when', when)
  const none = [consecutiveFailures, failureRate, slowCallRate, evidence, when]
  if (none.every((rule) => rule === undefined)) {
    throw new TypeError("trip must have at least one rule, got none; 'auto' is { evidence: {} }")
  }
  return Object.freeze({
    consecutiveFailures,
    failureRate: given(failureRate, (rate) => resolveRate('trip.failureRate', rate, [])),
    slowCallRate: given(slowCallRate, resolveSlowCallRate),
    evidence: given(evidence, resolveEvidence),
    when,
  })
}

function given<T, R>(value: T | undefined, resolve: (value: T) => R): R | undefined {
  return value === undefined ? undefined : resolve(value)
}

function consecutive(maxFailures: unknown, rule: unknown): number | undefined {
  if (maxFailures === undefined) {
    return rule === undefined ? undefined : integer('trip.consecutiveFailures', rule, 1)
  }
  if (rule === undefined) return integer('maxFailures', maxFailures, 1)
  throw new TypeError(
    'maxFailures and trip.consecutiveFailures are the same rule; set only one of them',
  )
}

function resolveRate(
  path: string,
  rate: FailureRateOptions,
  more: readonly string[],
): Resolved<FailureRateOptions> {
  object(path, rate, ['threshold', 'minimumCalls', 'window', ...more])
  const { threshold = 0.5, minimumCalls = 10, window = { duration: 10_000 } } = rate
  const resolved = resolveWindow(`${path}.window`, window)
  integer(`${path}.minimumCalls`, minimumCalls, 1)
  if ('calls' in resolved && minimumCalls > resolved.calls) {
    throw new RangeError(
      `${path}.minimumCalls must be at most window.calls (${resolved.calls}) or the rule can never fire, got ${minimumCalls}`,
    )
  }
  const checked = share(`${path}.threshold`, threshold)
  return Object.freeze({ threshold: checked, minimumCalls, window: resolved })
}

function resolveWindow(path: string, window: WindowOptions): WindowOptions {
  object(path, window, ['calls', 'duration'])
  const { calls, duration: ms } = window as { calls?: unknown; duration?: unknown }
  if ((calls === undefined) === (ms === undefined)) {
    throw new TypeError(
      `${path} must have either calls or duration, got ${calls === undefined ? 'neither' : 'both'}`,
    )
  }
  return Object.freeze(
    calls === undefined
      ? { duration: duration(`${path}.duration`, ms) }
      : { calls: integer(`${path}.calls`, calls, 1, LARGEST_WINDOW) },
  )
}

function resolveSlowCallRate(rate: SlowCallRateOptions): Resolved<SlowCallRateOptions> {
  const resolved = resolveRate('trip.slowCallRate', rate, ['slowerThan'])
  const slowerThan = duration('trip.slowCallRate.slowerThan', rate.slowerThan)
  return Object.freeze({ ...resolved, slowerThan })
}

function resolveEvidence(evidence: EvidenceOptions): Resolved<EvidenceOptions> {
  const path = 'trip.evidence'
  object(path, evidence, ['threshold', 'slowerThan', 'minimumSpan', 'overdue'])
  const {
    threshold = 10,
    slowerThan = SLOW_FAILURE_MS,
    minimumSpan = 250,
    overdue = true,
  } = evidence
  if (typeof overdue !== 'boolean') throw wrongType(`${path}.overdue`, 'a boolean', overdue)
  return Object.freeze({
    threshold: number(`${path}.threshold`, threshold, (value) => value > 0, 'more than 0'),
    slowerThan: duration(`${path}.slowerThan`, slowerThan),
    minimumSpan: number(`${path}.minimumSpan`, minimumSpan, (value) => value >= 0, 'at least 0'),
    overdue,
  })
}

export function resolveResetTimeout({
  resetTimeout = 'auto',
}: Options): ResolvedOptions['resetTimeout'] {
  if (resetTimeout === 'auto') return 'auto'
  if (typeof resetTimeout === 'number') return duration('resetTimeout', resetTimeout)
  if (typeof resetTimeout !== 'object') {
    throw wrongType(
      'resetTimeout',
      "milliseconds, { initial, max, factor, jitter } or 'auto'",
      resetTimeout,
    )
  }
  return resolveGrowing(resetTimeout)
}

function resolveGrowing(growing: GrowingOptions): Resolved<GrowingOptions> {
  const path = 'resetTimeout'
  object(path, growing, ['initial', 'max', 'factor', 'jitter'])
  const {
    initial = 1000,
    max = Math.max(30_000, Number(initial)),
    factor = 2,
    jitter = 0.25,
  } = growing
  duration(`${path}.initial`, initial)
  duration(`${path}.max`, max)
  if (max < initial) {
    throw new RangeError(`${path}.max must be at least initial (${initial}), got ${max}`)
  }
  return Object.freeze({
    initial,
    max,
    factor: number(`${path}.factor`, factor, (value) => value >= 1, 'at least 1'),
    jitter: number(
      `${path}.jitter`,
      jitter,
      (value) => value >= 0 && value < 1,
      'from 0 to less than 1',
    ),
  })
}

export function resolveRecovery(options: Options): ResolvedOptions['recovery'] {
  const { recovery: given = isAutoTrip(options) ? 'auto' : {}, callTimeout } = options
  const recovery = given === 'auto' ? { slowStart: {} } : given
  object('recovery', recovery, ['probes', 'concurrent', 'slowStart', 'timeout'])
  const { timeout: limit = callTimeout ?? PROBE_TIMEOUT } = recovery
  const timeout = duration('recovery.timeout', limit)
  if (recovery.slowStart !== undefined) return resolveSlowStart(recovery, timeout)
  const { probes = 1, concurrent = probes } = recovery
  return Object.freeze({
    probes: integer('recovery.probes', probes, 1),
    concurrent: integer('recovery.concurrent', concurrent, 1),
    timeout,
  })
}

function resolveSlowStart(
  { probes, concurrent, slowStart = {} }: Exclude<Options['recovery'], 'auto' | undefined>,
  timeout: number,
): ResolvedOptions['recovery'] {
  if (probes !== undefined || concurrent !== undefined) {
    throw new TypeError('recovery must have either probes or slowStart, got both')
  }
  const path = 'recovery.slowStart'
  object(path, slowStart, ['successes', 'quietFor'])
  const { successes = 5, quietFor = 2000 } = slowStart
  return Object.freeze({
    slowStart: Object.freeze({
      successes: integer(`${path}.successes`, successes, 1),
      quietFor: number(`${path}.quietFor`, quietFor, (value) => value >= 0, 'at least 0'),
    }),
    timeout,
  })
}
