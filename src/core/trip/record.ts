import type { RecordedFailure, RuleName, StateName, TransitionReason } from '../state.ts'

/** Both sides of the inequality of the rule that fired: it opens at `observed >= threshold`. */
export interface Finding {
  readonly rule: RuleName
  readonly observed: number
  readonly threshold: number
}

/** What is kept of one opening: why it happened, and what came of it. */
export interface TripRecord {
  /** When it opened, in the machine's own time. */
  readonly at: number
  readonly reason: TransitionReason
  /** In the words of whoever tripped it by hand. */
  readonly note: string | undefined
  readonly finding: Finding | undefined
  readonly from: StateName
  readonly generation: number
  readonly enforced: boolean
  readonly failures: readonly RecordedFailure[]
  /** Failures in a row at that moment. */
  readonly streak: number
  /** How long it was to stay open, ms. */
  openFor: number
  /** Calls refused since. */
  rejected: number
  endedAt: number | undefined
  endedBy: TransitionReason | undefined
}
