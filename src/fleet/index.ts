/**
 * One breaker for a fleet of processes. Experimental: it may change in any version.
 *
 * @module
 */
export { casStore } from './cas-store.ts'
export { memoryStore } from './memory-store.ts'
export { type Bucket, type FleetRecord, NO_RECORD, timeToLive } from './record.ts'
export {
  type FleetReason,
  NO_REGISTERS,
  type OverrideRegister,
  type Register,
  type Registers,
} from './register.ts'
export { type SharedFleet, type SharedOptions, shared } from './shared.ts'
export { type FleetChange, type Step, step } from './step.ts'
export {
  type Answer,
  type Ask,
  type CasStore,
  type FleetCommand,
  type FleetCounts,
  type FleetPolicy,
  type FleetStore,
  type Push,
  policyText,
} from './store.ts'
