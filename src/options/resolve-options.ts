import type { OpenDuration } from '../core/recovery/open-duration.ts'
import type { RecoverySettings } from '../core/recovery/recovery.ts'
import type { MachineSettings } from '../core/settings.ts'
import type { TripPredicate } from '../core/trip/when.ts'
import type {
  AnyFallback,
  CircuitBreakerOptions,
  ConfigurePatch,
  ResolvedOptions,
} from '../options.ts'
import {
  resolveRecovery,
  resolveResetTimeout,
  resolveTrip,
  SLOW_FAILURE_MS,
} from './resolve-policy.ts'
import { duration, integer, object, optionalFunction, wrongType } from './validate.ts'

const KNOWN: readonly (keyof CircuitBreakerOptions)[] = [
  'name',
  'maxFailures',
  'resetTimeout',
  'trip',
  'recovery',
  'callTimeout',
  'maxConcurrent',
  'classify',
  'retryAfter',
  'fallback',
  'redact',
  'statistics',
  'history',
  'saved',
  'registry',
  'clock',
  'random',
]

/** Options that are fixed at construction; {@link checkPatch} rejects them. */
const CONSTRUCTION: readonly string[] = ['name', 'saved', 'registry', 'clock', 'random']

/** Checks the options and applies every default. */
export function resolveOptions(options: CircuitBreakerOptions<unknown> = {}): ResolvedOptions {
  object('options', options, KNOWN)
  const { callTimeout, maxConcurrent, statistics = false, history = 8 } = options
  if (callTimeout !== undefined) duration('callTimeout', callTimeout)
  if (maxConcurrent !== undefined) integer('maxConcurrent', maxConcurrent, 1)
  for (const key of ['classify', 'retryAfter', 'fallback', 'redact', 'random'] as const) {
    optionalFunction(key, options[key])
  }
  checkClock(options.clock)
  if (typeof statistics !== 'boolean') throw wrongType('statistics', 'a boolean', statistics)
  checkRegistry(options.registry)
  return Object.freeze({
    name: nameOf(options),
    trip: resolveTrip(options),
    resetTimeout: resolveResetTimeout(options),
    recovery: resolveRecovery(options),
    callTimeout,
    maxConcurrent,
    classify: options.classify,
    retryAfter: options.retryAfter,
    fallback: options.fallback as AnyFallback | undefined,
    redact: options.redact,
    statistics,
    history: integer('history', history, 0, 1000),
  })
}

export function nameOf({ name = 'circuit' }: CircuitBreakerOptions<unknown>): string {
  if (typeof name !== 'string' || name === '') {
    throw wrongType('name', 'a string that is not empty', name)
  }
  return name
}

function checkClock(clock: unknown): void {
  if (clock === undefined) return
  const { now, wall, setTimer } = (clock ?? {}) as Record<string, unknown>
  if ([now, wall, setTimer].some((member) => typeof member !== 'function')) {
    throw wrongType('clock', 'an object with now(), wall() and setTimer()', clock)
  }
}

function checkRegistry(registry: unknown): void {
  if (registry === undefined) return
  const { add } = (registry ?? {}) as Record<string, unknown>
  if (typeof add !== 'function') throw wrongType('registry', 'a CircuitRegistry', registry)
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
      return when(view) === true
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

const ACQUIRE_KEYS = ['signal', 'timeout', 'classify']
const RUN_KEYS = [...ACQUIRE_KEYS, 'fallback']

/**
 * Checks the options of one call.
 *
 * @throws TypeError or RangeError that names the wrong option
 */
export function checkCall(method: 'run' | 'acquire' | 'tryAcquire', call: unknown): void {
  object(`options of ${method}`, call, method === 'run' ? RUN_KEYS : ACQUIRE_KEYS)
  const { signal, timeout, classify, fallback } = call as Record<string, unknown>
  if (timeout !== undefined) duration('timeout', timeout)
  optionalFunction('classify', classify)
  optionalFunction('fallback', fallback)
  if (signal !== undefined && !isSignal(signal)) throw wrongType('signal', 'an AbortSignal', signal)
}

function isSignal(value: unknown): boolean {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}

/** Checks the options of `forceOpen`, `forceClosed` and `disable`. */
export function checkWhy(why: unknown): void {
  object('override', why, ['reason', 'by', 'for'])
  const { reason, by, for: ms } = why as Record<string, unknown>
  if (reason !== undefined && typeof reason !== 'string') {
    throw wrongType('override.reason', 'a string', reason)
  }
  if (by !== undefined && typeof by !== 'string') throw wrongType('override.by', 'a string', by)
  if (ms !== undefined) duration('override.for', ms)
}

/** Checks that a patch has only options that `configure` can change. */
export function checkPatch(patch: unknown): void {
  object('patch', patch, KNOWN)
  for (const key of CONSTRUCTION) {
    if (Object.hasOwn(patch as object, key)) {
      throw new TypeError(
        `${key} can't be changed by configure, only set at construction; create a new breaker`,
      )
    }
  }
}

/** A deep copy of the options that `configure` can change, to merge patches into. */
export function copyOptions(
  options: CircuitBreakerOptions<unknown> | ConfigurePatch,
): CircuitBreakerOptions<unknown> {
  const given = options as Record<string, unknown>
  const keys = KNOWN.filter((key) => key in given && !CONSTRUCTION.includes(key))
  return Object.fromEntries(keys.map((key) => [key, copied(given[key])]))
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]) => [key, copied(member)])
  // Inherited options were read as well, so the copy keeps the prototype.
  return Object.assign(Object.create(Object.getPrototypeOf(value)), Object.fromEntries(members))
}
