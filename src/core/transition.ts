export const STATE_NAMES = ['closed', 'open', 'half-open'] as const
export type StateName = (typeof STATE_NAMES)[number]

export const RULE_NAMES = [
  'consecutiveFailures',
  'failureCount',
  'failureRate',
  'slowCallRate',
  'evidence',
  'when',
] as const
/** The rules that can open a closed circuit, in the order in which they are asked. */
export type RuleName = (typeof RULE_NAMES)[number]

const OTHER_REASONS = [
  'classify',
  'manual',
  'probeFailed',
  'probeSlow',
  'probeExpired',
  'probeOverdue',
  'elapsed',
  'recovered',
  'overdueCancelled',
  'reset',
  'fleet',
] as const
/** Why the automatic state changed: the rule that fired, or what else happened. */
export type TransitionReason = RuleName | (typeof OTHER_REASONS)[number]
export const TRANSITION_REASONS: readonly TransitionReason[] = [...RULE_NAMES, ...OTHER_REASONS]

/**
 * A transition of the automatic state, as it is published. It may lead back to the state that it comes
 * from: an open circuit that is tripped by hand starts its open time again, and a half-open one that
 * is made half-open its probes.
 */
export interface Transition {
  readonly from: StateName
  readonly to: StateName
  readonly reason: TransitionReason
  /** The generation that it started. */
  readonly generation: number
  /** False while an override is in place: the state moved, but it does not decide. */
  readonly enforced: boolean
  /** What was said by whom when it was made by hand. */
  readonly note: string | undefined
  readonly by: string | undefined
}

/** Why something is done by hand, and by whom. */
export interface ManualOptions {
  /** Why, for events and explanations. */
  readonly reason?: string | undefined
  /** Who does it, for events and explanations. */
  readonly by?: string | undefined
  /**
   * Does it in all processes of the fleet that the option `shared` names: here at once, there when the store
   * tells them. Without that option it has no effect.
   * @defaultValue `false`
   */
  readonly fleet?: boolean | undefined
}
