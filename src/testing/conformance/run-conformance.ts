import type { BreakerAdapter } from './adapter.ts'
import { type ConformanceCase, ConformanceError, NotApplicableError } from './conformance-case.ts'
import { halfOpenCases } from './half-open-cases.ts'
import { outcomeCases } from './outcome-cases.ts'
import { rateCases } from './rate-cases.ts'
import { resourceCases } from './resource-cases.ts'
import { staleCases } from './stale-cases.ts'
import { timeCases } from './time-cases.ts'

/** How one library did in one case. */
export interface ConformanceResult {
  readonly id: string
  readonly title: string
  readonly verdict: 'pass' | 'fail' | 'not applicable'
  /** What was observed, or why the case is not applicable. */
  readonly observed: string
}

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
export async function runConformance(
  adapter: BreakerAdapter,
  cases: readonly ConformanceCase[] = conformanceCases,
): Promise<ConformanceResult[]> {
  const results: ConformanceResult[] = []
  for (const { id, title, expects, run } of cases) {
    let verdict: ConformanceResult['verdict'] = 'pass'
    let observed = expects
    try {
      await run(adapter)
    } catch (error) {
      verdict = error instanceof NotApplicableError ? 'not applicable' : 'fail'
      observed = describe(error)
    }
    results.push({ id, title, verdict, observed })
  }
  return results
}

function describe(error: unknown): string {
  if (error instanceof ConformanceError || error instanceof NotApplicableError) return error.message
  return `the case ended with ${String(error)}`
}
