import { RULE_NAMES, type RuleName } from '../core/transition.ts'

/** A value as error messages show it: short, and never more than its class for objects. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return `a function`
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return article(classOf(value))
  return String(value)
}

function classOf(value: object): string {
  const Class: { readonly name: string } | undefined = value.constructor
  return (Class !== Object && Class?.name) || 'object'
}

export function article(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? 'an' : 'a'} ${noun}`
}

/** The longest delay that the timers of every runtime accept, ms. */
export const LONGEST_DURATION: number = 2 ** 31 - 1

export function wrongType(path: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${path} must be ${expected}, got ${show(value)}`)
}

/** Checks that a value is a number for which `isLegal` is true; `expected` describes those. */
function legal(
  path: string,
  value: unknown,
  expected: string,
  isLegal: (value: number) => boolean,
): number {
  if (typeof value !== 'number') throw wrongType(path, expected, value)
  if (!isLegal(value)) throw new RangeError(`${path} must be ${expected}, got ${value}`)
  return value
}

export function integer(path: string, value: unknown, min: number, max: number = Infinity): number {
  const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`
  return legal(path, value, `an integer ${range}`, (value) => {
    return Number.isSafeInteger(value) && value >= min && value <= max
  })
}

/** Milliseconds for a timer: more than 0, at most {@link LONGEST_DURATION}. */
export function duration(path: string, value: unknown): number {
  return milliseconds(path, value, LONGEST_DURATION)
}

/** Milliseconds: more than 0, at most `max`. */
export function milliseconds(path: string, value: unknown, max: number): number {
  const most = max === Infinity ? '' : ` and at most ${max}`
  return legal(
    path,
    value,
    `milliseconds, more than 0${most}`,
    (value) => value > 0 && value <= max,
  )
}

/** A finite number for which `isLegal` is true; `expected` describes that in the error message. */
export function number(
  path: string,
  value: unknown,
  isLegal: (value: number) => boolean,
  expected: string,
): number {
  return legal(path, value, `a number, ${expected}`, (value) => {
    return Number.isFinite(value) && isLegal(value)
  })
}

export function callable(path: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongType(path, 'a function', value)
}

/**
 * The keys of an object that may hold options; undefined for anything else. What is iterable, such as a
 * `Map`, does not, nor does a built-in object without keys, such as a promise, a signal or an error: what is
 * in it would be ignored.
 */
export function keysOf(value: unknown): string[] | undefined {
  if (typeof value !== 'object' || value === null || Symbol.iterator in value) return undefined
  const keys = Object.keys(value)
  const mayHold = keys.length > 0 || /Object|Module/.test(Object.prototype.toString.call(value))
  return mayHold ? keys : undefined
}

/**
 * Checks that a value is an object whose keys are all known.
 *
 * @throws TypeError for another type of value, or with the unknown key and the nearest known one
 */
export function object(
  path: string,
  value: unknown,
  known: readonly string[],
  noun: 'option' | 'field' = 'option',
): void {
  const keys = keysOf(value)
  if (keys === undefined) throw wrongType(path, 'an object', value)
  for (const key of keys) {
    if (known.includes(key)) continue
    throw new TypeError(`unknown ${noun} ${show(key)} (in ${path})${suggestion(key, known)}`)
  }
}

/**
 * What options and events of other circuit breakers are called here, and where an option is that was
 * looked for elsewhere; theirs in lower case.
 */
const FOREIGN: Readonly<Record<string, string>> = {
  callTimeout: 'timeout',
  classify: 'errorfilter isfailure issuccessful shouldhandle',
  consecutiveFailures: 'maxfailures',
  maxConcurrent: 'capacity',
  maxFailures: 'consecutivefailures failmax failurethreshold threshold',
  resetTimeout: 'breakduration cooldown halfopenafter sleepwindow waitdurationinopenstate',
  transition: 'break close closed half-open halfopen open statechange',
  trip: 'breaker',
  'trip.when': 'readytotrip',
  'trip.failureRate.threshold': 'errorthresholdpercentage failureratethreshold failureratio',
  'trip.failureRate.minimumCalls': 'minimumnumberofcalls minimumthroughput volumethreshold',
  'trip.failureRate.window': 'rollingcounttimeout samplingduration slidingwindowsize window',
  'trip.slowCallRate.threshold': 'slowcallratethreshold',
  'trip.slowCallRate.slowerThan': 'slowcalldurationthreshold',
  'recovery.probes': 'maxrequests permittednumberofcallsinhalfopenstate probes successthreshold',
  'recovery.slowStart': 'slowstart',
}

/** What to write instead of an unknown name, to follow it in an error message. */
export function suggestion(key: string, known: readonly string[]): string {
  const foreign = key.toLowerCase().replaceAll('_', '')
  for (const [own, others] of Object.entries(FOREIGN)) {
    const fits = known.includes(own.split('.')[0] as string)
    if (fits && others.split(' ').includes(foreign)) return `; here it is ${show(own)}`
  }
  if (known.includes('trip') && RULE_NAMES.includes(key as RuleName)) {
    return `; here it is ${show(`trip.${key}`)}`
  }
  const near = nearest(key, known)
  return near === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${show(near)}?`
}

/** Longer keys are no slips of the pen, and take long to compare. */
const LONGEST_WORD = 50

/** The known name with the fewest edits, if those are at most half of the word; otherwise none. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST_WORD) return undefined
  const most = Math.max(1, Math.floor(word.length / 2))
  const edits = known.map((name) => distance(word.toLowerCase(), name.toLowerCase()))
  const fewest = Math.min(...edits)
  return fewest <= most ? known[edits.indexOf(fewest)] : undefined
}

/** Levenshtein distance: the insertions, deletions and replacements that turn `a` into `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}

export function list(path: string, value: unknown, most: number): unknown[] {
  if (!Array.isArray(value)) throw wrongType(path, 'an array', value)
  if (value.length > most) {
    throw new RangeError(`${path} must have at most ${most} items, got ${value.length}`)
  }
  return value
}

/** Above this, sums of saved numbers would lose precision; ages are in ms. */
const LARGEST = 1e15

export function count(path: string, value: unknown, min: number = 0): void {
  if (integer(path, value, min) > LARGEST) {
    throw new RangeError(`${path} must be an integer of at most ${LARGEST}, got ${value}`)
  }
}

export function ms(path: string, value: unknown, max: number = LARGEST): void {
  legal(path, value, `a number from 0 to ${max}`, (value) => value >= 0 && value <= max)
}

export function text(path: string, value: unknown): void {
  if (typeof value !== 'string') throw wrongType(path, 'a string', value)
}

export function boolean(path: string, value: unknown): void {
  if (typeof value !== 'boolean') throw wrongType(path, 'a boolean', value)
}

export function oneOf<const T extends string>(
  path: string,
  value: unknown,
  known: readonly T[],
): T {
  if (known.includes(value as T)) return value as T
  throw wrongType(path, `one of ${known.map(show).join(', ')}`, value)
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/**
 * Returns what a function of the user's returned, unless that is a promise: its rejection would be
 * handled nowhere and end the process.
 *
 * @throws TypeError for a promise
 */
export function synchronous<T>(path: string, value: T): T {
  if (!isThenable(value)) return value
  Promise.resolve(value).catch(() => {})
  throw new TypeError(`${path} must not return a promise`)
}

export function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}
