import type { Rate, RateSettings } from './rate.ts'
import type { Finding } from './record.ts'

/** Opens when at least this share of the calls in the window has failed. */
export type FailureRateSettings = RateSettings

export function recordFailureRate(rate: Rate, failed: boolean, now: number): void {
  rate.record(failed, now)
}

export function failureRate(rate: Rate): Finding | undefined {
  return rate.finding('failureRate')
}
