import type { OpenDuration } from './recovery/open-duration.ts'
import type { RecoverySettings } from './recovery/recovery.ts'
import { needsDuration, type TripSettings } from './trip/rules.ts'

/** What the machine goes by: options with every default applied and nothing left to interpret. */
export interface MachineSettings {
  readonly trip: TripSettings
  readonly openDuration: OpenDuration
  readonly recovery: RecoverySettings
  readonly maxConcurrent: number
  /** A Retry-After counts up to this long, ms. */
  readonly maxRetryAfter: number
  /** Whether latencies and recent calls are kept. */
  readonly statistics: boolean
  /** Trip records kept. */
  readonly history: number
}

/** Whether a call that took so long, ms, is one of those that a rule for slow calls counts. */
export function isSlow(duration: number, { trip: { slowCallRate } }: MachineSettings): boolean {
  return slowCallRate !== undefined && duration >= slowCallRate.slowerThan
}

/** Whether something goes by how long calls take: statistics, a rule, or a slow start. */
export function measuresDurations({ statistics, trip, recovery }: MachineSettings): boolean {
  return statistics || needsDuration(trip) || recovery.kind === 'slowStart'
}
