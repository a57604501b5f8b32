import type { CircuitBreakerOptions } from '../../src/index.ts'

export const processes = 8
/** Calls a second of each process: too few to judge by itself as soon as all of them together. */
export const perSecond = 5

export const options: CircuitBreakerOptions = {
  name: 'upstream',
  maxFailures: 10,
  callTimeout: 2_000,
  recovery: { probes: 1 },
}

/** The fleet goes by half of the calls of all processes within two seconds. */
export const policy = { buckets: 10, bucketMs: 200 }
