import { type ConformanceResult, runCases } from '../../testing/conformance/run-cases.ts'
import { answerCases } from './answer-cases.ts'
import { engineCases } from './engine-cases.ts'
import { lossCases } from './loss-cases.ts'
import { raceCases } from './race-cases.ts'
import { readingCases } from './reading-cases.ts'
import type { StoreAdapter } from './store-adapter.ts'
import type { StoreCase } from './store-case.ts'
import { timeCases } from './time-cases.ts'
import { watchCases } from './watch-cases.ts'

/** Every case, `S1` first; those of a `CasStore` last. */
export const storeCases: readonly StoreCase[] = [
  ...raceCases,
  ...answerCases,
  ...timeCases,
  ...lossCases,
  ...watchCases,
  ...readingCases,
  ...engineCases,
]

/**
 * Runs a store through the cases, one after the other: a `FleetStore`, or a `CasStore`. It takes some seconds at
 * most; nothing else should run in the process meanwhile, whose clocks are wrong for a moment.
 *
 * Never rejects: an unexpected error, also one of the adapter, is a `fail` with that error.
 *
 * @example
 * import { memoryStore } from 'short-circuit/fleet'
 * import { runStoreConformance } from 'short-circuit/fleet/testing'
 *
 * const results = await runStoreConformance({
 *   name: 'memory',
 *   lacks: { 'clock of the engine': 'it is a store within one process' },
 *   setUp() {
 *     const store = memoryStore()
 *     return { open: () => store }
 *   },
 * })
 * console.assert(results.every(({ verdict }) => verdict !== 'fail'))
 */
export function runStoreConformance(
  adapter: StoreAdapter,
  cases: readonly StoreCase[] = storeCases,
): Promise<ConformanceResult[]> {
  return runCases(adapter, cases)
}
