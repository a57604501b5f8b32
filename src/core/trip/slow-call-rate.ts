import { RateRule, type RateSettings } from './rate.ts'
import type { RuleType } from './rule.ts'
import { createWindow, restoreWindow, type SavedWindow } from './window.ts'

/** Opens when at least this share of the calls in the window was slow, failed ones among them. */
export interface SlowCallRateSettings extends RateSettings {
  /** Ms; a call that takes exactly that long is slow. */
  readonly slowerThan: number
}

class SlowCallRate extends RateRule<SlowCallRateSettings> {
  get name(): 'slowCallRate' {
    return 'slowCallRate'
  }

  /** A success may be slow. */
  get needsTime(): boolean {
    return true
  }

  record(_failed: boolean, duration: number, now: number): void {
    this.window.record(duration >= this.settings.slowerThan, now)
  }

  recordUntimedSuccess(): void {}

  clone(): SlowCallRate {
    return new SlowCallRate(this.settings, this.window.clone())
  }
}

export const slowCallRate: RuleType<SlowCallRateSettings, SavedWindow> = {
  name: 'slowCallRate',
  needsDuration: true,
  evidence: 'the window of slowCallRate',
  create: (settings) => new SlowCallRate(settings, createWindow(settings.window)),
  restore: (settings, saved, now) =>
    new SlowCallRate(settings, restoreWindow(settings.window, saved, now)),
}
