// Retries around a breaker: each attempt is a call. A rejected one did not run, and another one would not run either.
import pRetry from 'p-retry'
import { type CircuitBreaker, isCircuitOpenError } from 'short-circuit'

type Load<T> = (signal: AbortSignal) => Promise<T>

/** Gives up when a call is rejected. */
export function retryFailures<T>(breaker: CircuitBreaker, load: Load<T>): Promise<T> {
  return pRetry(() => breaker.run(load), {
    retries: 5,
    minTimeout: 10,
    shouldRetry: ({ error }) => !isCircuitOpenError(error),
  })
}

/** Waits until the next attempt would pass: for work that has to be done, however late. */
export function retryUntilDone<T>(
  breaker: CircuitBreaker,
  load: Load<T>,
  signal: AbortSignal,
): Promise<T> {
  return pRetry(() => breaker.run(load, { signal }), {
    retries: 20,
    minTimeout: 10,
    maxTimeout: 10,
    signal,
    onFailedAttempt: () => breaker.whenReady({ signal }),
  })
}
