import { RateRule, type RateSettings } from './rate.ts'
import type { RuleType } from './rule.ts'
import { restoreWindow, type SavedWindow } from './window.ts'

/** Opens when at least this share of the calls in the window has failed. */
export type FailureRateSettings = RateSettings

const name = 'failureRate'

export const failureRate: RuleType<FailureRateSettings, SavedWindow> = {
  name,
  needsDuration: false,
  evidence: `the window of ${name}`,
  create: (settings) => new RateRule(name, settings),
  restore: (settings, saved, now) =>
    new RateRule(name, settings, restoreWindow(settings.window, saved, now)),
}
