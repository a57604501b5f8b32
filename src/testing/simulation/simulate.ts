import { Engine } from './engine.ts'
import { guardFactory } from './guard.ts'
import type { SimulationResult } from './result.ts'
import { resolveSetup, type SimulationOptions } from './setup.ts'

/**
 * Simulates the faults of a dependency in virtual time with real breakers and returns the result:
 * minutes of traffic take milliseconds. The same options always produce the same result.
 *
 * @throws TypeError, RangeError or SyntaxError naming the option that is wrong
 * @example
 * import { simulate } from 'short-circuit/testing'
 *
 * const { trips, goodput } = simulate({
 *   seed: 1,
 *   dependency: { script: 'ok for 30 s, hang 30 s, ok for 30 s' },
 *   traffic: { clients: 4, callsPerSecond: 10, timeout: 2_000 },
 *   policy: { maxFailures: 5, resetTimeout: 1_000 },
 * })
 * console.assert(trips.length >= 4 && goodput > 0.6)
 */
export function simulate(options: SimulationOptions): SimulationResult {
  const setup = resolveSetup(options)
  const { policy } = options
  const own = typeof policy === 'function' ? undefined : policy?.callTimeout
  const engine = new Engine(setup, guardFactory(policy), own ?? setup.traffic.timeout)
  while (engine.step());
  return engine.result()
}
