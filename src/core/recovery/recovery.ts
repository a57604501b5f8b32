import type { LatencyBaseline } from '../measure/latency-baseline.ts'
import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'

export type RecoverySettings = ProbeSettings | SlowStartSettings

/** What follows from the end of a probe. */
export type Decision = 'close' | 'reopen' | undefined

/** How one half-open state finds its way back. */
export interface Recovery {
  successes: number
  /** Successes that it takes. */
  readonly needed: number
  /** Probes that may be in flight at once, now. */
  readonly limit: number
  readonly inFlight: readonly Permit[]
  /** Those of them that take a slot: they have not delivered anything yet. */
  readonly waiting: readonly Permit[]
  grant(probe: Permit): void
  /** A call was rejected because no slot was free. */
  onRejected(now: number): void
  /** A probe has ended, or expired. */
  settle(probe: Permit, outcome: Outcome, duration: number, now: number): Decision
  /** A probe has been out for so long that it is probably hung: its slot returns before it ends. */
  overdue?(probe: Permit, now: number): Decision
  /** Ms until a slot is free, as an estimate. */
  wait(now: number): number
  configure(settings: RecoverySettings): boolean
  clone(rename: (probe: Permit) => Permit, baseline: LatencyBaseline): Recovery
}

/** True when one more probe may go out now. */
export function admits({ waiting, limit }: Recovery): boolean {
  return waiting.length < limit
}

/** The probes that are out, with what both ways back share. */
export abstract class ProbesInFlight {
  successes = 0
  readonly inFlight: Permit[] = []

  get waiting(): readonly Permit[] {
    return this.inFlight.filter((probe) => !probe.delivered)
  }

  grant(probe: Permit): void {
    this.inFlight.push(probe)
  }

  /** False for one that was taken back before. */
  protected take(probe: Permit): boolean {
    const index = this.inFlight.indexOf(probe)
    if (index !== -1) this.inFlight.splice(index, 1)
    return index !== -1
  }

  protected copyTo<T extends ProbesInFlight>(copy: T, rename: (probe: Permit) => Permit): T {
    copy.successes = this.successes
    for (const probe of this.inFlight) copy.grant(rename(probe))
    return copy
  }
}

/** The probe that expires first, or `undefined` when none is in flight. */
export function firstDeadline(inFlight: readonly Permit[]): Permit | undefined {
  let first: Permit | undefined
  for (const probe of inFlight) {
    if (first === undefined || probe.deadline < first.deadline) first = probe
  }
  return first
}

/** When the next probe must have ended. */
export function firstDue(inFlight: readonly Permit[]): number {
  return Math.min(...inFlight.map((probe) => probe.due))
}

export interface ProbeSettings {
  readonly kind: 'probes'
  /** That many successes in a row close the circuit. */
  readonly probes: number
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
