export const STATE_NAMES = ['closed', 'open', 'half-open'] as const
export type StateName = (typeof STATE_NAMES)[number]

export const RULE_NAMES = [
  'consecutiveFailures',
  'failureRate',
  'slowCallRate',
  'evidence',
  'when',
] as const
/** The rules that can open a closed circuit, in the order in which they are asked. */
export type RuleName = (typeof RULE_NAMES)[number]

const OTHER_REASONS = [
  'manual',
  'probeFailed',
  'probeExpired',
  'probeOverdue',
  'elapsed',
  'recovered',
  'overdueCancelled',
  'reset',
] as const
/** Why the automatic state changed: the rule that fired, or what else happened. */
export type TransitionReason = RuleName | (typeof OTHER_REASONS)[number]
export const TRANSITION_REASONS: readonly TransitionReason[] = [...RULE_NAMES, ...OTHER_REASONS]

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
