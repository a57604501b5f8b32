import type { CircuitBreakerOptions } from 'short-circuit'

/** What can be chosen, by the way it is written in a program. */
export const POLICIES: Readonly<Record<string, CircuitBreakerOptions>> = {
  '{}': {},
  '{ maxFailures: 5, resetTimeout: 5_000 }': { maxFailures: 5, resetTimeout: 5_000 },
  '{ trip: { failureRate: { threshold: 0.5, window: { duration: 10_000 } } } }': {
    trip: { failureRate: { threshold: 0.5, window: { duration: 10_000 } } },
  },
  '{ trip: { slowCallRate: { threshold: 0.5, slowerThan: 500 } } }': {
    trip: { slowCallRate: { threshold: 0.5, slowerThan: 500 } },
  },
  '{ maxFailures: 5, recovery: { probes: 3 } }': { maxFailures: 5, recovery: { probes: 3 } },
}

/** The state of the controls. */
export interface Settings {
  /** From 0 to 1. */
  readonly failing: number
  /** The median, ms. */
  readonly latency: number
  readonly callsPerSecond: number
  readonly options: CircuitBreakerOptions
}
