// An operator for any observable: who unsubscribes after the first item has got an answer, before it has left.

import { type MonoTypeOperatorFunction, Observable, retry, throwError, timer } from 'rxjs'
import { type CircuitBreaker, isShortCircuitError } from 'short-circuit'

export function guard<T>(breaker: CircuitBreaker): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const permit = breaker.acquire()
      const subscription = source.subscribe({
        next: (item) => {
          permit.deliver()
          subscriber.next(item)
        },
        error: (error) => {
          permit.failure(error)
          subscriber.error(error)
        },
        complete: () => {
          permit.success()
          subscriber.complete()
        },
      })
      // The timeout of the breaker.
      const onAbort = () => subscriber.error(permit.signal.reason)
      permit.signal.addEventListener('abort', onAbort)
      return () => {
        permit.signal.removeEventListener('abort', onAbort)
        subscription.unsubscribe()
        permit.cancel()
      }
    })
}

/** Outside of `guard`: tries again what has failed, and not what was rejected. */
export function retryFailures<T>(count: number): MonoTypeOperatorFunction<T> {
  return retry({
    count,
    delay: (error, n) => (isRejection(error) ? throwError(() => error) : timer(10 * 2 ** n)),
  })
}

const isRejection = (error: unknown) =>
  isShortCircuitError(error) && error.code !== 'ERR_CALL_TIMEOUT'
