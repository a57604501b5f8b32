import { causesOf, read } from './classifier.ts'

/**
 * Ms until the server of an HTTP response, or of an error that has one, wants to be called again, by
 * `retry-after-ms` or `Retry-After`; `undefined` where it has not said so.
 */
export function retryAfterOf(value: unknown): number | undefined {
  for (const source of causesOf(value)) {
    const headers = read(read(source, 'response'), 'headers') ?? read(source, 'headers')
    const ms = Number.parseFloat(headerOf(headers, 'retry-after-ms') ?? '')
    if (ms >= 0) return ms
    const time = timeOf(headerOf(headers, 'retry-after'), headerOf(headers, 'date'))
    if (time !== undefined) return time
  }
  return undefined
}

function timeOf(value: string | undefined, date: string | undefined): number | undefined {
  if (value === undefined || value.trim() === '') return undefined
  const seconds = Number(value)
  if (seconds >= 0) return seconds * 1_000
  const ms = Date.parse(value) - (date === undefined ? Date.now() : Date.parse(date))
  return ms >= 0 ? ms : undefined
}

/** Of `Headers`, of an axios response, or of a plain object with names in lower case. */
export function headerOf(headers: unknown, name: string): string | undefined {
  const get = read(headers, 'get')
  const value = typeof get === 'function' ? get.call(headers, name) : read(headers, name)
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' || typeof first === 'number' ? String(first) : undefined
}
