// got takes neither a fetch nor a dispatcher: a handler makes one call of a request with all of its retries.
import got, { type ExtendOptions, type Got } from 'got'
import type { CircuitBreaker } from 'short-circuit'
import { http } from 'short-circuit/outcomes'

export function createClient(breaker: CircuitBreaker, options: ExtendOptions = {}): Got {
  return got.extend(options, {
    handlers: [
      (request, next) =>
        request.isStream
          ? next(request)
          : (breaker.run(() => next(request), { classify: http }) as Promise<never>),
    ],
  })
}
