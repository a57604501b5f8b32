import type { Rate, RateSettings } from './rate.ts'
import type { Finding } from './record.ts'

/** Opens when at least this share of the calls in the window was slow, failed ones among them. */
export interface SlowCallRateSettings extends RateSettings {
  /** Ms; a call that takes exactly that long is slow. */
  readonly slowerThan: number
}

export function recordSlowCallRate(
  rate: Rate,
  duration: number,
  { slowerThan }: SlowCallRateSettings,
  now: number,
): void {
  rate.record(duration >= slowerThan, now)
}

export function slowCallRate(rate: Rate): Finding | undefined {
  return rate.finding('slowCallRate')
}
