import type { RecordedFailure } from '../core/outcome.ts'
import { finite } from '../core/save.ts'
import type { HalfOpen } from '../core/state/half-open.ts'
import type { Open } from '../core/state/open.ts'
import type { TransitionReason } from '../core/transition.ts'
import { SLOW_FAILURE_WEIGHT } from '../core/trip/evidence.ts'
import type { Finding, RuleStatus, TripFacts, TripRecord } from '../core/trip/record.ts'
import type { TripSettings } from '../core/trip/rules.ts'
import { count, failureText, percent, round, span } from './words.ts'

/** A failed call, as a trip keeps it. */
export interface TripFailure {
  /** Class of the error, or the type of what was thrown. */
  readonly name: string
  /** `error.code`, or `error.status`; `null` when there was neither. */
  readonly code: string | number | null
  /** Redacted, and cut to 200 characters. */
  readonly message: string
}

/** One opening of the circuit until it closed, as plain data: why it opened, and how it ended. */
export interface Trip extends TripFacts {
  /** When, in milliseconds since 1970, for display: it follows the wall clock. `age` is exact. */
  readonly at: number
  /** How long ago, ms. */
  readonly age: number
  /** The reason as a text that may follow "because". */
  readonly text: string
  /** What was said when it was last tripped by hand, and by whom; `null` for nothing. */
  readonly note: string | null
  readonly by: string | null
  /** Both sides of the inequality of the rule that fired: it opens at `observed >= threshold`. */
  readonly finding: Finding | null
  /** With which other setting it would not have opened then; `null` when that is unknown. */
  readonly counterfactual: string | null
  /** The last failures before it, oldest first; `age` in ms before the trip. */
  readonly failures: readonly (TripFailure & { readonly age: number })[]
  /** Why a probe last re-opened it; `null` when none has. */
  readonly reopenedBy: TransitionReason | null
  /** The failure of that probe; `null` when it did not end, or none has re-opened it. */
  readonly probeFailure: TripFailure | null
  /** How long it took until the circuit closed, ms; `null` before. */
  readonly lasted: number | null
  /** Why the circuit closed; `null` before. */
  readonly endedBy: TransitionReason | null
}

/**
 * A trip record as plain data.
 *
 * @param wall the wall clock at `now`
 * @param rules the rules in force
 */
export function tripOf(record: TripRecord, now: number, wall: number, rules: TripSettings): Trip {
  const { at, endedAt, finding, ruleStatuses, failures, probeFailure, ...same } = record
  const age = now - at
  return {
    ...same,
    at: Math.round(wall - age),
    openFor: finite(same.openFor),
    age,
    text: reasonOf(record),
    finding: finding && { ...finding },
    ruleStatuses: ruleStatuses.map((status) => ({ ...status })),
    counterfactual: counterfactualOf(record, rules),
    failures: failures.map((failure) => ({ ...failureOf(failure), age: at - failure.at })),
    probeFailure: probeFailure && failureOf(probeFailure),
    lasted: endedAt === null ? null : endedAt - at,
  }
}

function failureOf({ at: _, ...failure }: RecordedFailure): TripFailure {
  return failure
}

/** Why the circuit is open now: who tripped it once more, the probe that re-opened it, or the trip. */
export function whyOpen(state: Open | HalfOpen): { reason: TransitionReason; text: string } {
  const { trip } = state
  if (state.name === 'open' && state.retripped !== null) {
    return { reason: 'manual', text: trippedByHand(state.retripped) }
  }
  return { reason: trip.reopenedBy ?? trip.reason, text: reopenedText(trip) ?? reasonOf(trip) }
}

/** Why a probe last re-opened it, to follow "because"; undefined if none has. */
export function reopenedText({ reopenedBy, probeFailure }: TripRecord): string | undefined {
  if (reopenedBy === null) return undefined
  const failure = probeFailure === null ? '' : ` with ${failureText(probeFailure)}`
  return REASONS[reopenedBy] + failure
}

/** Why it first opened, to follow "because". */
export function reasonOf({ reason, finding, note, by }: TripRecord): string {
  if (finding !== null) return findingOf(finding)
  const said = reason === 'manual' || reason === 'fleet'
  return REASONS[reason] + (said ? saidBy({ reason: note, by }) : '')
}

/** `it was tripped by hand by Ada (deploy)`. */
export function trippedByHand(said: ManuallySaid): string {
  return REASONS.manual + saidBy(said)
}

interface ManuallySaid {
  readonly reason?: string | null | undefined
  readonly by?: string | null | undefined
}

/** ` by Ada (deploy)`, as far as it was said. */
export function saidBy({ reason, by }: ManuallySaid): string {
  return (by ? ` by ${by}` : '') + (reason ? ` (${reason})` : '')
}

export const REASONS: Readonly<Record<TransitionReason, string>> = {
  consecutiveFailures: 'too many calls failed in a row',
  failureCount: 'too many calls failed',
  failureRate: 'too many calls failed',
  slowCallRate: 'too many calls were slow',
  evidence: 'the evidence score was too high',
  when: 'your `when` rule returned true',
  classify: '`classify` returned `"trip"`',
  manual: 'it was tripped by hand',
  probeFailed: 'a probe failed',
  probeSlow: 'a probe was slow',
  probeExpired: 'a probe did not end in time',
  probeOverdue: 'a probe took far longer than usual',
  elapsed: 'its open time was over',
  recovered: 'enough probes succeeded',
  overdueCancelled: 'a call that seemed to hang succeeded after all',
  reset: 'it was reset by hand',
  fleet: 'it was decided for the fleet',
}

function findingOf(finding: Finding): string {
  const { rule, observed, threshold, calls = 0, hits = 0, within } = finding
  const share = `${hits} of ${count(calls, 'call')} (${percent(observed)})`
  const limit = `, which reaches the threshold of ${percent(threshold)}`
  switch (rule) {
    case 'consecutiveFailures':
      return `${count(observed, 'call')} failed${observed === 1 ? '' : ' in a row'} (limit ${threshold})`
    case 'failureCount': {
      const all =
        calls > observed ? `${observed} of the last ${calls} calls` : count(observed, 'call')
      return `${all} failed${within ? ` within ${span(within)}` : ''} (limit ${threshold})`
    }
    case 'failureRate':
      return `${share} failed${limit}`
    case 'slowCallRate':
      return `${share} ${hits === 1 ? 'was' : 'were'} slow${limit}`
    case 'when':
      return REASONS.when
    case 'evidence':
      if (within !== undefined) return `no call succeeded for ${span(within)}${parts(finding)}`
      return `the evidence score reached ${round(observed)} (threshold ${round(threshold)})${parts(finding)}`
  }
}

/**
 * With which other setting it would not have opened then; `null` when that is unknown.
 *
 * @param rules those in force; a rate can't ask for more calls than its window holds
 */
export function counterfactualOf(record: TripRecord, rules: TripSettings): string | null {
  const { finding, ruleStatuses } = record
  if (finding === null) return null
  const others = ruleStatuses.filter((value) => value.rule !== finding.rule && fires(value))
  // A score may be high for less than its minimum span, which its status does not tell.
  if (others.some(({ rule }) => rule === 'evidence')) return null
  if (others.length > 0) {
    const rules = others.map(({ rule }) => `\`${rule}\``).join(' and ')
    return `Without that rule, ${rules} would have opened it then`
  }
  const changes = settingsThatHold(finding, rules)
  return changes.length === 0
    ? null
    : `With ${changes.join(', or ')}, it would not have opened then`
}

/** Settings of the rule with which its finding would not have opened the circuit. */
function settingsThatHold(finding: Finding, rules: TripSettings): string[] {
  const { rule, observed, threshold, calls = 0, overdue = 0 } = finding
  if (rule === 'consecutiveFailures') return [`a limit of ${observed + 1}`]
  if (rule === 'evidence') {
    const ended = observed - SLOW_FAILURE_WEIGHT * overdue
    return ended < threshold ? ['`overdue: false`'] : []
  }
  if (rule === 'when') return []
  const window = rules[rule]?.window
  const room = window !== undefined && 'calls' in window ? window.calls : Infinity
  if (rule === 'failureCount') return observed < room ? [`a threshold of ${observed + 1}`] : []
  // Rounded up, so that any threshold above it is above what was observed.
  const above = Math.ceil(observed * 1000) / 1000
  return [
    above < 1 ? `a threshold above ${percent(above)}` : '',
    calls < room ? `a minimum of ${count(calls + 1, 'call')}` : '',
  ].filter(Boolean)
}

function fires({ observed, threshold, calls = 0, minimumCalls = 0 }: RuleStatus): boolean {
  return observed >= threshold && calls >= minimumCalls
}

function parts({ failures = 0, slow = 0, overdue = 0 }: Finding): string {
  const named = [
    failures > 0 ? count(failures, 'failure') : '',
    slow > 0 ? count(slow, 'slow failure') : '',
    overdue > 0 ? count(overdue, 'overdue call') : '',
  ].filter(Boolean)
  return named.length === 0 ? '' : `: ${named.join(', ')}`
}
