/**
 * Tools for testing code with circuit breakers: a clock that tests advance, a dependency that follows
 * a script, and simulations.
 *
 * @example
 * import { ManualClock } from 'short-circuit/testing'
 *
 * const clock = new ManualClock()
 * await clock.advance(1_000)
 * console.assert(clock.now() === 1_000)
 *
 * @module
 */
export {
  type BreakerAdapter,
  type BreakerSetup,
  type BreakerState,
  type ConformanceCase,
  ConformanceError,
  type ConformanceResult,
  conformanceCases,
  type Feature,
  NotApplicableError,
  runConformance,
  type TestBed,
  type TestClock,
  type TestedAction,
  type TestedBreaker,
} from './conformance/index.ts'
export {
  createFullError,
  createOpenError,
  createTimeoutError,
  type OpenErrorOptions,
} from './errors.ts'
export { ManualClock } from './manual-clock.ts'
export {
  type ScriptedDependency,
  type ScriptedDependencyOptions,
  scriptedDependency,
} from './scripted-dependency.ts'
export type {
  PolicyContext,
  PolicyFactory,
  SimulatedBreaker,
  SimulatedPermit,
  SimulatedTransition,
} from './simulation/guard.ts'
export type { Phase } from './simulation/phase.ts'
export type { PhaseResult, SimulatedTrip, SimulationResult } from './simulation/result.ts'
export type { Script } from './simulation/script.ts'
export type {
  SimulatedDependencyOptions,
  SimulationOptions,
  TrafficOptions,
} from './simulation/setup.ts'
export { simulate } from './simulation/simulate.ts'
