import type { RuleName } from '../transition.ts'
import type { Finding, RuleStatus } from './record.ts'
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
}

/**
 * The share of calls in a window that were hits, whatever a hit is. Only settled calls are in it:
 * those in flight, refused or stale never are.
 */
export class Rate {
  #settings: RateSettings
  #window: Window
  /** Whether calls leave the window as time passes. */
  #timed: boolean

  constructor(settings: RateSettings, window: Window = createWindow(settings.window)) {
    this.#settings = settings
    this.#window = window
    this.#timed = 'duration' in settings.window
  }

  record(hit: boolean, now: number): void {
    this.#window.record(hit, now)
  }

  /**
   * False when a call that is no hit is remembered alike at any time, and opens at none: the share
   * only falls by it, so that it stays under the threshold.
   */
  get needsTime(): boolean {
    if (this.#timed) return true
    const { hits, calls } = this.#window
    return hits > 0 && hits / calls >= this.#settings.threshold
  }

  /** Whether the call just recorded is one too many; quotient and threshold compare as they are. */
  finding(rule: RuleName): Finding | undefined {
    const { calls, hits } = this.#window
    const { threshold, minimumCalls } = this.#settings
    if (calls < minimumCalls || hits / calls < threshold) return undefined
    return { rule, observed: hits / calls, threshold, calls, hits }
  }

  clockTime(rule: RuleName, now: number): RuleStatus {
    const { calls, hits } = this.read(now)
    const { threshold, minimumCalls } = this.#settings
    return { rule, observed: calls === 0 ? 0 : hits / calls, threshold, calls, hits, minimumCalls }
  }

  read(now: number): { readonly calls: number; readonly hits: number } {
    return this.#window.read(now)
  }

  /** Goes on under other settings. True when the calls seen so far still count. */
  configure(settings: RateSettings, now: number): boolean {
    const { calls } = this.read(now)
    this.#window = restoreWindow(settings.window, this.save(now), now)
    this.#settings = settings
    this.#timed = 'duration' in settings.window
    return this.#window.calls === calls
  }

  clone(): Rate {
    return new Rate(this.#settings, this.#window.clone())
  }

  save(now: number): SavedWindow {
    return this.#window.save(now)
  }

  static restore(settings: RateSettings, saved: SavedWindow, now: number): Rate {
    return new Rate(settings, restoreWindow(settings.window, saved, now))
  }
}
