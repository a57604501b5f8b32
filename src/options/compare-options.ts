import { show } from './validate.ts'

/**
 * True for plain objects with the same keys and equal values, at any depth; everything else, functions
 * above all, is equal only to itself. A key with the value `undefined` differs from a missing one: its
 * name may be wrong.
 */
export function areEqual(a: unknown, b: unknown): boolean {
  if (!isPlainObject(a) || !isPlainObject(b)) return Object.is(a, b)
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && areEqual(a[key], b[key]))
}

/** One option whose value differs between two sets of options. */
export interface Difference {
  /** `trip.failureRate.threshold`. */
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

export function differences(before: object, after: object, parent = ''): Difference[] {
  return Object.keys({ ...before, ...after }).flatMap((key) => {
    const [a, b]: unknown[] = [before[key as never], after[key as never]]
    if (areEqual(a, b)) return []
    const path = parent + key
    if (isPlainObject(a) && isPlainObject(b)) return differences(a, b, `${path}.`)
    return [{ path, before: a, after: b }]
  })
}

/** Returns the options whose values differ, with the new values. */
export function changedOptions(before: object, after: object): Record<string, unknown> {
  const all = Object.entries(after)
  return Object.fromEntries(all.filter(([key, value]) => !areEqual(before[key as never], value)))
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
  if (typeof before === 'function' && typeof after === 'function') {
    return `${path} is another function; define it once, outside of what asks for the breaker`
  }
  return `${path} is ${describeValue(before)}, got ${describeValue(after)}`
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'none'
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : show(value)
}
