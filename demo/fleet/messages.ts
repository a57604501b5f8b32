import type { StateName } from '../../src/index.ts'
import type { Call } from '../traffic.ts'

/** What a process of the fleet is told: once to join it, and again to send calls. */
export interface Orders {
  redisPort: number
  namespace: string
  upstreamUrl: string
  perSecond: number
}

/** What it tells, with times of the host. */
export type Report =
  | { kind: 'ready' }
  | { kind: 'change'; at: number; state: StateName; byFleet: boolean }
  | { kind: 'connection'; at: number; connected: boolean }
  /** `stall` is the longest time since the last report for which it could not run. */
  | { kind: 'calls'; calls: Call[]; probes: Call[]; stall: number }

/** Milliseconds of a clock that all processes of this machine have in common. */
export function hostTime(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
