import type { RuleName } from '../transition.ts'
import type { Finding, RuleStatus } from './record.ts'

/** What rules can see of the closed state. */
export interface ClosedView {
  readonly consecutiveFailures: number
  readonly since: number
}

/** Lifetime totals, and what they were before the circuit last closed. */
export interface Totals {
  readonly counters: {
    readonly success: number
    readonly failure: number
    readonly inFlight: number
  }
  readonly history:
    | { readonly countsAtClose: { readonly success: number; readonly failure: number } }
    | undefined
}

/** One rule that can open a closed circuit, with all that it has seen. */
export interface TripRule<Settings, Saved = unknown> {
  readonly name: RuleName
  /** False when a success counts the same at any time and cannot open the circuit. */
  readonly needsTime: boolean
  /** Takes in a settled call. `duration` is `NaN` if it was not measured. */
  record(failed: boolean, duration: number, now: number): void
  /** Takes in a success without its time; only while {@link needsTime} is false. */
  recordUntimedSuccess(): void
  /** What it finds after the call that was recorded last, if that opens the circuit. */
  finding(now: number, state: ClosedView, totals: Totals): Finding | undefined
  /** Returns what goes on from here: the successes since then were none. */
  checkpoint?(): () => void
  /** Where it stands; undefined if it has no number to compare. */
  status(now: number): RuleStatus | undefined
  /** Goes on under other settings. Returns what could not be kept, or undefined. */
  configure(settings: Settings, now: number): string | undefined
  clone(): TripRule<Settings, Saved>
  /** Its evidence as plain data, with ages in place of times; undefined if it has none. */
  save(now: number): Saved
}

/** A rule that also charges calls that have not ended, once they are overdue. */
export interface OverdueRule<Settings, Saved = unknown> extends TripRule<Settings, Saved> {
  /** Whether its settings ask for it. */
  readonly chargesOverdue: boolean
  /** True while calls that have not ended count. */
  readonly hasOverdue: boolean
  /** Charges a call that is in flight for longer than it should be. */
  chargeOverdue(now: number): void
  /** Takes such a charge back: the call has ended after all. */
  retractOverdue(now: number): void
  /** Keeps such a charge: the caller has given the call up. Returns what that leads to. */
  keepOverdue(now: number): Finding | undefined
  /** What it finds, if calls that have not ended contribute to it. */
  findingOfOverdue(now: number): Finding | undefined
}

/** How a rule is made, and what the machine must measure for it. */
export interface RuleType<Settings, Saved = unknown> {
  readonly name: RuleName
  /** Whether it needs to know how long calls take. */
  readonly needsDuration: boolean
  /** What is lost when the rule is removed; undefined if nothing is. */
  readonly evidence: string | undefined
  create(settings: Settings): TripRule<Settings, Saved>
  restore(settings: Settings, saved: Saved, now: number): TripRule<Settings, Saved>
}
