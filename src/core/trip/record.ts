import type { RecordedFailure } from '../outcome.ts'
import type { RuleName, StateName, TransitionReason } from '../transition.ts'

/** What the rule that fired had found: it opens at `observed >= threshold`. */
export interface Finding {
  readonly rule: RuleName
  readonly observed: number
  readonly threshold: number
  /**
   * Of a rate: the settled calls in its window, and those that failed or were slow. Of a count: the calls,
   * or the milliseconds, from the first of the failures to the last. Of evidence that no call has
   * succeeded, for so many milliseconds.
   */
  readonly calls?: number
  readonly hits?: number
  readonly within?: number
  /** Of the evidence: what it was made of. */
  readonly failures?: number
  readonly slow?: number
  readonly overdue?: number
}

/** Where one rule stands: it opens at `observed >= threshold`, with enough calls. */
export interface RuleStatus {
  readonly rule: RuleName
  readonly observed: number
  readonly threshold: number
  /** Of a rate: the settled calls in its window, those that were hits, and how many it takes. */
  readonly calls?: number
  readonly hits?: number
  readonly minimumCalls?: number
}

/** What every account of a trip has: as it is kept, saved and shown. */
export interface TripFacts {
  /** Why it first opened. */
  readonly reason: TransitionReason
  /** The status of every rule at that moment, including the one that fired. */
  readonly ruleStatuses: readonly RuleStatus[]
  /** The state before. */
  readonly from: StateName
  /** The generation that it ended. */
  readonly generation: number
  /** False when an override was set at that moment, so that calls were not affected. */
  readonly enforced: boolean
  /** Failures in a row at that moment. */
  readonly consecutiveFailures: number
  /** The last open time, ms; `null` for one that only ends by hand. */
  readonly openFor: number | null
  /** How often a probe has opened it again since. */
  readonly reopened: number
  /** How many calls were rejected until the circuit closed. */
  readonly rejected: number
}

/** What is kept of one trip: why it opened, and what came of it until it closed. Null: none yet. */
export interface TripRecord extends TripFacts {
  /** When it opened, in the machine's own time. */
  readonly at: number
  /** What was said when it was last tripped by hand, and by whom. */
  note: string | null
  by: string | null
  readonly finding: Finding | null
  readonly failures: readonly RecordedFailure[]
  openFor: number
  reopened: number
  rejected: number
  /** Why it was last opened again: `probeFailed`, `probeSlow`, `probeExpired` or `probeOverdue`. */
  reopenedBy: TransitionReason | null
  /** How the probe failed that last opened it again; null when it did not end. */
  probeFailure: RecordedFailure | null
  endedAt: number | null
  endedBy: TransitionReason | null
}
