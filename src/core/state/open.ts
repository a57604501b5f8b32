import type { RecordedFailure } from '../outcome.ts'
import type { AdmittingState } from '../permit.ts'
import { askedTime, type OpenBackoff, type OpenDuration } from '../recovery/open-duration.ts'
import type { ManualOptions } from '../transition.ts'
import type { Finding, TripRecord } from '../trip/record.ts'
import type { OverrideOptions } from './override.ts'

/** Why the circuit opens, and what is known about it. */
export interface Opening {
  readonly finding?: Finding
  readonly cause?: unknown
  /** What was said when it was opened by hand, and for how long it shall be open. */
  readonly byHand?: OverrideOptions | undefined
  readonly probeFailure?: RecordedFailure | undefined
  /** How long the probe took that has failed, ms; undefined if it has not ended, or there was none. */
  readonly took?: number
  /** Only calls that have not ended yet contributed: the state they belong to. */
  readonly pending?: AdmittingState | null
  /** The fleet is open. */
  readonly fleet?: boolean
}

/** What is said when it is opened by hand, and what the server has said that it is opened for. */
export interface TripOptions extends OverrideOptions {
  /** Ms, from now. */
  readonly retryAfter?: number | undefined
}

/** Nothing passes until its time is over. */
export interface Open {
  readonly name: 'open'
  readonly generation: number
  readonly since: number
  /** When its open time began to count: later than `since` after it was tripped once more. */
  readonly from: number
  /** When the next call becomes a probe; `Infinity` for only by hand. */
  until: number
  /** How long it shall be open, if that was said by hand; ms. */
  readonly lasts: number | null
  readonly trip: TripRecord
  /** The failure that opened it, as it was thrown. */
  cause: unknown
  /** Retry-After: it lasts at least until then. */
  notBefore: number
  /** The state whose overdue calls opened it: one of them that succeeds after all cancels that. */
  pending: AdmittingState | null
  /** What was said when it was last tripped by hand while it was open. */
  readonly retripped: ManualOptions | null
  /** As the fleet is: what follows it are probes of the fleet. False once the fleet can't be heard. */
  fleet: boolean
}

export function createOpen(
  from: { readonly generation: number; readonly notBefore: number },
  since: number,
  openFor: number,
  trip: TripRecord,
  { cause, pending = null, byHand, fleet = false }: Opening,
): Open {
  const { generation, notBefore } = from
  const until = since + openFor
  return {
    name: 'open',
    generation: generation + 1,
    since,
    from: since,
    until,
    lasts: byHand?.for ?? null,
    trip,
    cause,
    notBefore,
    pending,
    retripped: null,
    fleet,
  }
}

/** Tripped by hand once more, it starts its open time again. */
export function retrip(state: Open, why: OverrideOptions, now: number): Open {
  const { trip } = state
  const { reason, by, for: lasts = null } = why
  trip.note = reason ?? trip.note
  trip.by = by ?? trip.by
  // An operator keeps it open from now on: a late success of an overdue call does not close it.
  const fresh = { from: now, lasts, retripped: { reason, by }, pending: null, fleet: false }
  return { ...state, generation: state.generation + 1, ...fresh }
}

/** Applies the open time that is in force, counted from `from`, unless one was set by hand. */
export function prolong(
  state: Open,
  { openDuration }: { readonly openDuration: OpenDuration },
  backoff: OpenBackoff,
  rate: number,
  nextRandom: number,
  now: number,
): void {
  const { generation, from, lasts, notBefore, trip, cause } = state
  if (lasts === null) {
    const occasion = { generation, attempt: trip.reopened + 1, cause }
    const asked = askedTime(openDuration, occasion)
    const ms = asked ?? backoff.recompute(openDuration, from, rate, nextRandom)
    state.until = Math.max(from + ms, notBefore, now)
  } else state.until = from + lasts
  state.trip.openFor = state.until - state.since
}
