import type { CountSettings, ModelSettings, RateSettings } from './settings.ts'

/** How a call of the model ended. */
export type Ending =
  | {
      readonly how: 'settled'
      readonly at: number
      readonly outcome: 'success' | 'failure' | 'neutral' | 'cancelled'
      readonly timedOut: boolean
      /** An earlier generation's: it counts as that and as nothing else. */
      readonly stale: boolean
      readonly retryAfter: number | undefined
    }
  /** `unrecorded` while the breaker is disabled: its permit returns, and nothing else. */
  | { readonly how: 'expired' | 'unrecorded'; readonly at: number }
  /** Left behind by a save: the continued model never hears of it. */
  | { readonly how: 'dropped'; readonly at: number }

/** A call that holds a permit. The model keeps every one of them, for ever. */
export interface Call {
  readonly id: number
  readonly generation: number
  readonly startedAt: number
  readonly probe: boolean
  /** By a lease of the fleet, which judges it. */
  readonly leased: boolean
  /** When a probe without a timer of its own is given up. */
  readonly due: number
  deadline: number
  /** When it gave a first part of its answer: what comes after it is the caller's time. */
  deliveredAt: number | undefined
  ending: Ending | undefined
  /** Its place among all endings: two calls may end at one moment. */
  endedAs: number
}

export type Result = Call & { readonly ending: Extract<Ending, { how: 'settled' }> }

/** What a generation has heard, in the order in which it heard it. */
export function resultsOf(calls: readonly Call[], generation: number): Result[] {
  return calls
    .filter((call): call is Result => call.ending?.how === 'settled' && !call.ending.stale)
    .filter((call) => call.generation === generation)
    .sort((a, b) => a.endedAs - b.endedAs)
}

function judged(results: readonly Result[]): Result[] {
  return results.filter(({ ending: { outcome } }) => outcome === 'success' || outcome === 'failure')
}

/** Failures since the last success. */
export function failuresInARow(results: readonly Result[]): number {
  const newestFirst = judged(results).reverse()
  const success = newestFirst.findIndex(({ ending }) => ending.outcome === 'success')
  return success === -1 ? newestFirst.length : success
}

export interface Share {
  readonly calls: number
  readonly hits: number
}

/** Where the slices of a window by time are laid out from, and the first end that it may show. */
export interface Layout {
  readonly origin: number
  readonly first: number
}

/** The present, and the layout of each window by time. */
export interface WindowTime {
  readonly now: number
  readonly layouts: Readonly<Record<'failureRate' | 'slowCallRate', Layout>>
}

/** The calls a window shows at `now`. By time it has ten slices: this one and the nine before. */
export function inWindow(
  results: readonly Result[],
  window: RateSettings['window'],
  now: number,
  { origin, first }: Layout,
): Result[] {
  if ('calls' in window) return judged(results).slice(-window.calls)
  const slice = (at: number): number => Math.floor((at - origin) / (window.duration / 10))
  return judged(results).filter(
    ({ ending, endedAs }) => endedAs >= first && slice(ending.at) > slice(now) - 10,
  )
}

export function laidOutFrom(origin: number): WindowTime['layouts'] {
  const layout = { origin, first: 0 }
  return { failureRate: layout, slowCallRate: layout }
}

/** The layouts if a window without calls begins anew: what has left it does not come back. */
export function layOutAgain(
  results: readonly Result[],
  settings: ModelSettings,
  { now, layouts }: WindowTime,
  anew: Layout,
): WindowTime['layouts'] {
  const layout = (rule: keyof WindowTime['layouts']): Layout => {
    const rate = settings[rule]
    const { first } = layouts[rule]
    if (rate === undefined || 'calls' in rate.window) return { ...anew, first }
    return inWindow(results, rate.window, now, layouts[rule]).length > 0 ? layouts[rule] : anew
  }
  return { failureRate: layout('failureRate'), slowCallRate: layout('slowCallRate') }
}

export function failureShare(seen: readonly Result[]): Share {
  const hits = seen.filter(({ ending }) => ending.outcome === 'failure').length
  return { calls: seen.length, hits }
}

export function slowShare(seen: readonly Result[], slowerThan: number): Share {
  const hits = seen.filter(
    ({ startedAt, deliveredAt, ending }) => (deliveredAt ?? ending.at) - startedAt >= slowerThan,
  ).length
  return { calls: seen.length, hits }
}

function reaches({ calls, hits }: Share, rate: RateSettings): boolean {
  return calls >= rate.minimumCalls && hits / calls >= rate.threshold
}

/** Failures among the last calls, or of the last milliseconds. */
function failuresOf(results: readonly Result[], { window }: CountSettings, now: number): Result[] {
  const seen =
    'calls' in window
      ? judged(results).slice(-window.calls)
      : judged(results).filter(({ ending }) => now - ending.at < window.duration)
  return seen.filter(({ ending }) => ending.outcome === 'failure')
}

export type FiredRule = 'consecutiveFailures' | 'failureCount' | 'failureRate' | 'slowCallRate'

/** The first rule that speaks, asked after a success or a failure that has just been heard. */
export function firedRule(
  calls: readonly Call[],
  generation: number,
  { consecutiveFailures, failureCount, failureRate, slowCallRate }: ModelSettings,
  { now, layouts }: WindowTime,
): FiredRule | undefined {
  const results = resultsOf(calls, generation)
  const streak = failuresInARow(results)
  if (consecutiveFailures !== undefined && streak > 0 && streak >= consecutiveFailures) {
    return 'consecutiveFailures'
  }
  if (failureCount !== undefined && streak > 0) {
    if (failuresOf(results, failureCount, now).length >= failureCount.threshold) {
      return 'failureCount'
    }
  }
  if (failureRate !== undefined) {
    if (
      reaches(
        failureShare(inWindow(results, failureRate.window, now, layouts.failureRate)),
        failureRate,
      )
    ) {
      return 'failureRate'
    }
  }
  if (slowCallRate !== undefined) {
    const seen = inWindow(results, slowCallRate.window, now, layouts.slowCallRate)
    if (reaches(slowShare(seen, slowCallRate.slowerThan), slowCallRate)) return 'slowCallRate'
  }
  return undefined
}

/** The latest moment until which any failure of the generation asked to be left alone. */
export function notBefore(calls: readonly Call[], generation: number): number {
  const asked = resultsOf(calls, generation)
    .filter(({ ending }) => ending.outcome === 'failure' && ending.retryAfter !== undefined)
    .map(({ ending }) => ending.at + Math.min(ending.retryAfter ?? 0, 60_000))
  return Math.max(0, ...asked)
}

/** What a probe of this kind counts as: it may be slow where that would open a closed circuit. */
export function probeResult(
  { startedAt, deliveredAt, ending }: Call,
  { slowCallRate }: ModelSettings,
): 'success' | 'failure' | 'slow' | undefined {
  if (ending === undefined) return undefined
  const took = (deliveredAt ?? ending.at) - startedAt
  const slow = slowCallRate !== undefined && took >= slowCallRate.slowerThan
  if (ending.how === 'expired') {
    if (deliveredAt === undefined) return 'failure'
    return slow ? 'slow' : 'success'
  }
  if (ending.how !== 'settled' || ending.stale || ending.outcome === 'cancelled') return undefined
  if (ending.outcome === 'success' && slow) return 'slow'
  return ending.outcome === 'failure' ? 'failure' : 'success'
}

/** How many probes of the generation count for and against closing. */
export function probesOf(
  calls: readonly Call[],
  generation: number,
  settings: ModelSettings,
): { readonly succeeded: number; readonly failed: number } {
  const results = calls
    .filter((call) => call.generation === generation && call.probe && !call.leased)
    .map((call) => probeResult(call, settings))
    .filter((result) => result !== undefined)
  const succeeded = results.filter((result) => result === 'success').length
  return { succeeded, failed: results.length - succeeded }
}
