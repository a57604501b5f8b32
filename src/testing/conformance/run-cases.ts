import { ConformanceError, NotApplicableError } from './conformance-case.ts'

/** How one library did in one case. */
export interface ConformanceResult {
  readonly id: string
  readonly title: string
  readonly verdict: 'pass' | 'fail' | 'not applicable'
  /** What was observed, or why the case is not applicable. */
  readonly observed: string
}

/** What there is of a case, whatever it is a case of. */
interface Case<Adapter> {
  readonly id: string
  readonly title: string
  readonly expects: string
  run(adapter: Adapter): Promise<void>
}

/** Runs the cases one after the other. An unexpected error, also one of the adapter, is a `fail`. */
export async function runCases<Adapter>(
  adapter: Adapter,
  cases: readonly Case<Adapter>[],
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
