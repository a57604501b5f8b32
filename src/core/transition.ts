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
