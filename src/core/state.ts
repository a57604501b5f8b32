import type { Failure } from './outcome.ts'
import type { Probes } from './recovery/probes.ts'
import type { TripRecord } from './trip/record.ts'

export type StateName = 'closed' | 'open' | 'half-open'

/** Why the automatic state moved: the rule that fired, or what else happened. */
export type TransitionReason =
  | RuleName
  | 'manual'
  | 'probeFailed'
  | 'probeExpired'
  | 'elapsed'
  | 'recovered'
  | 'reset'

export type RuleName = 'consecutiveFailures'

/** Each state owns its own evidence; a transition replaces the object and so starts afresh. */
export interface Closed {
  readonly name: 'closed'
  readonly generation: number
  readonly since: number
  /** Failures in a row. */
  streak: number
  /** The last failures, oldest first. */
  failures: RecordedFailure[] | null
  /** The server's own word: an opening lasts at least until then. */
  notBefore: number
}

export interface Open {
  readonly name: 'open'
  readonly generation: number
  readonly since: number
  /** When the next call becomes a probe. */
  until: number
  readonly trip: TripRecord
  /** The failure that opened it, as it was thrown. */
  readonly cause: unknown
  readonly notBefore: number
}

export interface HalfOpen {
  readonly name: 'half-open'
  readonly generation: number
  readonly since: number
  readonly probes: Probes
  readonly trip: TripRecord
  readonly cause: unknown
  notBefore: number
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
