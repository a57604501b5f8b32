import { Evidence, type EvidenceSettings, type SavedEvidence } from './evidence.ts'
import { type FailureRateSettings, failureRate, recordFailureRate } from './failure-rate.ts'
import { Rate } from './rate.ts'
import type { Finding, RuleStatus } from './record.ts'
import { recordSlowCallRate, type SlowCallRateSettings, slowCallRate } from './slow-call-rate.ts'
import { type TripPredicate, type WhenView, when } from './when.ts'
import type { SavedWindow } from './window.ts'

/** The rules in force, besides consecutive failures, which every closed state counts. */
export interface TripSettings {
  /** `Infinity` when the rule is not in force. */
  readonly consecutiveFailures: number
  readonly failureRate: FailureRateSettings | undefined
  readonly slowCallRate: SlowCallRateSettings | undefined
  readonly evidence: EvidenceSettings | undefined
  readonly when: TripPredicate | undefined
}

/** True when a rule other than consecutive failures is in force. */
export function hasRules({ failureRate, slowCallRate, evidence, when }: TripSettings): boolean {
  return [failureRate, slowCallRate, evidence, when].some((rule) => rule !== undefined)
}

/** True when a rule needs to know how long calls take. */
export function needsDuration({ slowCallRate, evidence }: TripSettings): boolean {
  return slowCallRate !== undefined || evidence !== undefined
}

/** What the rules of one closed state have seen. Any of them is enough to open. */
export class Rules {
  settings: TripSettings
  failures: Rate | undefined
  slowCalls: Rate | undefined
  evidence: Evidence | undefined

  constructor(settings: TripSettings) {
    this.settings = settings
    this.failures = settings.failureRate && new Rate(settings.failureRate)
    this.slowCalls = settings.slowCallRate && new Rate(settings.slowCallRate)
    this.evidence = settings.evidence && new Evidence(settings.evidence)
  }

  /**
   * Takes a settled call in; the first rule that has had enough is the reason. `duration` is `NaN`
   * where nobody measured, and `view` there when a rule of the user's own is in force.
   */
  record(
    failed: boolean,
    duration: number,
    now: number,
    view: WhenView | undefined,
  ): Finding | undefined {
    const { failures, slowCalls, evidence, settings } = this
    if (failures !== undefined) recordFailureRate(failures, failed, now)
    if (slowCalls !== undefined && settings.slowCallRate !== undefined) {
      recordSlowCallRate(slowCalls, duration, settings.slowCallRate, now)
    }
    if (failed) evidence?.failure(duration, now)
    else evidence?.success(now)
    return (
      (failures && failureRate(failures)) ??
      (slowCalls && slowCallRate(slowCalls)) ??
      evidence?.finding(now) ??
      (settings.when && view && when(settings.when, view))
    )
  }

  /**
   * Takes in a success that opens at no time, and is remembered alike at any. False for any other:
   * nothing was taken in, {@link record} it.
   */
  succeed(): boolean {
    const { failures, slowCalls, evidence, settings } = this
    if (slowCalls !== undefined || settings.when !== undefined) return false
    if (failures?.needsTime || evidence?.needsTime) return false
    failures?.record(false, Number.NaN)
    return true
  }

  /** Where each of them stands. */
  ruleStatuses(now: number): RuleStatus[] {
    const { failures, slowCalls, evidence } = this
    return [
      ...(failures === undefined ? [] : [failures.clockTime('failureRate', now)]),
      ...(slowCalls === undefined ? [] : [slowCalls.clockTime('slowCallRate', now)]),
      ...(evidence === undefined ? [] : [evidence.clockTime(now)]),
    ]
  }

  /** Goes on under other settings; gives what could not be kept, in words. */
  configure(settings: TripSettings, now: number): string[] {
    const lost: string[] = []
    const rate = (
      before: Rate | undefined,
      next: FailureRateSettings | undefined,
      name: string,
    ) => {
      if (before !== undefined && next !== undefined) {
        if (!before.configure(next, now)) lost.push(`calls in the window of ${name}`)
        return before
      }
      if (before !== undefined) lost.push(`the window of ${name}`)
      return next && new Rate(next)
    }
    this.failures = rate(this.failures, settings.failureRate, 'failureRate')
    this.slowCalls = rate(this.slowCalls, settings.slowCallRate, 'slowCallRate')
    if (settings.evidence === undefined) {
      if (this.evidence !== undefined) lost.push('the score of evidence')
      this.evidence = undefined
    } else if (this.evidence === undefined) this.evidence = new Evidence(settings.evidence)
    else this.evidence.settings = settings.evidence
    this.settings = settings
    return lost
  }

  clone(): Rules {
    const copy = new Rules(this.settings)
    copy.failures = this.failures?.clone()
    copy.slowCalls = this.slowCalls?.clone()
    copy.evidence = this.evidence?.clone()
    return copy
  }

  save(now: number): SavedRules {
    return {
      failureRate: this.failures?.save(now) ?? null,
      slowCallRate: this.slowCalls?.save(now) ?? null,
      evidence: this.evidence?.save(now) ?? null,
    }
  }

  static restore(settings: TripSettings, saved: SavedRules, now: number): Rules {
    const rules = new Rules(settings)
    if (settings.failureRate && saved.failureRate) {
      rules.failures = Rate.restore(settings.failureRate, saved.failureRate, now)
    }
    if (settings.slowCallRate && saved.slowCallRate) {
      rules.slowCalls = Rate.restore(settings.slowCallRate, saved.slowCallRate, now)
    }
    if (settings.evidence && saved.evidence) {
      rules.evidence = Evidence.restore(settings.evidence, saved.evidence, now)
    }
    return rules
  }
}

/** The evidence of the rules as plain data; null for a rule that was not in force. */
export interface SavedRules {
  readonly failureRate: SavedWindow | null
  readonly slowCallRate: SavedWindow | null
  readonly evidence: SavedEvidence | null
}
