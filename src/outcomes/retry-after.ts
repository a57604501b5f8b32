import type { Settled } from '../index.ts'
import { grpcRetryAfterOf } from './grpc-retry-after.ts'
import { retryAfterOf } from './http-retry-after.ts'

/**
 * How long a server has asked to be left alone, ms: by `retry-after-ms` or `Retry-After`, in seconds or
 * as a date, of a response or of an error that has one; by `grpc-retry-pushback-ms` or `RetryInfo` of an
 * error of gRPC or Connect. `undefined` where it has not. A date is taken relative to the `Date` of the
 * same response, so that it does not matter what this clock says.
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
  const about = settled.status === 'fulfilled' ? settled.value : settled.reason
  return retryAfterOf(about) ?? grpcRetryAfterOf(about)
}
