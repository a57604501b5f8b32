import type { GrowingTime } from './settings.ts'

export type Reason =
  | 'consecutiveFailures'
  | 'failureRate'
  | 'slowCallRate'
  | 'manual'
  | 'probeFailed'
  | 'probeExpired'
  | 'elapsed'
  | 'recovered'
  | 'reset'

/** One stay in a state: a generation. */
export interface Era {
  readonly name: 'closed' | 'open' | 'half-open'
  readonly generation: number
  readonly since: number
  /** What started it; `undefined` for the first. */
  readonly reason: Reason | undefined
  /** False when an override was in place as it started. */
  readonly enforced: boolean
  /** Of an open one: when the next call becomes a probe. */
  until?: number
  /** Of an open one: its open time before the server's own word made it longer. */
  readonly duration?: number
  /** Of an open one: the server's own word. */
  readonly notBefore?: number
  /** Of an open one: failures in a row that led to it. */
  readonly streakBefore?: number
}

/** How long an opening at `now` lasts, after all those before. */
export function openTimeAfter(
  eras: readonly Era[],
  openTime: number | GrowingTime,
  now: number,
  random: () => number,
): number {
  if (typeof openTime === 'number') return openTime
  const { initial, max, factor, jitter } = openTime
  const length = Math.min(max, initial * factor ** levelAfter(eras, now))
  return length * (1 + jitter * (2 * random() - 1))
}

/** One up with every opening; one down for every last open time that was spent closed since. */
function levelAfter(eras: readonly Era[], now: number): number {
  let level = 0
  let last = 0
  for (const [i, era] of eras.entries()) {
    const end = eras[i + 1]?.since ?? now
    if (era.name === 'open') {
      level++
      last = era.duration as number
    } else if (era.name === 'closed' && last > 0) {
      level = Math.max(0, level - Math.floor((end - era.since) / last))
    }
  }
  return level
}

export interface ModelTrip {
  readonly at: number
  readonly reason: Reason
  readonly from: Era['name']
  readonly generation: number
  readonly enforced: boolean
  readonly streak: number
  readonly openFor: number
  readonly reopened: number
  readonly lasted: number | null
  readonly endedBy: Reason | null
  readonly rejected: number
}

/** One record from closed to closed: what happens in between belongs to the same trouble. */
export function tripsOf(
  eras: readonly Era[],
  refusals: readonly { readonly reason: string; readonly era: number }[],
): ModelTrip[] {
  const trips: ModelTrip[] = []
  for (const [i, era] of eras.entries()) {
    if (era.name !== 'open' || eras[i - 1]?.name !== 'closed') continue
    const length = eras.slice(i).findIndex(({ name }) => name === 'closed')
    const spell = length === -1 ? eras.slice(i) : eras.slice(i, i + length)
    const end = eras[i + spell.length]
    const openings = spell.filter(({ name }) => name === 'open')
    const latest = openings.at(-1) as Era
    trips.push({
      at: era.since,
      reason: era.reason as Reason,
      from: 'closed',
      generation: era.generation - 1,
      enforced: era.enforced,
      streak: era.streakBefore as number,
      openFor: (latest.until as number) - latest.since,
      reopened: openings.filter(({ reason }) => reason?.startsWith('probe')).length,
      lasted: end === undefined ? null : end.since - era.since,
      endedBy: end?.reason ?? null,
      rejected: refusals.filter(
        ({ reason, era: at }) =>
          (reason === 'open' || reason === 'half-open') && at >= i && at < i + spell.length,
      ).length,
    })
  }
  return trips
}
