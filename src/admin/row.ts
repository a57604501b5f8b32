import type { Snapshot, StateName } from '../index.ts'
import type { BandPart } from './changes.ts'
import { FULL, IDLE, type Severity, strictest } from './severity.ts'
import { shorten, span } from './text.ts'

/** One breaker in a list. Texts are plain: escape them before you show them as HTML. */
export interface Row {
  readonly name: string
  /** The state that calls meet. */
  readonly state: StateName
  /** The automatic state, underneath an override if there is one. */
  readonly automatic: StateName
  /** How long calls have met this state, or the override has been set; ms. */
  readonly stateFor: number
  /** How long ago it opened, whatever probes it has met since, ms; null while it is closed. */
  readonly trippedFor: number | null
  readonly generation: number
  readonly override: Snapshot['override']
  /** Of one that is shared: which of the two decides, and what the fleet last said. */
  readonly fleet: Snapshot['fleet']
  /** 0 needs attention, 1 is held by hand, 2 is to be watched, 3 is healthy or idle. */
  readonly class: Severity
  /** Why it is in this class; at most 70 characters. */
  readonly why: string
  /** What comes next. */
  readonly next: string
  /** Calls per second in the last 5 to 10 s; `failed`, `rejected` and `unenforced` are among `calls`. */
  readonly rates: {
    readonly calls: number
    readonly failed: number
    readonly rejected: number
    readonly unenforced: number
  }
  /** The share of the calls of the last 1 to 2 minutes that failed; null without calls. */
  readonly failedShare: number | null
  /** With `statistics`, of the same calls, ms. */
  readonly p99: number | null
  readonly inFlight: number
  readonly retryAfter: number | null
  /** How often it opened in the last 15 minutes. */
  readonly trips15m: number
  /** What calls have met in the last 15 minutes: since when, in milliseconds since 1970, and what. */
  readonly band: readonly BandPart[]
  /** To be sent back as `If-Match` with a write. */
  readonly version: string
}

export const LONGEST_WHY: number = 70
/** How long the band of a row is, ms. */
export const BAND: number = 15 * 60_000

interface Circumstances {
  readonly idleFor: number
  readonly trips: number
  readonly fullShare: number
  /** Whether so many of its calls fail that it is to be watched. */
  readonly failing: boolean
}

/** Why the breaker is in its class, and what comes next. */
export function describe(
  snapshot: Snapshot,
  severity: Severity,
  { idleFor, trips, fullShare, failing }: Circumstances,
  wall: number,
): { why: string; next: string } {
  const { override, automatic } = snapshot
  const texts =
    override === null
      ? automaticTexts(snapshot, severity, { idleFor, fullShare, failing })
      : overrideTexts(override, automatic, wall)
  const often = trips > 1 ? `opened ${trips} times in 15 min` : ''
  return {
    why: shorten(texts.why, LONGEST_WHY),
    next: [texts.next, often].filter(Boolean).join('; '),
  }
}

export function overrideTexts(
  { mode, by, reason, until }: NonNullable<Snapshot['override']>,
  automatic: StateName,
  wall: number,
): { why: string; next: string } {
  const who = by === null ? '' : ` by ${by}`
  const why = `${mode.replace('-', ' ')}${who}${reason === null ? '' : `: ${reason}`}`
  const end = until === null ? 'no end' : `${span(until - wall)} more`
  const next = automatic === 'closed' ? end : `${end}; underneath it is ${automatic}`
  return { why, next }
}

function automaticTexts(
  snapshot: Snapshot,
  severity: Severity,
  { idleFor, fullShare, failing }: Omit<Circumstances, 'trips'>,
): { why: string; next: string } {
  const { automatic, retryAfter, probes, trips } = snapshot
  const trip = trips.at(-1)
  const idle = `no call for ${span(idleFor)}`
  if (automatic === 'open') {
    const next =
      retryAfter === null
        ? 'stays open until it is moved by hand'
        : `next probe in ${span(retryAfter)}`
    return { why: trip?.text ?? 'it has opened', next: [next, ...lastProbe(trip)].join('; ') }
  }
  if (automatic === 'half-open') {
    const { succeeded = 0, needed = 1, inFlight = 0 } = probes ?? {}
    // A slow start goes on although enough have succeeded.
    const why = `${Math.min(succeeded, needed)} of ${needed} probes succeeded`
    const waits =
      succeeded >= needed
        ? 'it closes once no call was rejected for a while'
        : 'its open time is over; it waits for a call'
    const next = inFlight > 0 ? `${inFlight} in flight` : waits
    const opened = trip === undefined ? [] : [`it opened because ${trip.text}`]
    return { why, next: [next, ...opened].join('; ') }
  }
  // One that has just recovered stays in its class for a while.
  if (severity === 0 && fullShare > 0) {
    const { maxConcurrent } = snapshot.options
    const share = `${Math.round(fullShare * 1_000) / 10} %`
    return {
      why: `${share} of the calls were rejected: ${String(maxConcurrent)} in flight`,
      next: '',
    }
  }
  if (severity === 3) return { why: idleFor >= IDLE ? idle : '', next: '' }
  return { why: whyWatched(snapshot, failing), next: '' }
}

/** What the probes since it opened have met; nothing before the first has ended. */
function lastProbe(trip: Snapshot['trips'][number] | undefined): string[] {
  if (trip === undefined || trip.reopened === 0) return []
  const { reopened, probeFailure } = trip
  const failed = reopened === 1 ? '1 probe failed' : `${reopened} probes failed, the last`
  if (probeFailure === null) return [`${failed} by taking too long`]
  const { name, code, message } = probeFailure
  return [`${failed} with ${code ?? name}: ${shorten(message, LONGEST_WHY)}`]
}

function whyWatched(snapshot: Snapshot, failing: boolean): string {
  const nearest = strictest(snapshot.window)
  if (nearest?.isNear) {
    const { rule, observed, threshold } = nearest.rule
    const isShare = rule === 'failureRate' || rule === 'slowCallRate'
    const shown = (value: number) => {
      const rounded = Math.round(value * (isShare ? 1_000 : 10)) / 10
      return isShare ? `${rounded} %` : String(rounded)
    }
    return `${rule} is at ${shown(observed)} of ${shown(threshold)}`
  }
  const { inFlight, options } = snapshot
  const { maxConcurrent } = options
  if (typeof maxConcurrent === 'number' && inFlight >= FULL * maxConcurrent) {
    return `${inFlight} of ${maxConcurrent} calls are in flight`
  }
  const last = snapshot.trips.at(-1)
  if (last !== undefined && last.age < IDLE) return `opened ${span(last.age)} ago: ${last.text}`
  // One that has just been released stays in its class for a while, too.
  return failing ? 'some of its calls fail' : 'healthy again'
}
