import type { RuleName } from '../transition.ts'
import type { Finding, RuleStatus } from './record.ts'
import type { TripRule } from './rule.ts'
import {
  createWindow,
  restoreWindow,
  type SavedWindow,
  type Window,
  type WindowSettings,
} from './window.ts'

export interface RateSettings {
  /** The share of hits that opens, in (0, 1]. */
  readonly threshold: number
  /** Fewer settled calls in the window say nothing. */
  readonly minimumCalls: number
  readonly window: WindowSettings
  /** A call that takes at least this long is a hit, ms; undefined where a failed one is. */
  readonly slowerThan?: number
}

/**
 * The share of calls in a window that were hits. Only settled calls are in it: those in flight,
 * rejected or stale never are.
 */
export class RateRule implements TripRule<RateSettings, SavedWindow> {
  readonly name: RuleName
  #settings: RateSettings
  #window: Window

  constructor(
    name: RuleName,
    settings: RateSettings,
    window: Window = createWindow(settings.window),
  ) {
    this.name = name
    this.#settings = settings
    this.#window = window
  }

  /** A success that can't be slow only lowers the share; it is recorded untimed if none leave by age. */
  get needsTime(): boolean {
    const { hits, calls, timed } = this.#window
    const { slowerThan, threshold } = this.#settings
    return timed || slowerThan !== undefined || (hits > 0 && hits / calls >= threshold)
  }

  record(failed: boolean, duration: number, now: number): void {
    const { slowerThan } = this.#settings
    this.#window.record(slowerThan === undefined ? failed : duration >= slowerThan, now)
  }

  recordUntimedSuccess(): void {
    this.#window.record(false, Number.NaN)
  }

  /** Whether the call just recorded is one too many; quotient and threshold compare as they are. */
  finding(): Finding | undefined {
    const { calls, hits } = this.#window
    const { threshold, minimumCalls } = this.#settings
    if (calls < minimumCalls || hits / calls < threshold) return undefined
    return { rule: this.name, observed: hits / calls, threshold, calls, hits }
  }

  status(now: number): RuleStatus {
    const { calls, hits } = this.#window.read(now)
    const { threshold, minimumCalls } = this.#settings
    const observed = calls === 0 ? 0 : hits / calls
    return { rule: this.name, observed, threshold, calls, hits, minimumCalls }
  }

  configure(settings: RateSettings, now: number): string | undefined {
    const { calls } = this.#window.read(now)
    this.#window = restoreWindow(settings.window, this.save(now), now)
    this.#settings = settings
    return this.#window.calls === calls ? undefined : `calls in the window of ${this.name}`
  }

  clone(): RateRule {
    return new RateRule(this.name, this.#settings, this.#window.clone())
  }

  save(now: number): SavedWindow {
    return this.#window.save(now)
  }
}
