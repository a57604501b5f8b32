import type { Finding, RuleStatus } from './record.ts'
import type { OverdueRule, RuleType } from './rule.ts'

export interface EvidenceSettings {
  /** The score that opens. */
  readonly threshold: number
  /** A failure that took at least this long, ms, weighs as much as a hung call. */
  readonly slowerThan: number
  /** The score must have been above 0 for this long, ms: one burst of errors is one event. */
  readonly minimumSpan: number
  /** Whether calls in flight count once they are overdue, before they end. */
  readonly overdue: boolean
}

const FAILURE = 1
export const SLOW_FAILURE_WEIGHT = 3
const SUCCESS = 3.5
/** Yesterday's failures do not count: the score shrinks to 1/e in this time, ms. */
const MEMORY = 120_000

/** What the score is made of since it was last 0; overdue calls also after they were given up. */
interface Parts {
  failures: number
  slow: number
  overdue: number
}

/**
 * A running score for and against the target: failures add, slow ones and hung calls three times as
 * much, successes take away, and it fades. It opens where a share would need a window full of calls
 * and it does not open for a steady share of errors.
 */
export class Evidence implements OverdueRule<EvidenceSettings, SavedEvidence> {
  #settings: EvidenceSettings
  #score = 0
  #at = 0
  /** When the score left 0. */
  #since = 0
  #parts: Parts = { failures: 0, slow: 0, overdue: 0 }
  /** The overdue ones that are still in flight. */
  #pending = 0

  constructor(settings: EvidenceSettings) {
    this.#settings = settings
  }

  score(now: number): number {
    return this.#score * Math.exp((this.#at - now) / MEMORY)
  }

  get name(): 'evidence' {
    return 'evidence'
  }

  record(failed: boolean, duration: number, now: number): void {
    if (failed) {
      const slow = duration >= this.#settings.slowerThan
      this.#add(slow ? SLOW_FAILURE_WEIGHT : FAILURE, now)
      this.#parts[slow ? 'slow' : 'failures']++
    } else if (this.#score > 0) this.#set(this.score(now) - SUCCESS, now)
  }

  /** The score is 0, and stays so. */
  recordUntimedSuccess(): void {}

  chargeOverdue(now: number): void {
    this.#add(SLOW_FAILURE_WEIGHT, now)
    this.#parts.overdue++
    this.#pending++
  }

  keepOverdue(now: number): Finding | undefined {
    if (this.#pending > 0) this.#pending--
    return this.finding(now)
  }

  retractOverdue(now: number): void {
    if (this.#pending === 0) return
    this.#pending--
    this.#parts.overdue--
    this.#set(this.score(now) - SLOW_FAILURE_WEIGHT, now)
  }

  /** True when there is something that fades, or that a success takes from. */
  get needsTime(): boolean {
    return this.#score > 0
  }

  get chargesOverdue(): boolean {
    return this.#settings.overdue
  }

  get hasOverdue(): boolean {
    return this.#pending > 0
  }

  findingOfOverdue(now: number): Finding | undefined {
    return this.hasOverdue ? this.finding(now) : undefined
  }

  configure(settings: EvidenceSettings): undefined {
    this.#settings = settings
  }

  status(now: number): RuleStatus {
    return { rule: 'evidence', observed: this.score(now), threshold: this.#settings.threshold }
  }

  finding(now: number): Finding | undefined {
    const { threshold, minimumSpan } = this.#settings
    // It only fades: what was too little is so now.
    if (this.#score < threshold) return undefined
    const observed = this.score(now)
    if (observed < threshold || now - this.#since < minimumSpan) return undefined
    return { rule: 'evidence', observed, threshold, ...this.#parts }
  }

  #add(weight: number, now: number): void {
    const score = this.score(now)
    if (this.#score === 0) {
      this.#since = now
      this.#parts = { failures: 0, slow: 0, overdue: 0 }
      this.#pending = 0
    }
    this.#set(Math.min(score + weight, this.#settings.threshold), now)
  }

  #set(score: number, now: number): void {
    this.#score = Math.max(0, score)
    this.#at = now
  }

  clone(): Evidence {
    const copy = new Evidence(this.#settings)
    copy.#score = this.#score
    copy.#at = this.#at
    copy.#since = this.#since
    copy.#parts = { ...this.#parts }
    copy.#pending = this.#pending
    return copy
  }

  save(now: number): SavedEvidence {
    // What is in flight is not saved.
    const score = Math.max(0, this.score(now) - SLOW_FAILURE_WEIGHT * this.#pending)
    const overdue = this.#parts.overdue - this.#pending
    return { score, for: now - this.#since, ...this.#parts, overdue }
  }

  static restore(settings: EvidenceSettings, saved: SavedEvidence, now: number): Evidence {
    const { score, for: age, ...parts } = saved
    const evidence = new Evidence(settings)
    evidence.#set(Math.min(score, settings.threshold), now)
    evidence.#since = now - age
    evidence.#parts = parts
    return evidence
  }
}

export interface SavedEvidence extends Parts {
  readonly score: number
  readonly for: number
}

export const evidence: RuleType<EvidenceSettings, SavedEvidence> = {
  name: 'evidence',
  needsDuration: true,
  evidence: 'the score of evidence',
  create: (settings) => new Evidence(settings),
  restore: (settings, saved, now) => Evidence.restore(settings, saved, now),
}
