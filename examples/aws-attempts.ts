// Each attempt of a client of the AWS SDK is a call of its own, below its retries. `protect(client, breaker)` makes
// one call of all attempts instead.
import type { SQSClient } from '@aws-sdk/client-sqs'
import { type CircuitBreaker, isCircuitOpenError } from 'short-circuit'
import { aws } from 'short-circuit/outcomes'

export function guardAttempts(client: SQSClient, breaker: CircuitBreaker): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await breaker.run(() => next(args), { classify: aws })
      } catch (error) {
        // The SDK tries again what has failed, also what a failure has caused: a rejection, therefore, by its cause.
        if (isCircuitOpenError(error)) delete error.cause
        throw error
      }
    },
    { name: 'circuitBreaker', step: 'finalizeRequest', priority: 'low' },
  )
}
