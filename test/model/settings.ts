/** A share of the settled calls in a window. */
export interface RateSettings {
  readonly threshold: number
  readonly minimumCalls: number
  readonly window: { readonly calls: number } | { readonly duration: number }
}

/** A number of failures in a window, which is exact to the millisecond. */
export type CountSettings = Pick<RateSettings, 'threshold' | 'window'>

/** An open time that grows from opening to opening. */
export interface GrowingTime {
  readonly initial: number
  readonly max: number
  readonly factor: number
  readonly jitter: number
}

/** Open times by the number of the attempt; the last one goes on. */
export interface ListedTimes {
  readonly list: readonly number[]
}

/** The part of the options that the model knows; every default applied. */
export interface ModelSettings {
  readonly consecutiveFailures: number | undefined
  readonly failureCount: CountSettings | undefined
  readonly failureRate: RateSettings | undefined
  readonly slowCallRate: (RateSettings & { readonly slowerThan: number }) | undefined
  readonly openTime: number | GrowingTime | ListedTimes
  readonly probes: number
  readonly successes: number
  readonly concurrent: number
  readonly probeTimeout: number
  readonly maxConcurrent: number
  readonly history: number
}
