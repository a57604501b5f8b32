import type { RecordedFailure } from '../outcome.ts'
import type { RuleName, StateName, TransitionReason } from '../transition.ts'

/** What the rule that fired had found: it opens at `observed >= threshold`. */
export interface Finding {
  readonly rule: RuleName
  readonly observed: number
  readonly threshold: number
  /** Of a rate: the settled calls in its window, and those that failed or were slow. */
  readonly calls?: number
  readonly hits?: number
  /** Of the evidence: what its score was made of. */
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

/** What is kept of one trip: why it opened, and what came of it until it closed. */
export interface TripRecord {
  /** When it opened, in the machine's own time. */
  readonly at: number
  readonly reason: TransitionReason
  /** In the words of whoever tripped it by hand. */
  readonly note: string | undefined
  readonly finding: Finding | undefined
  /** Where the rules in force stood, the one that fired among them. */
  readonly ruleStatuses: readonly RuleStatus[]
  readonly from: StateName
  /** The generation that ended with it. */
  readonly generation: number
  readonly enforced: boolean
  readonly failures: readonly RecordedFailure[]
  /** Failures in a row at that moment. */
  readonly consecutiveFailures: number
  /** How long it was last opened for, ms. */
  openFor: number
  /** How often it was opened again since, because a probe failed. */
  reopened: number
  /** The failure of the last probe. */
  probeFailure: RecordedFailure | undefined
  /** Calls refused since. */
  rejected: number
  endedAt: number | undefined
  endedBy: TransitionReason | undefined
}
