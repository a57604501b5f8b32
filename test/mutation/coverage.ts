import { afterEach, vi } from 'vitest'

/** What Stryker keeps: how often each mutant was reached by each test, and while modules were loaded. */
interface Stryker {
  readonly mutantCoverage?: { perTest: Record<string, object>; readonly static: object }
  readonly currentTestId?: string
}

const stryker = (globalThis as { readonly __stryker__?: Stryker }).__stryker__
const coverage = stryker?.mutantCoverage

// Sent after each file: of all files that ran in this process, it is more than fits into memory.
if (coverage !== undefined) coverage.perTest = {}

// A test that loads the library anew reaches what only runs while modules load, which is not to be counted.
const { resetModules } = vi
let isLoadedAnew = false
vi.resetModules = () => {
  isLoadedAnew = true
  return resetModules()
}

afterEach(() => {
  const reached = isLoadedAnew && coverage?.perTest[stryker?.currentTestId ?? '']
  isLoadedAnew = false
  if (!reached) return
  for (const mutant of Object.keys(coverage.static)) Reflect.deleteProperty(reached, mutant)
})
