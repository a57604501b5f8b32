import type { Finding, RuleStatus } from './record.ts'
import type { RuleType, TripRule } from './rule.ts'
import type { WindowSettings } from './window.ts'

/** Opens when so many calls of the window have failed. */
export interface FailureCountSettings {
  readonly threshold: number
  readonly window: WindowSettings
}

/** The ages of the last failures, oldest first: in calls that came after, or in ms. */
export interface SavedFailureCount {
  readonly unit: 'calls' | 'duration'
  readonly ages: readonly number[]
}

/**
 * The last failures, as many as open: when the oldest of them is in the window, so are all. Each is
 * kept by the number of its call, or by its time, so that the window is exact to the call and the ms.
 */
class FailureCount implements TripRule<FailureCountSettings, SavedFailureCount> {
  #settings: FailureCountSettings
  /** A ring once it is full; the oldest is at `#oldest`. */
  #failures: number[] = []
  #oldest = 0
  #calls = 0
  /** Whether the call that was recorded last has. */
  #failed: boolean | undefined

  constructor(settings: FailureCountSettings) {
    this.#settings = settings
  }

  get name(): 'failureCount' {
    return 'failureCount'
  }

  /** Only a failure opens. */
  get needsTime(): boolean {
    return false
  }

  record(failed: boolean, _: number, now: number): void {
    this.#calls++
    this.#failed = failed
    if (failed) this.#add(this.#at(now))
  }

  recordUntimedSuccess(): void {
    this.#calls++
  }

  #add(at: number): void {
    const { threshold } = this.#settings
    if (this.#failures.length < threshold) this.#failures.push(at)
    else {
      this.#failures[this.#oldest] = at
      this.#oldest = (this.#oldest + 1) % threshold
    }
  }

  /** Where the window ends now: the number of the last call, or the time. */
  #at(now: number): number {
    return this.#unit === 'calls' ? this.#calls : now
  }

  get #unit(): SavedFailureCount['unit'] {
    return 'calls' in this.#settings.window ? 'calls' : 'duration'
  }

  /** What was that long ago has left the window. */
  get #length(): number {
    const { window } = this.#settings
    return 'calls' in window ? window.calls : window.duration
  }

  finding(now: number): Finding | undefined {
    const { threshold } = this.#settings
    if (!this.#failed || this.#failures.length < threshold) return undefined
    const age = this.#at(now) - (this.#failures[this.#oldest] as number)
    if (age >= this.#length) return undefined
    const within = this.#unit === 'calls' ? { calls: age + 1 } : { within: age }
    return { rule: 'failureCount', observed: threshold, threshold, ...within }
  }

  status(now: number): RuleStatus {
    const from = this.#at(now) - this.#length
    const observed = this.#failures.filter((at) => at > from).length
    return { rule: 'failureCount', observed, threshold: this.#settings.threshold }
  }

  configure(settings: FailureCountSettings, now: number): string | undefined {
    const { observed } = this.status(now)
    const saved = this.save(now)
    this.#settings = settings
    this.restore(saved, now)
    const kept = this.status(now).observed
    return kept < Math.min(observed, settings.threshold) ? EVIDENCE : undefined
  }

  clone(): FailureCount {
    const copy = new FailureCount(this.#settings)
    copy.#failures = this.#failures.slice()
    copy.#oldest = this.#oldest
    copy.#calls = this.#calls
    return copy
  }

  save(now: number): SavedFailureCount {
    const at = this.#at(now)
    const before = this.#failures.slice(0, this.#oldest)
    const inOrder = this.#failures.slice(this.#oldest).concat(before)
    return { unit: this.#unit, ages: inOrder.map((failure) => at - failure) }
  }

  /** Calls and milliseconds can't be compared. */
  restore({ unit, ages }: SavedFailureCount, now: number): FailureCount {
    const at = this.#at(now)
    const kept = unit === this.#unit ? ages.slice(-this.#settings.threshold) : []
    this.#failures = kept.map((age) => at - age)
    this.#oldest = 0
    return this
  }
}

const EVIDENCE = 'failures in the window of failureCount'

export const failureCount: RuleType<FailureCountSettings, SavedFailureCount> = {
  name: 'failureCount',
  needsDuration: false,
  evidence: EVIDENCE,
  create: (settings) => new FailureCount(settings),
  restore: (settings, saved, now) => new FailureCount(settings).restore(saved, now),
}
