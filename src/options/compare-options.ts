import { show } from './validate.ts'

type IsSame = (a: unknown, b: unknown) => boolean

/**
 * True for plain objects with the same keys and equal values, at any depth; `isSame` compares all
 * other values. A key with the value `undefined` differs from a missing one: its name may be wrong.
 */
export function areEqual(a: unknown, b: unknown, isSame: IsSame = Object.is): boolean {
  if (!isPlainObject(a) || !isPlainObject(b)) return isSame(a, b)
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && areEqual(a[key], b[key], isSame))
}

/** One option whose value differs between two sets of options. */
export interface Difference {
  /** `trip.failureRate.threshold`. */
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

export function differences(
  before: object,
  after: object,
  isSame?: IsSame,
  parent = '',
): Difference[] {
  return Object.keys({ ...before, ...after }).flatMap((key) => {
    const [a, b]: unknown[] = [before[key as never], after[key as never]]
    if (areEqual(a, b, isSame)) return []
    const path = parent + key
    if (isPlainObject(a) && isPlainObject(b)) return differences(a, b, isSame, `${path}.`)
    return [{ path, before: a, after: b }]
  })
}

/** Returns the options whose values differ, with the new values. */
export function changedOptions(before: object, after: object): Record<string, unknown> {
  const all = Object.entries(after)
  return Object.fromEntries(all.filter(([key, value]) => !areEqual(before[key as never], value)))
}

/**
 * True for the same value and for functions with the same source text. A request handler that gets
 * its breaker from a registry creates these functions again for every request, and an error message
 * could show no difference.
 */
export function isWrittenAlike(a: unknown, b: unknown): boolean {
  if (typeof a !== 'function' || typeof b !== 'function') return Object.is(a, b)
  return a === b || (String(a) === String(b) && !String(a).includes('[native code]'))
}

/** True for data that holds no function and no instance of a class, at any depth. */
export function isPlainData(value: unknown): boolean {
  if (isPlainObject(value)) return Object.values(value).every(isPlainData)
  return typeof value !== 'object' && typeof value !== 'function'
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** `maxFailures is 3, got 5`. */
export function describeDifference({ path, before, after }: Difference): string {
  const functions = typeof before === 'function' && typeof after === 'function'
  const got = functions ? 'another function' : describeValue(after)
  return `${path} is ${describeValue(before)}, got ${got}`
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'none'
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : show(value)
}
