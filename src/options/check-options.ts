import type { CircuitBreakerOptions, ConfigurePatch } from '../options.ts'
import type {
  EvidenceOptions,
  GrowingOptions,
  RecoveryOptions,
  SlowCallRateOptions,
  TripRules,
} from './policy-options.ts'
import {
  boolean,
  callable,
  duration,
  integer,
  number,
  object,
  text,
  wrongType,
} from './validate.ts'

type Check = (path: string, value: unknown) => unknown
/** What an option must be when it is given: a check, or the options within it. */
type Shape = Check | Options
type Options = { readonly [option: string]: Shape }

/** One shape for every option: an option that is added can't be left unchecked. */
type OptionsOf<T> = { readonly [K in keyof T]-?: Shape }

/** Calls; a window takes one bit of memory for each. */
const LARGEST_WINDOW = 100_000

const count: Check = (path, value) => integer(path, value, 1)
const share: Check = (path, value) => {
  number(path, value, (value) => value > 0 && value <= 1, 'more than 0 and at most 1')
}
const atLeast0: Check = (path, value) => number(path, value, (value) => value >= 0, 'at least 0')

const windowOptions = {
  calls: (path, value) => integer(path, value, 1, LARGEST_WINDOW),
  duration,
} satisfies Options
const window: Check = (path, value) => {
  checkOptions(windowOptions, path, value)
  const { calls, duration } = value as { calls?: unknown; duration?: unknown }
  if ((calls === undefined) === (duration === undefined)) {
    const got = calls === undefined ? 'neither' : 'both'
    throw new TypeError(`${path} must have either calls or duration, got ${got}`)
  }
}
const failureRate = { threshold: share, minimumCalls: count, window } satisfies Options
const slowCallRate = {
  threshold: share,
  minimumCalls: count,
  window,
  slowerThan: duration,
} satisfies OptionsOf<SlowCallRateOptions>
const evidence = {
  threshold: (path, value) => number(path, value, (value) => value > 0, 'more than 0'),
  slowerThan: duration,
  minimumSpan: atLeast0,
  overdue: boolean,
} satisfies OptionsOf<EvidenceOptions>
const trip = {
  consecutiveFailures: count,
  failureRate,
  slowCallRate,
  evidence,
  when: callable,
} satisfies OptionsOf<TripRules>
const growing = {
  initial: duration,
  max: duration,
  factor: (path, value) => number(path, value, (value) => value >= 1, 'at least 1'),
  jitter: (path, value) => {
    number(path, value, (value) => value >= 0 && value < 1, 'from 0 to less than 1')
  },
} satisfies OptionsOf<GrowingOptions>
const recovery = {
  probes: count,
  concurrent: count,
  slowStart: { successes: count, quietFor: atLeast0 },
  timeout: duration,
} satisfies OptionsOf<RecoveryOptions>

const breaker = {
  name: checkName,
  maxFailures: count,
  resetTimeout: (path, value) => {
    if (value === 'auto') return
    if (typeof value === 'number') duration(path, value)
    else if (typeof value === 'object') checkOptions(growing, path, value)
    else throw wrongType(path, "milliseconds, { initial, max, factor, jitter } or 'auto'", value)
  },
  trip: (path, value) => value === 'auto' || checkOptions(trip, path, value),
  recovery: (path, value) => value === 'auto' || checkOptions(recovery, path, value),
  callTimeout: duration,
  maxConcurrent: count,
  classify: callable,
  retryAfter: callable,
  fallback: callable,
  redact: callable,
  statistics: boolean,
  history: (path, value) => integer(path, value, 0, 1000),
  /** `checkSaved` checks it where it is used. */
  saved: () => {},
  registry: (path, value) => {
    const { add } = (value ?? {}) as Record<string, unknown>
    if (typeof add !== 'function') throw wrongType(path, 'a CircuitRegistry', value)
  },
  clock: (path, value) => {
    const { now, wall, setTimer } = (value ?? {}) as Record<string, unknown>
    if ([now, wall, setTimer].some((member) => typeof member !== 'function')) {
      throw wrongType(path, 'an object with now(), wall() and setTimer()', value)
    }
  },
  random: callable,
} satisfies OptionsOf<CircuitBreakerOptions>

/** Options that are fixed at construction; {@link checkPatch} rejects them. */
const CONSTRUCTION: readonly string[] = ['name', 'saved', 'registry', 'clock', 'random']

/**
 * Checks the options of a breaker, one by one. How they fit together is checked as they are resolved.
 *
 * @throws TypeError or RangeError that names the wrong option, what was expected and what it is
 */
export function checkBreaker(options: unknown): void {
  checkOptions(breaker, 'options', options, '')
}

/** Checks those options that are given; `prefix` precedes their names in errors. */
function checkOptions(shapes: Options, path: string, options: unknown, prefix = `${path}.`): void {
  object(path, options, Object.keys(shapes))
  for (const name in shapes) {
    const shape = shapes[name] as Shape
    const value = (options as Record<string, unknown>)[name]
    if (value === undefined) continue
    if (typeof shape === 'function') shape(prefix + name, value)
    else checkOptions(shape, prefix + name, value)
  }
}

export function checkName(path: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') {
    throw wrongType(path, 'a string that is not empty', name)
  }
}

/** Checks that a patch has only options that `configure` can change. */
export function checkPatch(patch: unknown): void {
  object('patch', patch, Object.keys(breaker))
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
  const keys = Object.keys(breaker).filter((key) => key in given && !CONSTRUCTION.includes(key))
  return Object.fromEntries(keys.map((key) => [key, copied(given[key])]))
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  // Inherited options were read as well, so the copy keeps the prototype.
  const copy: Record<string, unknown> = Object.create(Object.getPrototypeOf(value))
  for (const [key, member] of Object.entries(value)) copy[key] = copied(member)
  return copy
}

/** Checks the options of `forceOpen`, `forceClosed` and `disable`. */
export function checkWhy(why: unknown): void {
  checkOptions({ reason: text, by: text, for: duration }, 'override', why)
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
  if (classify !== undefined) callable('classify', classify)
  if (fallback !== undefined) callable('fallback', fallback)
  if (signal !== undefined && !isSignal(signal)) throw wrongType('signal', 'an AbortSignal', signal)
}

function isSignal(value: unknown): boolean {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}
