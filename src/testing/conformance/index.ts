export type {
  BreakerAdapter,
  BreakerSetup,
  BreakerState,
  Feature,
  TestBed,
  TestClock,
  TestedAction,
  TestedBreaker,
} from './adapter.ts'
export { type ConformanceCase, ConformanceError, NotApplicableError } from './conformance-case.ts'
export type { ConformanceResult } from './run-cases.ts'
export { conformanceCases, runConformance } from './run-conformance.ts'
