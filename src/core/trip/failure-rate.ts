import { RateRule, type RateSettings } from './rate.ts'
import type { RuleType } from './rule.ts'
import { createWindow, restoreWindow, type SavedWindow } from './window.ts'

/** Opens when at least this share of the calls in the window has failed. */
export type FailureRateSettings = RateSettings

class FailureRate extends RateRule<FailureRateSettings> {
  get name(): 'failureRate' {
    return 'failureRate'
  }

  /** A success only lowers the share; it may be recorded untimed if calls do not leave by age. */
  get needsTime(): boolean {
    if (this.timed) return true
    const { hits, calls } = this.window
    return hits > 0 && hits / calls >= this.settings.threshold
  }

  record(failed: boolean, _duration: number, now: number): void {
    this.window.record(failed, now)
  }

  recordUntimedSuccess(): void {
    this.window.record(false, Number.NaN)
  }

  clone(): FailureRate {
    return new FailureRate(this.settings, this.window.clone())
  }
}

export const failureRate: RuleType<FailureRateSettings, SavedWindow> = {
  name: 'failureRate',
  needsDuration: false,
  evidence: 'the window of failureRate',
  create: (settings) => new FailureRate(settings, createWindow(settings.window)),
  restore: (settings, saved, now) =>
    new FailureRate(settings, restoreWindow(settings.window, saved, now)),
}
