import type { TripRecord } from '../trip/record.ts'
import type { Closed } from './closed.ts'
import type { HalfOpen } from './half-open.ts'

export interface Open {
  readonly name: 'open'
  readonly generation: number
  readonly since: number
  /** When its open time began to count: later than `since` when somebody tripped it once more. */
  from: number
  /** When the next call becomes a probe. */
  until: number
  readonly trip: TripRecord
  /** The failure that opened it, as it was thrown. */
  readonly cause: unknown
  readonly notBefore: number
  /** The state whose overdue calls opened it: one that succeeds after all cancels that. */
  pending: Closed | HalfOpen | null
}
