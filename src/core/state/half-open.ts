import type { LatencyBaseline } from '../measure/latency-baseline.ts'
import { type Classification, notBefore } from '../outcome.ts'
import { type AdmittingState, Permit } from '../permit.ts'
import { Probes } from '../recovery/probes.ts'
import {
  type Decision,
  firstDeadline,
  type Recovery,
  type RecoverySettings,
} from '../recovery/recovery.ts'
import { SlowStart } from '../recovery/slow-start.ts'
import type { TransitionReason } from '../transition.ts'
import type { TripRecord } from '../trip/record.ts'
import type { Open } from './open.ts'

/** A few calls pass as probes; how they end decides. */
export interface HalfOpen {
  readonly name: 'half-open'
  readonly generation: number
  readonly since: number
  recovery: Recovery
  readonly trip: TripRecord
  /** The failure that opened the circuit, as it was thrown. */
  readonly cause: unknown
  /** Retry-After: the next opening lasts at least until then. */
  notBefore: number
  /** As in the open state that it follows. */
  readonly pending: AdmittingState | null
}

/** What follows an open state whose time is over. */
export function createHalfOpen(
  { generation, until: since, trip, cause, pending }: Open,
  settings: RecoverySettings,
  baseline: LatencyBaseline,
): HalfOpen {
  const recovery = createRecovery(settings, baseline, since)
  return {
    name: 'half-open',
    generation: generation + 1,
    since,
    recovery,
    trip,
    cause,
    notBefore: 0,
    pending,
  }
}

export function createRecovery(
  settings: RecoverySettings,
  baseline: LatencyBaseline,
  since: number,
): Recovery {
  return settings.kind === 'probes'
    ? new Probes(settings)
    : new SlowStart(settings, baseline, since)
}

/** `backstop` are extra ms before the probe expires. */
export function admitProbe(
  state: HalfOpen,
  now: number,
  timeout: number,
  backstop: number,
): Permit {
  const probe = new Permit(state, now, now + timeout, backstop)
  state.recovery.grant(probe)
  return probe
}

/** Goes on under other settings. Returns what could not be kept. */
export function configureHalfOpen(
  state: HalfOpen,
  settings: RecoverySettings,
  baseline: LatencyBaseline,
  now: number,
): string[] {
  const { recovery } = state
  if (recovery.configure(settings)) return []
  state.recovery = createRecovery(settings, baseline, now)
  for (const probe of recovery.inFlight) state.recovery.grant(probe)
  return recovery.successes > 0 ? ['successful probes'] : []
}

/** When a probe reaches its deadline or becomes overdue; `Infinity` for never. */
export function probeDueAt({ recovery }: HalfOpen, baseline: LatencyBaseline): number {
  const deadline = firstDeadline(recovery.inFlight)?.deadline ?? Infinity
  if (recovery.overdue === undefined) return deadline
  const overdue = recovery.waiting.map((probe) => probe.startedAt + baseline.overdueAfter)
  return Math.min(deadline, ...overdue)
}

/** Takes in how a probe ended. Returns what follows. */
export function settleProbe(
  state: HalfOpen,
  probe: Permit,
  classification: Classification,
  now: number,
): Decision {
  const { outcome } = classification
  if (outcome === 'failure') state.notBefore = notBefore(state.notBefore, classification, now)
  return state.recovery.settle(probe, outcome, probe.duration(now), now)
}

/** What has become of the probes that time has run out for. */
export interface DueProbes {
  readonly at: number
  readonly decision: Decision
  readonly reason: TransitionReason
  /** At its deadline: it no longer holds its permit. */
  readonly expired?: Permit
  /** Overdue: they gave their slots back, and keep their permits until they end or expire. */
  readonly detached: readonly Permit[]
}

/** Settles the first probe at its deadline, or charges those that are overdue. */
export function settleDueProbes(
  { recovery }: HalfOpen,
  { overdueAfter }: LatencyBaseline,
  now: number,
): DueProbes {
  const first = firstDeadline(recovery.inFlight)
  if (first !== undefined && first.deadline <= now) {
    const { deadline: at, delivered } = first
    const outcome = delivered ? 'success' : 'failure'
    const decision = recovery.settle(first, outcome, first.duration(at), at)
    return { at, decision, reason: 'probeExpired', expired: first, detached: [] }
  }
  const detached: Permit[] = []
  for (const probe of recovery.waiting) {
    const at = probe.startedAt + overdueAfter
    if (at > now) continue
    probe.overdue = true
    detached.push(probe)
    const decision = recovery.overdue?.(probe, now)
    if (decision !== undefined) return { at, decision, reason: 'probeOverdue', detached }
  }
  return { at: now, decision: undefined, reason: 'probeOverdue', detached }
}

/** A copy that shares nothing that either of them will change. */
export function cloneHalfOpen(
  state: HalfOpen,
  trip: TripRecord,
  baseline: LatencyBaseline,
): HalfOpen {
  const copy: HalfOpen = { ...state, trip }
  copy.recovery = state.recovery.clone((probe) => probe.clone(copy), baseline)
  return copy
}
