/** What a number must be. */
export interface Limit {
  readonly min?: number
  readonly max?: number
  readonly above?: number
  readonly whole?: boolean
  readonly infinite?: boolean
}

/** A value as error messages show it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

export function number(path: string, value: unknown, limit: Limit): number {
  const { min = -Infinity, max = Infinity, above = -Infinity, whole = false } = limit
  const fits =
    typeof value === 'number' &&
    value >= min &&
    value <= max &&
    value > above &&
    (!whole || Number.isInteger(value)) &&
    (limit.infinite === true || value < Infinity)
  if (fits) return value
  const message = `${path} must be ${expected(limit)}, got ${show(value)}`
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message)
}

function expected({ min, max, above, whole }: Limit): string {
  const kind = whole ? 'a whole number' : 'a number'
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`
  if (above !== undefined) return `${kind} above ${above}`
  return min === undefined ? kind : `${kind} of at least ${min}`
}

/** Checks that a value is an object whose keys are all in `known`. */
export function isAbout(
  path: string,
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${path} must be an object, got ${show(value)}`)
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    throw new TypeError(`unknown key ${show(key)} (in ${path}); known are ${known.join(', ')}`)
  }
  return value as Record<string, unknown>
}
