import type { OverrideOptions } from '../core/state/override.ts'
import type { CircuitBreakerOptions } from '../options.ts'
import type { GrowingOptions, RecoveryOptions } from './policy-options.ts'
import { type Check, checkOptions, type Fields, type FieldsOf } from './shapes.ts'
import { atLeast0, atLeast1, ruleOptions } from './trip-rules.ts'
import {
  boolean,
  callable,
  duration,
  integer,
  isSignal,
  keysOf,
  milliseconds,
  number,
  object,
  show,
  text,
  wrongType,
} from './validate.ts'

/** No timer is involved, so there is no limit. */
const openTime: Check = (path, value) => milliseconds(path, value, Infinity)
const growing = {
  initial: openTime,
  max: openTime,
  factor: (path, value) => number(path, value, (value) => value >= 1, 'at least 1'),
  jitter: (path, value) => {
    number(path, value, (value) => value >= 0 && value < 1, 'from 0 to less than 1')
  },
} satisfies FieldsOf<GrowingOptions>
const recovery = {
  probes: atLeast1,
  successes: atLeast1,
  concurrent: atLeast1,
  slowStart: { successes: atLeast1, quietFor: atLeast0 },
  timeout: duration,
} satisfies FieldsOf<RecoveryOptions>

const breaker = {
  name: checkName,
  maxFailures: atLeast1,
  resetTimeout: (path, value) => {
    if (value === 'auto' || typeof value === 'function') return
    if (typeof value === 'number') openTime(path, value)
    else if (typeof value === 'object') checkOptions(growing, path, value)
    else {
      const expected = "milliseconds, a function, { initial, max, factor, jitter } or 'auto'"
      throw wrongType(path, expected, value)
    }
  },
  trip: (path, value) => value === 'auto' || checkOptions(ruleOptions, path, value),
  recovery: (path, value) => value === 'auto' || checkOptions(recovery, path, value),
  callTimeout: duration,
  maxConcurrent: atLeast1,
  classify: callable,
  retryAfter: callable,
  maxRetryAfter: (path, value) => value === 0 || duration(path, value),
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
  shared: (path, value) => {
    const { join } = (value ?? {}) as Record<string, unknown>
    if (typeof join !== 'function') throw wrongType(path, 'what shared(store) returns', value)
  },
  clock: (path, value) => {
    const { now, wall, setTimer } = (value ?? {}) as Record<string, unknown>
    if ([now, wall, setTimer].some((member) => typeof member !== 'function')) {
      throw wrongType(path, 'an object with now(), wall() and setTimer()', value)
    }
  },
  random: callable,
} satisfies FieldsOf<CircuitBreakerOptions>

const KEYS: readonly string[] = /* @__PURE__ */ Object.keys(breaker)
/** Options that are fixed at construction; {@link checkPatch} rejects them. */
const CONSTRUCTION: readonly string[] = ['name', 'saved', 'registry', 'shared', 'clock', 'random']

/**
 * Checks the options of a breaker, one by one. How they fit together is checked as they are resolved.
 *
 * @throws TypeError or RangeError that names the wrong option, what was expected and what it is
 */
export function checkBreaker(options: unknown): void {
  checkOptions(breaker, 'options', options, '')
}

export function checkName(path: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') {
    throw wrongType(path, 'a string that is not empty', name)
  }
}

/** Checks that a patch has only options that `configure` can change. */
export function checkPatch(patch: object): void {
  for (const key of CONSTRUCTION) {
    if (Object.hasOwn(patch, key)) {
      throw new TypeError(`${key} can't be changed by configure; create a new breaker`)
    }
  }
}

/**
 * A deep copy of the options. Each is read once, so that what was checked is what applies, whatever
 * an accessor or a proxy returns the next time.
 */
export function readOptions(path: string, options: unknown): CircuitBreakerOptions<unknown> {
  if (typeof options === 'function') {
    throw new TypeError(`${path} must be an object, got a function; breaker(fn) guards one`)
  }
  object(path, options, KEYS)
  const copy: Record<string, unknown> = {}
  for (const key of KEYS) {
    try {
      if (!(key in (options as object))) continue
      const value = (options as Record<string, unknown>)[key]
      copy[key] = CONSTRUCTION.includes(key) ? value : copied(value)
    } catch (error) {
      throw new TypeError(`${key} can't be read`, { cause: error })
    }
  }
  return copy
}

function copied(value: unknown): unknown {
  if (keysOf(value) === undefined) return value
  // Inherited options are read as well, so the copy keeps the prototype.
  const copy: Record<string, unknown> = Object.create(Object.getPrototypeOf(value))
  for (const [key, member] of Object.entries(value as object)) copy[key] = copied(member)
  return copy
}

const byHand = { reason: text, by: text, fleet: boolean }
const lasting = { ...byHand, for: duration }
type ByHand =
  | 'trip'
  | 'halfOpen'
  | 'reset'
  | 'forceOpen'
  | 'forceClosed'
  | 'disable'
  | 'release'
  | 'configure'
const BY_HAND: Readonly<Record<ByHand, Fields>> = {
  trip: lasting,
  halfOpen: byHand,
  reset: byHand,
  forceOpen: lasting,
  forceClosed: lasting,
  disable: lasting,
  release: byHand,
  configure: { reason: text, by: text, dryRun: boolean },
}

/** All that may be said beside something that is done by hand. */
type ByHandOptions = OverrideOptions & { readonly dryRun?: boolean | undefined }

/**
 * Checks what is said to a change by hand, where a string is the reason, and returns a copy. `more` is the
 * number of arguments after it, of which there must be none: what they say would be ignored.
 */
export function checkByHand(
  method: ByHand,
  options: string | ByHandOptions = {},
  more: number = 0,
): ByHandOptions {
  const fields = BY_HAND[method]
  const isText = typeof options === 'string'
  if (more > 0 || !(isText || keysOf(options))) {
    const got = more > 0 ? 'both' : show(options)
    throw new TypeError(
      `${method} takes a reason or { ${Object.keys(fields).join(', ')} }, got ${got}`,
    )
  }
  if (isText) return { reason: options }
  checkOptions(fields, method, options)
  const { reason, by, for: ms, dryRun, fleet } = options
  return { reason, by, for: ms, dryRun, fleet }
}

const CALL_KEYS = ['timeout', 'classify', 'retryAfter']
const ACQUIRE_KEYS = ['signal', ...CALL_KEYS]
type Method = 'run' | 'acquire' | 'tryAcquire' | 'withSignal' | 'whenReady' | 'on'
const METHODS: Readonly<Record<Method, readonly string[]>> = {
  run: [...ACQUIRE_KEYS, 'fallback', 'stream'],
  acquire: ACQUIRE_KEYS,
  tryAcquire: ACQUIRE_KEYS,
  withSignal: [...CALL_KEYS, 'fallback', 'stream'],
  whenReady: ['signal'],
  on: ['signal', 'once'],
}

/**
 * Checks the options of one call of a method.
 *
 * @throws TypeError or RangeError that names the wrong option
 */
export function checkCall(method: Method, call: unknown): void {
  object(`options of ${method}`, call, METHODS[method])
  const { signal, timeout, classify, retryAfter, fallback, stream, once } = call as Record<
    string,
    unknown
  >
  if (timeout !== undefined) duration('timeout', timeout)
  if (classify !== undefined) callable('classify', classify)
  if (retryAfter !== undefined) callable('retryAfter', retryAfter)
  if (fallback !== undefined) callable('fallback', fallback)
  if (stream !== undefined) callable('stream', stream)
  if (once !== undefined) boolean('once', once)
  if (signal !== undefined && !isSignal(signal)) throw wrongType('signal', 'an AbortSignal', signal)
}
