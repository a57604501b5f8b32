import type { Finding } from './record.ts'

/** What a rule of one's own may look at: the closed circuit, just after a call has settled. */
export interface WhenView {
  /** Failures in a row. */
  readonly consecutiveFailures: number
  /** Since the circuit closed. */
  readonly successes: number
  readonly failures: number
  /** Calls in flight. */
  readonly inFlight: number
  /** Ms since the circuit closed. */
  readonly closedFor: number
  /** Of the call that has just settled. */
  readonly failed: boolean
}

/** A rule of one's own: true opens. */
export type TripPredicate = (view: WhenView) => boolean

export function when(rule: TripPredicate, view: WhenView): Finding | undefined {
  return rule(view) ? { rule: 'when', observed: 1, threshold: 1 } : undefined
}
