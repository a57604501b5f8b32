import { type EvidenceSettings, evidence, type SavedEvidence } from './evidence.ts'
import { type FailureCountSettings, failureCount, type SavedFailureCount } from './failure-count.ts'
import { type FailureRateSettings, failureRate } from './failure-rate.ts'
import type { Finding, RuleStatus } from './record.ts'
import type { ClosedView, OverdueRule, RuleType, Totals, TripRule } from './rule.ts'
import { type SlowCallRateSettings, slowCallRate } from './slow-call-rate.ts'
import { type TripPredicate, when } from './when.ts'
import type { SavedWindow } from './window.ts'

/** Settings of each rule; undefined for one that is not in force. */
export interface RuleSettings {
  readonly failureCount: FailureCountSettings | undefined
  readonly failureRate: FailureRateSettings | undefined
  readonly slowCallRate: SlowCallRateSettings | undefined
  readonly evidence: EvidenceSettings | undefined
  readonly when: TripPredicate | undefined
}

/** All rules in force: consecutive failures, which every closed state counts, and the others. */
export interface TripSettings extends RuleSettings {
  /** `Infinity` when the rule is not in force. */
  readonly consecutiveFailures: number
}

/** The evidence of the rules as plain data; null for a rule that is not in force. */
export interface SavedRules {
  readonly failureCount: SavedFailureCount | null
  readonly failureRate: SavedWindow | null
  readonly slowCallRate: SavedWindow | null
  readonly evidence: SavedEvidence | null
}

type AnyRule = TripRule<unknown>
type AnyRuleType = RuleType<unknown>

/** In the order in which they are asked. */
const TYPES = [
  failureCount,
  failureRate,
  slowCallRate,
  evidence,
  when,
] as readonly unknown[] as readonly (AnyRuleType & { readonly name: keyof RuleSettings })[]

/** What the rules of one closed state have seen. Any of them is enough to open. */
export type Rules = readonly AnyRule[]

/** Null when no rule but consecutive failures is in force. */
export function createRules(settings: RuleSettings): Rules | null {
  return exact(TYPES.flatMap((type) => create(type, settings[type.name]) ?? []))
}

function create(type: AnyRuleType, settings: unknown): AnyRule | undefined {
  return settings === undefined ? undefined : type.create(settings)
}

/** An array that has grown keeps room for more: a hundred bytes for each breaker. */
function exact(rules: AnyRule[]): Rules | null {
  return rules.length === 0 ? null : rules.slice()
}

/** True when a rule needs to know how long calls take. */
export function needsDuration(settings: RuleSettings): boolean {
  return TYPES.some((type) => type.needsDuration && settings[type.name] !== undefined)
}

/** Takes in a settled call and returns what the first rule finds that opens the circuit. */
export function record(
  rules: Rules,
  failed: boolean,
  duration: number,
  now: number,
  state: ClosedView,
  totals: Totals,
): Finding | undefined {
  for (let i = 0; i < rules.length; i++) (rules[i] as AnyRule).record(failed, duration, now)
  for (let i = 0; i < rules.length; i++) {
    const finding = (rules[i] as AnyRule).finding(now, state, totals)
    if (finding !== undefined) return finding
  }
  return undefined
}

/**
 * Takes in a success that counts the same at any time and cannot open the circuit. False for any
 * other: nothing was taken in, {@link record} it.
 */
export function recordUntimedSuccess(rules: Rules): boolean {
  for (let i = 0; i < rules.length; i++) if ((rules[i] as AnyRule).needsTime) return false
  for (let i = 0; i < rules.length; i++) (rules[i] as AnyRule).recordUntimedSuccess()
  return true
}

export function statusesOf(rules: Rules, now: number): RuleStatus[] {
  return rules.flatMap((rule) => rule.status(now) ?? [])
}

/** The rule that charges overdue calls, if one in force does. */
export function overdueRule(rules: Rules | null): OverdueRule<unknown> | undefined {
  const rule = ruleWithCharges(rules)
  return rule?.chargesOverdue ? rule : undefined
}

/** The rule that may have charged overdue calls. */
export function ruleWithCharges(rules: Rules | null): OverdueRule<unknown> | undefined {
  return rules?.find((rule) => 'chargeOverdue' in rule) as OverdueRule<unknown> | undefined
}

/** The same rules under other settings, with what could not be kept added to `lost`. */
export function configureRules(
  rules: Rules | null,
  settings: RuleSettings,
  now: number,
  lost: string[],
): Rules | null {
  const next: AnyRule[] = []
  for (const type of TYPES) {
    const own = settings[type.name]
    const rule = rules?.find(({ name }) => name === type.name)
    if (own === undefined) {
      if (rule !== undefined && type.evidence !== undefined) lost.push(type.evidence)
      continue
    }
    const missing = rule?.configure(own, now)
    if (missing !== undefined) lost.push(missing)
    next.push(rule ?? type.create(own))
  }
  return exact(next)
}

export function cloneRules(rules: Rules | null): Rules | null {
  return rules?.map((rule) => rule.clone()) ?? null
}

export function saveRules(rules: Rules | null, now: number): SavedRules | null {
  if (rules === null) return null
  const saved = { failureCount: null, failureRate: null, slowCallRate: null, evidence: null }
  for (const rule of rules) {
    const own = rule.save(now)
    if (own !== undefined) Object.assign(saved, { [rule.name]: own })
  }
  return saved
}

/** A rule without saved evidence starts afresh. */
export function restoreRules(
  settings: RuleSettings,
  saved: SavedRules | null,
  now: number,
): Rules | null {
  const all: Partial<Record<string, unknown>> = { ...saved }
  const rules: AnyRule[] = []
  for (const type of TYPES) {
    const own = settings[type.name]
    const evidence = all[type.name] ?? undefined
    if (own === undefined) continue
    rules.push(evidence === undefined ? type.create(own) : type.restore(own, evidence, now))
  }
  return exact(rules)
}
