import type { GrowingTime, ModelSettings } from './settings.ts'

type OpenTime = ModelSettings['openTime']

export type Reason =
  | 'consecutiveFailures'
  | 'failureCount'
  | 'failureRate'
  | 'slowCallRate'
  | 'manual'
  | 'probeFailed'
  | 'probeSlow'
  | 'probeExpired'
  | 'elapsed'
  | 'recovered'
  | 'reset'
  | 'fleet'

/** One stay in a state: a generation. */
export interface Period {
  readonly name: 'closed' | 'open' | 'half-open'
  readonly generation: number
  readonly since: number
  /** What started it; `undefined` for the first. */
  readonly reason: Reason | undefined
  /** False when an override was in place as it started. */
  readonly enforced: boolean
  /** Of an open one: when the next call becomes a probe. */
  until?: number
  /** Of an open one: how many openings before it were not forgotten, and with it. */
  readonly used?: number
  readonly level?: number
  /** Of an open one: the how manieth it is of its trip. */
  readonly attempt?: number
  /** Of an open one: when its open time began to count. */
  from?: number
  /** Of an open one: the server's own word. */
  readonly notBefore?: number
  /** Of an open one: failures in a row that led to it. */
  readonly streakBefore?: number
  /** Of an open one: for how long, if that was said. */
  lasts?: number
  /** As the fleet is, which decides what follows. */
  fleet?: boolean
  /** Of a half-open one that is as the fleet is. */
  lease?: Lease
}

/** What a breaker has of the fleet's leases. */
export interface Lease {
  held: boolean
  /** How the last probe ended, until that is reported. */
  ended: string | undefined
  askAt: number
}

/** How long an opening lasts that is the one after so many that are not forgotten. */
export function openTimeAt(
  openTime: OpenTime,
  level: number,
  attempt: number,
  random: () => number,
): number {
  if (typeof openTime === 'number') return openTime
  if ('list' in openTime) return (openTime.list[attempt - 1] ?? openTime.list.at(-1)) as number
  return growing(openTime, level) * (1 + openTime.jitter * (2 * random() - 1))
}

/** With one more; beyond the longest there is nothing to remember. */
export function levelWith(openTime: OpenTime, level: number): number {
  if (typeof openTime === 'number' || 'list' in openTime) return level + 1
  const { initial, max, factor } = openTime
  return initial * factor ** level >= max ? level : level + 1
}

function growing({ initial, max, factor }: GrowingTime, level: number): number {
  return Math.min(max, initial * factor ** level)
}

/**
 * How many openings before `now` are not forgotten: each is, the latest first, once the circuit has
 * been closed for as long as it lasted.
 */
export function levelAt(periods: readonly Period[], openTime: OpenTime, now: number): number {
  const reset = periods.findLastIndex(({ reason }) => reason === 'reset')
  const since = periods.slice(Math.max(0, reset))
  let level = since.findLast(({ name }) => name === 'open')?.level ?? 0
  if (since.at(-1)?.name !== 'closed' || typeof openTime === 'number' || 'list' in openTime) {
    return level
  }
  // A closed fleet may begin anew.
  const closed = since.slice(since.findLastIndex(({ name }) => name !== 'closed') + 1)
  let calm = now - (closed[0] as Period).since
  while (level > 0 && calm >= growing(openTime, level - 1)) {
    calm -= growing(openTime, level - 1)
    level--
  }
  return level
}

export interface ModelTrip {
  readonly at: number
  readonly reason: Reason
  readonly from: Period['name']
  readonly generation: number
  readonly enforced: boolean
  readonly consecutiveFailures: number
  readonly openFor: number | null
  readonly reopened: number
  readonly reopenedBy: Reason | null
  readonly lasted: number | null
  readonly endedBy: Reason | null
  readonly rejected: number
}

/**
 * One record from closed to closed: a failed probe belongs to the same trouble. Only who trips a
 * half-open circuit by hand begins another, and a fleet that opens while the circuit is open.
 */
export function tripsOf(
  periods: readonly Period[],
  rejections: readonly { readonly reason: string; readonly period: number }[],
): ModelTrip[] {
  const trips: ModelTrip[] = []
  for (const [i, period] of periods.entries()) {
    const from = periods[i - 1]?.name
    if (period.name !== 'open' || from === undefined || !beginsTrip(period, from)) continue
    const length = periods.slice(i + 1).findIndex((next, at) => {
      return next.name === 'closed' || beginsTrip(next, periods[i + at]?.name)
    })
    const spell = length === -1 ? periods.slice(i) : periods.slice(i, i + 1 + length)
    const end = periods[i + spell.length]
    const openings = spell.filter(({ name }) => name === 'open')
    const latest = openings.at(-1) as Period
    const reopenings = openings
      .slice(1)
      .filter(({ reason }) => reason?.startsWith('probe') || reason === 'fleet')
    trips.push({
      at: period.since,
      reason: period.reason as Reason,
      from,
      generation: period.generation - 1,
      enforced: period.enforced,
      consecutiveFailures: period.streakBefore as number,
      openFor: latest.until === Infinity ? null : (latest.until as number) - latest.since,
      reopened: reopenings.length,
      reopenedBy: reopenings.at(-1)?.reason ?? null,
      lasted: end === undefined ? null : end.since - period.since,
      endedBy: end?.reason ?? null,
      rejected: rejections.filter(({ reason, period: at }) => {
        return !['forced-open', 'unenforced'].includes(reason) && at >= i && at < i + spell.length
      }).length,
    })
  }
  return trips
}

function beginsTrip({ name, reason }: Period, from: Period['name'] | undefined): boolean {
  if (name !== 'open') return false
  // What the fleet says while it is open already is another trouble.
  if (from === 'open') return reason === 'fleet'
  return from === 'closed' || reason === 'manual'
}
