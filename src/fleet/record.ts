import { NO_REGISTERS, type Registers } from './register.ts'
import type { FleetPolicy } from './store.ts'

/** Calls of one time slice: its number, then successes, failures and slow calls. */
export type Bucket = readonly [number, number, number, number]

/** What a store keeps of one breaker; `step` alone makes new ones. */
export interface FleetRecord {
  /** A store leaves records alone whose version it does not know. */
  readonly schema: 1
  readonly registers: Registers
  /**
   * The calls of the closed fleet, oldest first, by the geometry of the window (`bucketMs` x `buckets`): two versions of
   * a program that differ in it each have their own.
   */
  readonly windows: Readonly<Record<string, readonly Bucket[]>>
  /** Processes that have last reported failures or slow calls, and when; oldest first. */
  readonly reporters: readonly (readonly [process: string, at: number])[]
  /** Leases of probes, when they expire, and how long they last; in the order in which they were granted. */
  readonly leases: readonly (readonly [lease: string, expiresAt: number, lasts: number])[]
  /** Of the half-open state: probes that have succeeded, and leases that have expired. */
  readonly succeeded: number
  readonly lost: number
  /** Of the last ask, as {@link policyText} has it; empty before the first. */
  readonly policy: string
}

/** What a store has that has nothing yet. */
export const NO_RECORD: FleetRecord = /* @__PURE__ */ Object.freeze({
  schema: 1,
  registers: NO_REGISTERS,
  windows: {},
  reporters: [],
  leases: [],
  succeeded: 0,
  lost: 0,
  policy: '',
} as const)

const HOUR = 3_600_000

/** How long a store keeps a record that no process asks for, ms; `Infinity` while an override is set. */
export function timeToLive({ registers }: FleetRecord, { maxOpenMs }: FleetPolicy): number {
  return registers.override.mode === null ? Math.max(HOUR, 10 * maxOpenMs) : Infinity
}
