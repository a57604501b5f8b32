import { show } from './validate.ts'

/** One place in which two sets of options differ. */
export interface Difference {
  /** `trip.failureRate.threshold`. */
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

/**
 * Where two resolved sets of options differ. Functions are the same when `sameFunction` says so.
 */
export function differences(
  before: object,
  after: object,
  sameFunction: (a: unknown, b: unknown) => boolean = Object.is,
): Difference[] {
  const found: Difference[] = []
  const compare = (a: unknown, b: unknown, path: string): void => {
    if (Object.is(a, b)) return
    if (isObject(a) && isObject(b)) {
      const keys = new Set([...Object.keys(a), ...Object.keys(b)])
      for (const key of keys) compare(a[key], b[key], path === '' ? key : `${path}.${key}`)
    } else if (typeof a === 'function' && typeof b === 'function' && sameFunction(a, b)) return
    else found.push({ path, before: a, after: b })
  }
  compare(before, after, '')
  return found
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/**
 * True for functions written alike: whoever asks for a breaker in a handler makes them anew with
 * every request, and there would be no difference to show.
 */
export function writtenAlike(a: unknown, b: unknown): boolean {
  const text = String(a)
  return text === String(b) && !text.includes('[native code]')
}

/** `maxFailures is 3, got 5`. */
export function describeDifference({ path, before, after }: Difference): string {
  const functions = typeof before === 'function' && typeof after === 'function'
  return `${path} is ${inWords(before)}, got ${functions ? 'another function' : inWords(after)}`
}

function inWords(value: unknown): string {
  if (value === undefined) return 'none'
  return isObject(value) ? JSON.stringify(value) : show(value)
}
