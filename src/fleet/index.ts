/**
 * One breaker for a fleet of processes. Experimental: it may change in any version.
 *
 * @module
 */
export { type CasReading, type CasStore, casStore } from './cas-store.ts'
export { memoryStore } from './memory-store.ts'
export { operate } from './operate.ts'
export type { StorePort } from './port-end.ts'
export { portStore, serveStore } from './port-store.ts'
export {
  living,
  type OpenAlone,
  type OwnPolicy,
  PROCESS_GONE,
  type ProcessReport,
  type ProcessStatus,
} from './processes.ts'
export { breakerOf } from './reading.ts'
export { type Bucket, type FleetRecord, NO_RECORD, timeToLive } from './record.ts'
export {
  type FleetReason,
  NO_REGISTERS,
  type OverrideRegister,
  type Register,
  type Registers,
} from './register.ts'
export { shared } from './shared.ts'
export type { SharedFleet, SharedOptions } from './shared-options.ts'
export { type FleetChange, type Step, step } from './step.ts'
export {
  type Answer,
  type Ask,
  type FleetBreaker,
  type FleetCommand,
  type FleetCounts,
  type FleetPolicy,
  type FleetReading,
  type FleetStore,
  type JournalChange,
  type JournalEntry,
  type Push,
  policyOfText,
  policyText,
} from './store.ts'
