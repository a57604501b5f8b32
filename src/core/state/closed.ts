import { InFlight } from '../in-flight.ts'
import type { Classification, RecordedFailure } from '../outcome.ts'
import { LONGEST_RETRY_AFTER } from '../recovery/open-duration.ts'
import { LastFailures } from '../trip/last-failures.ts'
import { hasRules, Rules, type TripSettings } from '../trip/rules.ts'

export interface Closed {
  readonly name: 'closed'
  readonly generation: number
  readonly since: number
  /** Failures in a row. */
  consecutiveFailures: number
  /** What the other rules have seen; null while none is in force. */
  rules: Rules | null
  /** Calls that may become overdue; null where that counts for nothing. */
  inFlight: InFlight | null
  /** The last ones; null while there were none. */
  failures: LastFailures | null
  /** The server's own word: an opening lasts at least until then. */
  notBefore: number
}

/** The closed state with fresh evidence. */
export function closed(generation: number, since: number, trip: TripSettings): Closed {
  return {
    name: 'closed',
    generation,
    since,
    consecutiveFailures: 0,
    rules: hasRules(trip) ? new Rules(trip) : null,
    inFlight: trip.evidence?.overdue ? new InFlight() : null,
    failures: null,
    notBefore: 0,
  }
}

/** Puts other rules in force and keeps the evidence; gives what could not be kept, in words. */
export function configureRules(state: Closed, trip: TripSettings, now: number): string[] {
  if (trip.evidence?.overdue) state.inFlight ??= new InFlight()
  else state.inFlight = null
  if (state.rules !== null) return state.rules.configure(trip, now)
  if (hasRules(trip)) state.rules = new Rules(trip)
  return []
}

/** Keeps the last failures, to explain a trip by. */
export function rememberFailure(state: Closed, classification: Classification, now: number): void {
  const failure = recorded(classification, now)
  if (failure === undefined) return
  state.failures ??= new LastFailures()
  state.failures.add(failure)
}

export function recorded({ failure }: Classification, now: number): RecordedFailure | undefined {
  if (failure === undefined) return undefined
  const { name, code, message } = failure
  return { name, code, message, at: now }
}

/** Until when the server has asked to be left alone. */
export function notBefore(current: number, classification: Classification, now: number): number {
  const { retryAfter = 0 } = classification
  // Written so that NaN says nothing.
  return retryAfter > 0
    ? Math.max(current, now + Math.min(retryAfter, LONGEST_RETRY_AFTER))
    : current
}
