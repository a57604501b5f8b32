import type { JournalEntry } from '../../fleet/index.ts'
import type { StateName } from '../../index.ts'
import { BAND, LONGEST_WHY, overrideTexts, type Row } from '../row.ts'
import { failsOften, type Severity } from '../severity.ts'
import { shorten, span } from '../text.ts'
import { type FleetRow, type FleetState, whyText } from './breakers.ts'
import { bandOf } from './journal.ts'

/** A breaker of the whole fleet as a row of a list: what only one process knows is not in it. */
export function rowOf(fleet: FleetRow, journal: readonly JournalEntry[], now: number): Row {
  const { name, state, automatic, since, until, override, calls, window } = fleet
  const all = calls.success + calls.failure
  const per = (count: number): number =>
    window === 0 ? 0 : Math.round((count / window) * 100_000) / 100
  const age = since === null ? 0 : Math.max(0, now - since)
  const held = override && {
    ...override,
    by: override.by || null,
    reason: override.reason || null,
    since: since ?? now,
  }
  const { why, next } =
    held === null ? automaticTexts(fleet, now) : overrideTexts(held, automatic, now)
  return {
    name,
    state: metBy(state),
    automatic,
    stateFor: age,
    trippedFor: automatic === 'closed' ? null : age,
    generation: 0,
    override: held,
    fleet: null,
    class: severityOf(fleet),
    why: shorten(why, LONGEST_WHY),
    next,
    rates: { calls: per(all), failed: per(calls.failure), rejected: 0, unenforced: 0 },
    failedShare: all === 0 ? null : calls.failure / all,
    p99: null,
    inFlight: 0,
    retryAfter: until === null ? null : Math.max(0, until - now),
    trips15m: 0,
    band: bandOf(journal, fleet, now - BAND),
    version: fleet.version,
  }
}

/** The state that calls meet. */
function metBy(state: FleetState): StateName {
  if (state === 'forced-open') return 'open'
  return state === 'forced-closed' || state === 'disabled' ? 'closed' : state
}

function severityOf({ automatic, override, alone, behind, calls }: FleetRow): Severity {
  if (automatic !== 'closed') return 0
  if (override !== null) return 1
  return failsOften(calls.success, calls.failure) || alone.length > 0 || behind.length > 0 ? 2 : 3
}

function automaticTexts(fleet: FleetRow, now: number): { why: string; next: string } {
  const { automatic, until, reason, by, text, more, calls } = fleet
  if (automatic === 'open') {
    const left = (until ?? 0) - now
    return {
      why: whyText(reason, by),
      next: left > 0 ? `next probe in ${span(left)}` : 'its open time is over; it waits for a call',
    }
  }
  if (automatic === 'half-open') return { why: text, next: '' }
  if (text !== '') return { why: text, next: more }
  if (calls.failure === 0) return { why: '', next: '' }
  return { why: `${calls.failure} of ${calls.success + calls.failure} calls failed`, next: '' }
}
