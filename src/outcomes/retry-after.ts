import type { Settled } from '../index.ts'
import { causesOf, read } from './classifier.ts'

/**
 * How long a server has asked to be left alone, ms: by `retry-after-ms` or `Retry-After`, in seconds or
 * as a date, of a response or of an error that has one. `undefined` where it has not. A date is taken
 * relative to the `Date` of the same response, so that it does not matter what this clock says.
 *
 * For the option `retryAfter` of a breaker, a call or a permit.
 *
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { http, retryAfter } from 'short-circuit/outcomes'
 *
 * const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 50, classify: http, retryAfter })
 * await breaker.run(async () => ({ status: 503, headers: { 'retry-after': '20' } }))
 * const { retryAfter: wait } = await breaker.run(() => 1).catch((error) => error)
 * console.assert(wait > 19_000)
 */
export function retryAfter(settled: Settled): number | undefined {
  return retryAfterOf(settled.status === 'fulfilled' ? settled.value : settled.reason)
}

/** The same for a response or an error. */
export function retryAfterOf(value: unknown): number | undefined {
  for (const source of causesOf(value)) {
    const headers = read(read(source, 'response'), 'headers') ?? read(source, 'headers')
    const ms = Number.parseFloat(header(headers, 'retry-after-ms') ?? '')
    if (ms >= 0) return ms
    const time = timeOf(header(headers, 'retry-after'), header(headers, 'date'))
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
function header(headers: unknown, name: string): string | undefined {
  const get = read(headers, 'get')
  const value = typeof get === 'function' ? get.call(headers, name) : read(headers, name)
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' || typeof first === 'number' ? String(first) : undefined
}
