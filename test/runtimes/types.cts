import library = require('short-circuit')
import testing = require('short-circuit/testing')

const breaker = new library.CircuitBreaker({ maxFailures: 3, clock: new testing.ManualClock() })
const length: (text: string) => Promise<number> = breaker(async (text: string) => text.length)

// @ts-expect-error -- a guarded function takes what the function takes
length(1).catch((error: unknown) => error instanceof library.CircuitOpenError && error.code)
