import type { BreakerReading, StateName } from '../index.ts'
import type { Severity } from './severity.ts'

/** A breaker of a list, with what the order needs. */
export interface Entry {
  readonly name: string
  readonly state: StateName
  readonly automatic: StateName
  readonly override: BreakerReading['override']
  readonly severity: Severity
  /** Of rejected and failed calls; an idle one comes after all others of its class. */
  readonly impact: number
  readonly calls: number
  readonly failed: number
  readonly rejected: number
}

/** As much of an entry as is counted. */
type Counted = Pick<Entry, 'severity' | 'state' | 'calls' | 'failed' | 'rejected'> & {
  readonly override: unknown
}

/** What a list says of all breakers that it is about. */
export interface Counts {
  readonly total: number
  readonly byClass: readonly [number, number, number, number]
  readonly byState: Readonly<Record<StateName, number>>
  readonly byHand: number
  /** Per second. */
  readonly calls: number
  readonly failed: number
  readonly rejected: number
}

export function countsOf(entries: readonly Counted[]): Counts {
  const byClass: [number, number, number, number] = [0, 0, 0, 0]
  const byState = { closed: 0, open: 0, 'half-open': 0 }
  const sum = { byHand: 0, calls: 0, failed: 0, rejected: 0 }
  for (const { severity, state, override, calls, failed, rejected } of entries) {
    byClass[severity]++
    byState[state]++
    if (override !== null) sum.byHand++
    sum.calls += calls
    sum.failed += failed
    sum.rejected += rejected
  }
  return { total: entries.length, byClass, byState, ...sum }
}
