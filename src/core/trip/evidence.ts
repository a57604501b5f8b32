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

/** What was charged since the last success counts so much less where it does not fade. */
const UNFADING = 3

/** What was charged since some moment; overdue calls also after they were given up. */
class Charges {
  failures = 0
  slow = 0
  overdue = 0
  /** The overdue ones that are still in flight. */
  pending = 0
  readonly since: number

  constructor(since: number) {
    this.since = since
  }

  get sum(): number {
    return FAILURE * this.failures + SLOW_FAILURE_WEIGHT * (this.slow + this.overdue)
  }

  add(kind: 'failures' | 'slow' | 'overdue'): void {
    this[kind]++
    if (kind === 'overdue') this.pending++
  }

  /** An overdue call will not end any more. */
  keep(): void {
    if (this.pending > 0) this.pending--
  }

  /** An overdue call was not hung. False if it is not among these. */
  retract(): boolean {
    if (this.pending === 0) return false
    this.pending--
    this.overdue--
    return true
  }

  get parts(): Parts {
    const { failures, slow, overdue } = this
    return { failures, slow, overdue }
  }

  clone(): Charges {
    return Object.assign(new Charges(this.since), this)
  }

  /** What is in flight is not saved. */
  save(now: number): SavedCharges {
    const { failures, slow, overdue, pending, since } = this
    return { for: now - since, failures, slow, overdue: overdue - pending }
  }

  static restore({ for: age, ...parts }: SavedCharges, now: number): Charges {
    return Object.assign(new Charges(now - age), parts)
  }
}

interface Parts {
  readonly failures: number
  readonly slow: number
  readonly overdue: number
}

interface SavedCharges extends Parts {
  readonly for: number
}

/**
 * A running score for and against the target: failures add, slow ones and hung calls three times as
 * much, successes take away, and it fades. It opens where a share would need a window full of calls
 * and it does not open for a few errors among many successes. Where calls are so seldom that it fades
 * faster than they fail, a third of the same sum opens that does not fade, but ends with a success.
 */
export class Evidence implements OverdueRule<EvidenceSettings, SavedEvidence> {
  #settings: EvidenceSettings
  #score = 0
  #at = 0
  /** What the score is made of since it left 0. */
  #charges = new Charges(0)
  /** What was charged since the last success; undefined for nothing. */
  #streak: Charges | undefined = undefined

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
      this.#add(duration >= this.#settings.slowerThan ? 'slow' : 'failures', now)
      return
    }
    this.#streak = undefined
    if (this.#score > 0) this.#set(this.score(now) - SUCCESS, now)
  }

  /** The score is 0, and stays so. */
  recordUntimedSuccess(): void {
    this.#streak = undefined
  }

  checkpoint(): () => void {
    const score = this.#score
    const at = this.#at
    const charges = this.#charges
    const streak = this.#streak
    return () => {
      // It is unknown here which calls that were overdue have ended meanwhile.
      if (this.hasOverdue || charges.pending > 0) return
      if (score * Math.exp((at - this.#at) / MEMORY) > this.#score) {
        this.#score = score
        this.#at = at
        this.#charges = charges
      }
      if (streak?.pending === 0 && streak.sum > (this.#streak?.sum ?? 0)) this.#streak = streak
    }
  }

  chargeOverdue(now: number): void {
    this.#add('overdue', now)
  }

  keepOverdue(now: number): Finding | undefined {
    this.#charges.keep()
    this.#streak?.keep()
    return this.finding(now)
  }

  retractOverdue(now: number): void {
    this.#streak?.retract()
    if (this.#charges.retract()) this.#set(this.score(now) - SLOW_FAILURE_WEIGHT, now)
  }

  /** True when there is something that fades, or that a success takes from. */
  get needsTime(): boolean {
    return this.#score > 0
  }

  get chargesOverdue(): boolean {
    return this.#settings.overdue
  }

  get hasOverdue(): boolean {
    return this.#charges.pending > 0
  }

  findingOfOverdue(now: number): Finding | undefined {
    return this.hasOverdue ? this.finding(now) : undefined
  }

  configure(settings: EvidenceSettings): undefined {
    this.#settings = settings
  }

  status(now: number): RuleStatus {
    const observed = Math.max(this.score(now), (this.#streak?.sum ?? 0) / UNFADING)
    return { rule: 'evidence', observed, threshold: this.#settings.threshold }
  }

  finding(now: number): Finding | undefined {
    return this.#findingOfScore(now) ?? this.#findingOfStreak(now)
  }

  #findingOfScore(now: number): Finding | undefined {
    const { threshold, minimumSpan } = this.#settings
    // It only fades: what was too little is so now.
    if (this.#score < threshold) return undefined
    const observed = this.score(now)
    if (observed < threshold || now - this.#charges.since < minimumSpan) return undefined
    return { rule: 'evidence', observed, threshold, ...this.#charges.parts }
  }

  #findingOfStreak(now: number): Finding | undefined {
    if (this.#streak === undefined) return undefined
    const { threshold, minimumSpan } = this.#settings
    const { sum, since, parts } = this.#streak
    const observed = sum / UNFADING
    const within = now - since
    if (observed < threshold || within < minimumSpan) return undefined
    return { rule: 'evidence', observed, threshold, within, ...parts }
  }

  #add(kind: keyof Parts, now: number): void {
    const score = this.score(now)
    if (this.#score === 0) this.#charges = new Charges(now)
    this.#charges.add(kind)
    this.#streak ??= new Charges(now)
    this.#streak.add(kind)
    const weight = kind === 'failures' ? FAILURE : SLOW_FAILURE_WEIGHT
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
    copy.#charges = this.#charges.clone()
    copy.#streak = this.#streak?.clone()
    return copy
  }

  save(now: number): SavedEvidence {
    // What is in flight is not saved.
    const score = Math.max(0, this.score(now) - SLOW_FAILURE_WEIGHT * this.#charges.pending)
    return { score, ...this.#charges.save(now), streak: this.#streak?.save(now) ?? null }
  }

  static restore(settings: EvidenceSettings, saved: SavedEvidence, now: number): Evidence {
    const { score, streak, ...charges } = saved
    const evidence = new Evidence(settings)
    evidence.#set(Math.min(score, settings.threshold), now)
    evidence.#charges = Charges.restore(charges, now)
    if (streak) evidence.#streak = Charges.restore(streak, now)
    return evidence
  }
}

export interface SavedEvidence extends SavedCharges {
  readonly score: number
  /** Older versions did not save it. */
  readonly streak?: SavedCharges | null | undefined
}

export const evidence: RuleType<EvidenceSettings, SavedEvidence> = {
  name: 'evidence',
  needsDuration: true,
  evidence: 'the score of evidence',
  create: (settings) => new Evidence(settings),
  restore: (settings, saved, now) => Evidence.restore(settings, saved, now),
}
