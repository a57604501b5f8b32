import type { InFlight } from '../in-flight.ts'
import type { LastFailures } from '../trip/last-failures.ts'
import type { Failure } from '../outcome.ts'
import type { Recovery } from '../recovery/recovery.ts'
import type { TripRecord } from '../trip/record.ts'
import type { Rules } from '../trip/rules.ts'

export type StateName = 'closed' | 'open' | 'half-open'

/** The rules that can open a closed circuit, in the order in which they are asked. */
export type RuleName = 'consecutiveFailures' | 'failureRate' | 'slowCallRate' | 'evidence' | 'when'

/** Why the automatic state moved: the rule that fired, or what else happened. */
export type TransitionReason =
  | RuleName
  | 'manual'
  | 'probeFailed'
  | 'probeExpired'
  | 'probeOverdue'
  | 'elapsed'
  | 'recovered'
  | 'overdueCancelled'
  | 'reset'

export const TRANSITION_REASONS: readonly TransitionReason[] = [
  'consecutiveFailures',
  'failureRate',
  'slowCallRate',
  'evidence',
  'when',
  'manual',
  'probeFailed',
  'probeExpired',
  'probeOverdue',
  'elapsed',
  'recovered',
  'overdueCancelled',
  'reset',
]

/** Each state owns its own evidence; a transition replaces the object and so starts afresh. */
export interface Closed {
  readonly name: 'closed'
  readonly generation: number
  readonly since: number
  /** Failures in a row. */
  streak: number
  /** What the other rules have seen; null while none is in force. */
  rules: Rules | null
  /** Calls that may become overdue; null where that counts for nothing. */
  inFlight: InFlight | null
  /** The last ones; null while there were none. */
  failures: LastFailures | null
  /** The server's own word: an opening lasts at least until then. */
  notBefore: number
}

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

export type State = Closed | Open | HalfOpen

export interface RecordedFailure extends Failure {
  /** When, in the machine's own time. */
  readonly at: number
}

/** A transition of the automatic state, as it is published. */
export interface Transition {
  readonly from: StateName
  readonly to: StateName
  readonly reason: TransitionReason
  /** The generation that it started. */
  readonly generation: number
  /** False while an override is in place: the state moved, but it does not decide. */
  readonly enforced: boolean
}
