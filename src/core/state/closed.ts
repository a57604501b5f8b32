import { InFlight } from '../in-flight.ts'
import { baselineOf, type LatencyBaseline, SHORTEST_OVERDUE } from '../measure/latency-baseline.ts'
import { type Classification, notBefore, type RecordedFailure, recorded } from '../outcome.ts'
import { Permit } from '../permit.ts'
import type { MachineSettings } from '../settings.ts'
import { consecutiveFailures } from '../trip/consecutive-failures.ts'
import { keepFailure } from '../trip/last-failures.ts'
import type { Finding, RuleStatus } from '../trip/record.ts'
import type { Totals } from '../trip/rule.ts'
import {
  cloneRules,
  configureRules,
  createRules,
  overdueRule,
  type Rules,
  record,
  ruleWithCharges,
  statusesOf,
  type TripSettings,
} from '../trip/rules.ts'

/** Calls pass; the rules watch how they end. */
export interface Closed {
  readonly name: 'closed'
  readonly generation: number
  readonly since: number
  /** Failures in a row. */
  consecutiveFailures: number
  /** The other rules; null while none is in force. */
  rules: Rules | null
  /** Calls that may become overdue; null if no rule charges them. */
  inFlight: InFlight | null
  /** The last ones, oldest first; null while there were none. */
  failures: RecordedFailure[] | null
  /** Retry-After: an opening lasts at least until then. */
  notBefore: number
  /** The last failure as it was thrown, where a later success may open. */
  lastError: unknown
}

/** The closed state with fresh evidence. */
export function createClosed(
  generation: number,
  since: number,
  trip: TripSettings,
  rules: Rules | null = createRules(trip),
): Closed {
  const overdue = overdueRule(rules)
  return {
    name: 'closed',
    generation,
    since,
    consecutiveFailures: 0,
    rules,
    inFlight: overdue === undefined ? null : new InFlight(overdue),
    failures: null,
    notBefore: 0,
    lastError: undefined,
  }
}

export function admitCall(state: Closed, now: number): Permit {
  const permit = new Permit(state, now)
  state.inFlight?.add(permit)
  return permit
}

/** Takes in how a call ended. Returns what the first rule finds that opens the circuit. */
export function recordCall(
  state: Closed,
  permit: Permit | undefined,
  classification: Classification,
  duration: number,
  now: number,
  data: Parts & Totals,
): Finding | undefined {
  const { outcome } = classification
  if (outcome === 'cancelled') return recordCancelled(state, permit, now, data)
  if (outcome === 'success') return recordSuccess(state, duration, now, data)
  if (outcome === 'failure') return recordFailure(state, classification, duration, now, data)
  return undefined
}

/** Those of a machine that a call is recorded in, besides the state. */
interface Parts {
  readonly settings: MachineSettings
  baseline: LatencyBaseline | undefined
  readonly time: { chargesAbandoned(): boolean }
}

/**
 * A caller that gives up says nothing about the target, unless the call should have ended long ago:
 * clients that abort what hangs must not hide that it hung.
 */
function recordCancelled(
  state: Closed,
  permit: Permit | undefined,
  now: number,
  data: Parts,
): Finding | undefined {
  if (permit?.overdue) return ruleWithCharges(state.rules)?.keepOverdue(now)
  const rule = state.inFlight?.rule
  if (permit === undefined || rule === undefined) return undefined
  const hung = permit.duration(now) >= baselineOf(data).overdueAfter
  if (!hung || !data.time.chargesAbandoned()) return undefined
  rule.chargeOverdue(now)
  return rule.keepOverdue(now)
}

function recordSuccess(
  state: Closed,
  duration: number,
  now: number,
  data: Parts & Totals,
): Finding | undefined {
  state.consecutiveFailures = 0
  if (learns(state, data.settings)) {
    if (duration >= 0) baselineOf(data).learn(duration, now)
    else baselineOf(data).skipSample()
  }
  return state.rules === null ? undefined : record(state.rules, false, duration, now, state, data)
}

function recordFailure(
  state: Closed,
  classification: Classification,
  duration: number,
  now: number,
  data: Parts & Totals,
): Finding | undefined {
  state.consecutiveFailures++
  state.notBefore = notBefore(state.notBefore, classification, now, data.settings)
  const { trip } = data.settings
  // A rate also opens by a success, once that makes enough calls.
  if (trip.failureRate !== undefined) state.lastError = classification.error
  const failure = recorded(classification, now)
  if (failure !== undefined) {
    state.failures ??= []
    keepFailure(state.failures, failure)
  }
  const finding =
    state.rules === null ? undefined : record(state.rules, true, duration, now, state, data)
  return consecutiveFailures(state.consecutiveFailures, trip.consecutiveFailures) ?? finding
}

/** The error that a finding goes by, where the call that led to it has none. */
export function causeOf(finding: Finding | undefined, { lastError }: Closed): unknown {
  return finding?.rule === 'failureRate' ? lastError : undefined
}

/** Puts other rules in force and keeps the evidence. Returns what could not be kept. */
export function configureClosed(state: Closed, trip: TripSettings, now: number): string[] {
  const lost: string[] = []
  state.rules = configureRules(state.rules, trip, now, lost)
  const overdue = overdueRule(state.rules)
  if (overdue === undefined) state.inFlight = null
  else if (state.inFlight?.rule !== overdue) state.inFlight = new InFlight(overdue)
  return lost
}

/** Whether latencies of successes are needed to know what is normal. */
export function learns({ inFlight }: Closed, { recovery }: MachineSettings): boolean {
  return inFlight !== null || recovery.kind === 'slowStart'
}

/** Where every rule in force stands, in the order in which they are asked. */
export function ruleStatusesOf(
  state: Closed,
  { consecutiveFailures: limit }: TripSettings,
  now: number,
): RuleStatus[] {
  const first: RuleStatus = {
    rule: 'consecutiveFailures',
    observed: state.consecutiveFailures,
    threshold: limit,
  }
  return [
    ...(limit === Infinity ? [] : [first]),
    ...(state.rules === null ? [] : statusesOf(state.rules, now)),
  ]
}

/** False when no call can be overdue, nor one that was opens the circuit. */
export function mayBeOverdue({ inFlight }: Closed, now: number): boolean {
  if (inFlight === null) return false
  const { first, rule } = inFlight
  if (first !== undefined && first.startedAt <= now - SHORTEST_OVERDUE) return true
  return rule.hasOverdue
}

/** True when {@link chargeOverdue} would change something. */
export function isOverdue(
  { inFlight }: Closed,
  { overdueAfter }: LatencyBaseline,
  now: number,
): boolean {
  if (inFlight === null) return false
  const oldest = inFlight.first?.startedAt ?? Infinity
  return oldest <= now - overdueAfter || inFlight.rule.findingOfOverdue(now) !== undefined
}

/** Charges calls that should have ended long ago. Returns the finding if that opens the circuit. */
export function chargeOverdue(
  { inFlight }: Closed,
  baseline: LatencyBaseline,
  now: number,
): Finding | undefined {
  if (inFlight === null) return undefined
  const { rule } = inFlight
  const limit = now - baseline.overdueAfter
  for (
    let oldest = inFlight.first;
    oldest !== undefined && oldest.startedAt <= limit;
    oldest = inFlight.first
  ) {
    inFlight.remove(oldest)
    oldest.overdue = true
    rule.chargeOverdue(now)
  }
  return rule.findingOfOverdue(now)
}

/** A copy that shares nothing that either of them will change. */
export function cloneClosed(state: Closed): Closed {
  const copy: Closed = {
    ...state,
    failures: state.failures?.slice() ?? null,
    rules: cloneRules(state.rules),
  }
  const overdue = overdueRule(copy.rules)
  if (state.inFlight !== null && overdue !== undefined) {
    copy.inFlight = state.inFlight.clone((permit) => permit.clone(copy), overdue)
  }
  return copy
}
