import type { JournalEntry } from '../../fleet/index.ts'
import type { StateName } from '../../index.ts'
import type { Row } from '../row.ts'
import type { Severity } from '../severity.ts'
import { shorten, span } from '../text.ts'
import { type FleetRow, type FleetState, whyText } from './breakers.ts'
import { bandOf } from './journal.ts'

const BAND = 15 * 60_000
const LONGEST_WHY = 70
/** So many failures of so many calls are to be watched. */
const WATCHED = { share: 0.05, calls: 10 } as const

/** A breaker of the whole fleet as a row of a list: what only one process knows is not in it. */
export function rowOf(fleet: FleetRow, journal: readonly JournalEntry[], now: number): Row {
  const { name, state, automatic, since, until, override, calls, window } = fleet
  const all = calls.success + calls.failure
  const per = (count: number): number =>
    window === 0 ? 0 : Math.round((count / window) * 100_000) / 100
  const age = since === null ? 0 : Math.max(0, now - since)
  return {
    name,
    state: metBy(state),
    automatic,
    stateFor: age,
    trippedFor: automatic === 'closed' ? null : age,
    generation: 0,
    override: override && {
      ...override,
      by: override.by || null,
      reason: override.reason || null,
      since: since ?? now,
    },
    fleet: null,
    class: severityOf(fleet),
    ...textsOf(fleet, now),
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
export function metBy(state: FleetState): StateName {
  if (state === 'forced-open') return 'open'
  return state === 'forced-closed' || state === 'disabled' ? 'closed' : state
}

function severityOf({ automatic, override, alone, behind, calls }: FleetRow): Severity {
  if (automatic !== 'closed') return 0
  if (override !== null) return 1
  const all = calls.success + calls.failure
  const fails = all >= WATCHED.calls && calls.failure >= WATCHED.share * all
  return fails || alone.length > 0 || behind.length > 0 ? 2 : 3
}

function textsOf(fleet: FleetRow, now: number): { why: string; next: string } {
  const { override, automatic, until, reason, by, text, more, calls } = fleet
  if (override !== null) {
    const who = override.by === '' ? '' : ` by ${override.by}`
    const said = override.reason === '' ? '' : `: ${override.reason}`
    const end = override.until === null ? 'no end' : `${span(override.until - now)} more`
    return {
      why: shorten(`${override.mode.replace('-', ' ')}${who}${said}`, LONGEST_WHY),
      next: automatic === 'closed' ? end : `${end}; underneath it is ${automatic}`,
    }
  }
  const why = shorten(whyText(reason, by), LONGEST_WHY)
  if (automatic === 'open') {
    const left = (until ?? 0) - now
    return {
      why,
      next: left > 0 ? `next probe in ${span(left)}` : 'its open time is over; it waits for a call',
    }
  }
  if (automatic === 'half-open') return { why: text, next: '' }
  if (text !== '') return { why: text, next: more }
  if (calls.failure === 0) return { why: '', next: '' }
  return { why: `${calls.failure} of ${calls.success + calls.failure} calls failed`, next: '' }
}
