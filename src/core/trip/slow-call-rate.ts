import { RateRule, type RateSettings } from './rate.ts'
import type { RuleType } from './rule.ts'
import { restoreWindow, type SavedWindow } from './window.ts'

/** Opens when at least this share of the calls in the window was slow, failed ones among them. */
export interface SlowCallRateSettings extends RateSettings {
  readonly slowerThan: number
}

const name = 'slowCallRate'

export const slowCallRate: RuleType<SlowCallRateSettings, SavedWindow> = {
  name,
  needsDuration: true,
  evidence: `the window of ${name}`,
  create: (settings) => new RateRule(name, settings),
  restore: (settings, saved, now) =>
    new RateRule(name, settings, restoreWindow(settings.window, saved, now)),
}
