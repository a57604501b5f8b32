// A guarded call as an effect: interrupting it aborts its signal, which says nothing about the target.
import { Effect, Schedule } from 'effect'
import { type CircuitBreaker, isCircuitOpenError } from 'short-circuit'

export function guarded<T>(
  breaker: CircuitBreaker,
  action: (signal: AbortSignal) => Promise<T>,
): Effect.Effect<T, unknown> {
  return Effect.tryPromise({
    try: (signal) => breaker.run(action, { signal }),
    catch: (error) => error,
  })
}

/** Tries again what has failed, and not what was rejected. */
export function retryFailures<T>(effect: Effect.Effect<T, unknown>): Effect.Effect<T, unknown> {
  return Effect.retry(effect, {
    schedule: Schedule.exponential('10 millis'),
    times: 5,
    while: (error) => !isCircuitOpenError(error),
  })
}
