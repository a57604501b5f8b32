import type { Recovery } from '../recovery/recovery.ts'
import type { TripRecord } from '../trip/record.ts'
import type { Closed } from './closed.ts'

export interface HalfOpen {
  readonly name: 'half-open'
  readonly generation: number
  readonly since: number
  recovery: Recovery
  readonly trip: TripRecord
  readonly cause: unknown
  notBefore: number
  readonly pending: Closed | HalfOpen | null
}
