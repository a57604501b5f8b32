import type { RuleName } from '../transition.ts'
import type { Finding, RuleStatus } from './record.ts'
import type { TripRule } from './rule.ts'
import { restoreWindow, type SavedWindow, type Window, type WindowSettings } from './window.ts'

export interface RateSettings {
  /** The share of hits that opens, in (0, 1]. */
  readonly threshold: number
  /** Fewer settled calls in the window say nothing. */
  readonly minimumCalls: number
  readonly window: WindowSettings
}

/**
 * The share of calls in a window that were hits. Only settled calls are in it: those in flight,
 * rejected or stale never are.
 */
export abstract class RateRule<Settings extends RateSettings>
  implements TripRule<Settings, SavedWindow>
{
  protected settings: Settings
  protected window: Window
  /** Whether calls leave the window as time passes. */
  protected timed: boolean

  constructor(settings: Settings, window: Window) {
    this.settings = settings
    this.window = window
    this.timed = 'duration' in settings.window
  }

  abstract readonly name: RuleName
  abstract readonly needsTime: boolean
  abstract record(failed: boolean, duration: number, now: number): void
  abstract recordUntimedSuccess(): void
  abstract clone(): RateRule<Settings>

  /** Whether the call just recorded is one too many; quotient and threshold compare as they are. */
  finding(): Finding | undefined {
    const { calls, hits } = this.window
    const { threshold, minimumCalls } = this.settings
    if (calls < minimumCalls || hits / calls < threshold) return undefined
    return { rule: this.name, observed: hits / calls, threshold, calls, hits }
  }

  status(now: number): RuleStatus {
    const { calls, hits } = this.window.read(now)
    const { threshold, minimumCalls } = this.settings
    const observed = calls === 0 ? 0 : hits / calls
    return { rule: this.name, observed, threshold, calls, hits, minimumCalls }
  }

  configure(settings: Settings, now: number): string | undefined {
    const { calls } = this.window.read(now)
    this.window = restoreWindow(settings.window, this.save(now), now)
    this.settings = settings
    this.timed = 'duration' in settings.window
    return this.window.calls === calls ? undefined : `calls in the window of ${this.name}`
  }

  save(now: number): SavedWindow {
    return this.window.save(now)
  }
}
