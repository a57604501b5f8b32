import type { LatencyBaseline } from '../measure/latency-baseline.ts'
import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import type { ProbesInFlight } from '../probes-in-flight.ts'

export type RecoverySettings = ProbeSettings | SlowStartSettings

/** What follows from the end of a probe. */
export type Decision = 'close' | 'reopen' | undefined

/** How one half-open state finds its way back. */
export interface Recovery {
  successes: number
  /** Probes that failed, slow ones among them where slow calls open. */
  failures: number
  /** Successes that it takes. */
  readonly needed: number
  /** Probes that may be in flight at once, now. */
  readonly limit: number
  readonly inFlight: ProbesInFlight
  /** A call was rejected because no slot was free. */
  onRejected(now: number): void
  /** A probe has ended or expired, and is not in flight any more. */
  settle(probe: Permit, outcome: Outcome, duration: number, now: number): Decision
  /** A probe has been out for so long that it is probably hung: its slot has been returned before it ends. */
  overdue?(probe: Permit, now: number): Decision
  /** Takes back what such a probe was charged: it was not hung. */
  retractOverdue?(): void
  /** Ms until a slot is free, as an estimate. */
  wait(now: number): number
  configure(settings: RecoverySettings): boolean
  clone(rename: (probe: Permit) => Permit, baseline: LatencyBaseline): Recovery
}

/** True when one more probe may go out now. */
export function admits({ inFlight, limit }: Recovery): boolean {
  return inFlight.waiting < limit
}

export interface ProbeSettings {
  readonly kind: 'probes'
  /** Of so many probes … */
  readonly probes: number
  /** … so many must succeed. */
  readonly successes: number
  /** At most that many probes at once. */
  readonly concurrent: number
  /** A probe expires after that many ms. */
  readonly timeout: number
}

export interface SlowStartSettings {
  readonly kind: 'slowStart'
  /** That many successes close the circuit, once nothing has been rejected for `quietFor` ms. */
  readonly successes: number
  readonly quietFor: number
  /** A probe expires after that many ms. */
  readonly timeout: number
  /** A failure that took at least this long, ms, weighs as much as a hung call. */
  readonly slowerThan: number
}
