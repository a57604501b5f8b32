/**
 * A circuit breaker that is correct, fast, and explains itself.
 *
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 *
 * const breaker = new CircuitBreaker({ maxFailures: 3, resetTimeout: 3_000 })
 * const getUser = breaker(async (id: string) => ({ id, name: 'Ada' }))
 * console.assert((await getUser('1')).name === 'Ada')
 *
 * @packageDocumentation
 */

export type {
  Decorator,
  Guarded,
  GuardedSync,
  StreamGuard,
  SyncGuard,
} from './call/function-types.ts'
export type { Permit } from './call/permit.ts'

export type { ConfigureOptions, ConfigureResult } from './circuit/configure.ts'
export type { ListenOptions } from './circuit/listen.ts'

export { CircuitBreaker } from './circuit-breaker.ts'
export type { Clock } from './clock.ts'
export type { Counts, RejectReason } from './core/measure/counters.ts'
export type { RecentCalls } from './core/measure/statistics.ts'
export type { Outcome, Settled } from './core/outcome.ts'
export type { OpenTimeFunction, OpenTimeView } from './core/recovery/open-duration.ts'
export type { Saved } from './core/save.ts'
export type { OverrideMode, OverrideOptions } from './core/state/override.ts'
export type { ManualOptions, StateName, Transition, TransitionReason } from './core/transition.ts'
export type { Finding, RuleStatus } from './core/trip/record.ts'
export type { TripPredicate, WhenView } from './core/trip/when.ts'
export {
  CallTimeoutError,
  CircuitFullError,
  CircuitOpenError,
  type ErrorCode,
  isCallTimeoutError,
  isCircuitFullError,
  isCircuitOpenError,
  isShortCircuitError,
  ShortCircuitError,
} from './errors.ts'
export type {
  BreakerEvent,
  BreakerEvents,
  EventName,
  Listener,
  RegistryEvent,
  RegistryEvents,
} from './events.ts'
export type { Explanation } from './inspect/explain.ts'
export type { BreakerSummary, Snapshot } from './inspect/snapshot.ts'
export type { Trip } from './inspect/trip.ts'
export type * from './options/policy-options.ts'
export type * from './options/shared-options.ts'
export type {
  AcquireOptions,
  AnyArguments,
  BreakerRegistry,
  CallOptions,
  CircuitBreakerOptions,
  ConfigurePatch,
  GuardStream,
  ResolvedOptions,
  WaitOptions,
} from './options.ts'
export { type ProtectOptions, protect } from './protect.ts'
export type { BreakerReading, LatencyReading } from './registry/breaker-reading.ts'
export type {
  JsonOptions,
  RegisteredOptions,
  RegistryDefaults,
} from './registry/configuration.ts'
export type { BreakerKey, KeyedOptions } from './registry/keyed.ts'
export type { RegistryConfiguration } from './registry/registry-options.ts'
export {
  CircuitRegistry,
  type CircuitRegistryOptions,
  circuits,
  type RegistrySnapshot,
  type RegistrySummary,
} from './registry.ts'
