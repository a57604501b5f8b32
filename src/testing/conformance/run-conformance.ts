import type { BreakerAdapter } from './adapter.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { halfOpenCases } from './half-open-cases.ts'
import { outcomeCases } from './outcome-cases.ts'
import { rateCases } from './rate-cases.ts'
import { resourceCases } from './resource-cases.ts'
import { type ConformanceResult, runCases } from './run-cases.ts'
import { staleCases } from './stale-cases.ts'
import { timeCases } from './time-cases.ts'

function inOrder(a: ConformanceCase, b: ConformanceCase): number {
  return a.id.localeCompare(b.id, 'en', { numeric: true })
}

/** Every case, `K1` first. Each is one that some well-known circuit breaker gets wrong. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...halfOpenCases,
  ...staleCases,
  ...timeCases,
  ...rateCases,
  ...outcomeCases,
  ...resourceCases,
].sort(inOrder)

/**
 * Runs the circuit breaker of any library through the cases, one after the other.
 *
 * Never rejects: an unexpected error, also one of the adapter, is a `fail` with that error.
 *
 * @example
 * import { type BreakerAdapter, runConformance } from 'short-circuit/testing'
 *
 * export async function failures(adapter: BreakerAdapter): Promise<string[]> {
 *   const results = await runConformance(adapter)
 *   return results.filter((r) => r.verdict === 'fail').map((r) => `${r.id} ${r.observed}`)
 * }
 */
export function runConformance(
  adapter: BreakerAdapter,
  cases: readonly ConformanceCase[] = conformanceCases,
): Promise<ConformanceResult[]> {
  return runCases(adapter, cases)
}
