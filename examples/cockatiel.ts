// Retries of cockatiel around a breaker. `handleAll` would repeat rejections as well.
import { ExponentialBackoff, handleWhen, type RetryPolicy, retry } from 'cockatiel'
import { type CircuitBreaker, isCircuitOpenError } from 'short-circuit'

const policy: RetryPolicy = retry(
  handleWhen((error) => !isCircuitOpenError(error)),
  { maxAttempts: 5, backoff: new ExponentialBackoff({ initialDelay: 10 }) },
)

export function load<T>(
  breaker: CircuitBreaker,
  action: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return policy.execute((context) => breaker.run(action, { signal: context.signal }), signal)
}
