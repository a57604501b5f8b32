import { CircuitBreaker, CircuitOpenError } from 'short-circuit'
import { ManualClock } from 'short-circuit/testing'

const breaker = new CircuitBreaker({ maxFailures: 3, clock: new ManualClock() })
const length: (text: string) => Promise<number> = breaker(async (text: string) => text.length)

// @ts-expect-error -- a guarded function takes what the function takes
length(1).catch((error: unknown) => error instanceof CircuitOpenError && error.code)
