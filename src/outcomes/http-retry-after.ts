import { causesOf, read } from './classifier.ts'

/**
 * Ms until the server of an HTTP response, or of an error that has one, wants to be called again, by
 * `retry-after-ms` or `Retry-After`; `undefined` where it has not said so.
 */
export function retryAfterOf(value: unknown): number | undefined {
  for (const source of causesOf(value)) {
    const headers = read(read(source, 'response'), 'headers') ?? read(source, 'headers')
    const asked = headerOf(headers, 'retry-after')
    const ms =
      numberOf(headerOf(headers, 'retry-after-ms')) ??
      numberOf(asked, 1_000) ??
      timeUntil(asked, headerOf(headers, 'date'))
    if (ms !== undefined) return ms
  }
  return undefined
}

/** Digits and no other form of numbers, of the first one where a header comes several times. */
function numberOf(value = '', unit = 1): number | undefined {
  const [, digits] = /^\s*(\d+(?:\.\d+)?)\s*(?:,|$)/.exec(value) ?? []
  return digits === undefined ? undefined : Math.min(Number(digits) * unit, Number.MAX_SAFE_INTEGER)
}

/** Engines take much else for a date, but nothing with a time of day in it. */
function timeUntil(value = '', date = ''): number | undefined {
  if (!/\d:\d\d:\d\d/.test(value)) return undefined
  const now = Date.parse(date)
  const [first] = /^.*? GMT(?=\s*,)/.exec(value) ?? [value]
  const ms = Date.parse(first) - (Number.isNaN(now) ? Date.now() : now)
  return ms >= 0 ? ms : undefined
}

/** Of `Headers`, of an axios response, or of a plain object with names in lower case. */
export function headerOf(headers: unknown, name: string): string | undefined {
  const get = read(headers, 'get')
  const value = typeof get === 'function' ? get.call(headers, name) : read(headers, name)
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' || typeof first === 'number' ? String(first) : undefined
}
