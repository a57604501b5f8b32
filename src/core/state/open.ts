import type { RecordedFailure } from '../outcome.ts'
import type { AdmittingState } from '../permit.ts'
import type { Finding, TripRecord } from '../trip/record.ts'

/** Why the circuit opens, and what is known about it. */
export interface Opening {
  readonly finding?: Finding
  readonly cause?: unknown
  readonly note?: string | undefined
  readonly probeFailure?: RecordedFailure | undefined
  /** Only calls that have not ended yet contributed: the state they belong to. */
  readonly pending?: AdmittingState | null
}

/** Nothing passes until its time is over. */
export interface Open {
  readonly name: 'open'
  readonly generation: number
  readonly since: number
  /** When its open time began to count: later than `since` after it was tripped once more. */
  from: number
  /** When the next call becomes a probe. */
  until: number
  readonly trip: TripRecord
  /** The failure that opened it, as it was thrown. */
  readonly cause: unknown
  /** Retry-After: it lasts at least until then. */
  readonly notBefore: number
  /** The state whose overdue calls opened it: one of them that succeeds after all cancels that. */
  pending: AdmittingState | null
}

export function createOpen(
  from: { readonly generation: number; readonly notBefore: number },
  since: number,
  openFor: number,
  trip: TripRecord,
  { cause, pending = null }: Opening,
): Open {
  const { generation, notBefore } = from
  const until = since + openFor
  return {
    name: 'open',
    generation: generation + 1,
    since,
    from: since,
    until,
    trip,
    cause,
    notBefore,
    pending,
  }
}

/** Applies another open time, counted from `from`. */
export function prolong(state: Open, ms: number, now: number): void {
  state.until = Math.max(state.from + ms, state.notBefore, now)
  state.trip.openFor = state.until - state.since
}
