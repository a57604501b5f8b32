import type { LatencyBaseline } from '../measure/latency-baseline.ts'
import { type Classification, notBefore, type Outcome, recorded } from '../outcome.ts'
import { type AdmittingState, Permit } from '../permit.ts'
import { ProbesInFlight } from '../probes-in-flight.ts'
import { LeasedProbes } from '../recovery/leased-probes.ts'
import { Probes } from '../recovery/probes.ts'
import type { Decision, Recovery, RecoverySettings } from '../recovery/recovery.ts'
import { SlowStart } from '../recovery/slow-start.ts'
import { isSlow, type MachineSettings } from '../settings.ts'
import type { ManualOptions, TransitionReason } from '../transition.ts'
import type { TripRecord } from '../trip/record.ts'
import type { Open, Opening } from './open.ts'
import { isDisabled, type Override } from './override.ts'

/** A few calls pass as probes; how they end decides. */
export interface HalfOpen {
  readonly name: 'half-open'
  readonly generation: number
  readonly since: number
  recovery: Recovery
  readonly trip: TripRecord
  /** The failure that opened the circuit, as it was thrown. */
  cause: unknown
  /** Retry-After: the next opening lasts at least until then. */
  notBefore: number
  /** As in the open state that it follows. */
  pending: AdmittingState | null
  /** What was said when it was made half-open by hand. */
  readonly byHand: ManualOptions | null
  /** As the fleet is: its probes need leases, and the fleet decides. */
  readonly fleet: boolean
}

/** What a half-open state needs to know of the one before; `until` is when that ended. */
export type Preceding = Pick<
  Open,
  'generation' | 'until' | 'trip' | 'cause' | 'pending' | 'fleet'
> & {
  /** A probe of the fleet has succeeded. */
  readonly works?: boolean
}

/** What follows an open state whose time is over, or another one by hand. */
export function createHalfOpen(
  { generation, until: since, trip, cause, pending, fleet, works = false }: Preceding,
  settings: RecoverySettings,
  baseline: LatencyBaseline,
  byHand: ManualOptions | null = null,
): HalfOpen {
  const recovery = fleet
    ? new LeasedProbes(new ProbesInFlight())
    : createRecovery(settings, baseline, since)
  if (works) recovery.successes++
  return {
    name: 'half-open',
    generation: generation + 1,
    since,
    recovery,
    trip,
    cause,
    notBefore: 0,
    pending,
    byHand,
    fleet,
  }
}

export function createRecovery(
  settings: RecoverySettings,
  baseline: LatencyBaseline,
  since: number,
  inFlight: ProbesInFlight = new ProbesInFlight(),
): Recovery {
  return settings.kind === 'probes'
    ? new Probes(settings, inFlight)
    : new SlowStart(settings, baseline, since, inFlight)
}

/** `backstop` are extra ms before the probe expires. */
export function admitProbe(
  state: HalfOpen,
  now: number,
  timeout: number,
  backstop: number,
): Permit {
  const probe = new Permit(state, now, now + timeout, backstop)
  state.recovery.inFlight.add(probe)
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
  state.recovery = createRecovery(settings, baseline, now, recovery.inFlight)
  return recovery.successes > 0 ? ['successful probes'] : []
}

/** When a probe has reached its deadline or becomes overdue; `Infinity` for neither by `now`. */
export function probeDueAt(
  { recovery }: HalfOpen,
  { overdueAfter }: LatencyBaseline,
  override: Override | undefined,
  now: number,
): number {
  const { inFlight } = recovery
  const deadline = inFlight.firstDeadline(now)
  if (recovery.overdue === undefined || isDisabled(override)) return deadline
  const oldest = inFlight.oldestWaiting?.startedAt ?? Infinity
  return Math.min(deadline, oldest + overdueAfter)
}

/** What follows from the end of a probe, and why. */
export interface ProbeEnd {
  /** The target has answered. */
  readonly works: boolean
  readonly decision: Decision
  readonly reason: TransitionReason
  readonly why: Opening
}

/** Takes in how a probe ended. Returns what follows. */
export function settleProbe(
  state: HalfOpen,
  probe: Permit,
  classification: Classification,
  now: number,
  settings: MachineSettings,
): ProbeEnd {
  const { outcome, error, trips = false } = classification
  if (outcome === 'failure') {
    state.notBefore = notBefore(state.notBefore, classification, now, settings)
  }
  const took = probe.duration(now)
  const slow = outcome === 'success' && isSlow(took, settings)
  const counts = slow ? 'failure' : outcome
  const decided = state.recovery.settle(probe, counts, took, now)
  // Of a fleet only that decides.
  const decision = trips && !state.fleet ? 'reopen' : decided
  const cause = slow ? state.cause : error
  const why = { cause, probeFailure: recorded(classification, now), took }
  return { works: works(counts), decision, reason: slow ? 'probeSlow' : 'probeFailed', why }
}

function works(counts: Outcome): boolean {
  return counts === 'success' || counts === 'neutral'
}

/** What has become of a probe that time has run out for. */
export interface DueProbe extends ProbeEnd {
  readonly at: number
  /** At its deadline: it no longer holds its permit. */
  readonly expired?: Permit
  /** Overdue: it gave its slot back, and keeps its permit until it ends or expires. */
  readonly detached?: Permit
}

/** Settles the first probe at its deadline, or charges the first that is overdue. */
export function settleDueProbe(
  state: HalfOpen,
  { overdueAfter }: LatencyBaseline,
  now: number,
  override: Override | undefined,
  settings: MachineSettings,
): DueProbe {
  const { recovery, cause } = state
  const { inFlight } = recovery
  const expired = inFlight.takeExpired(now)
  if (expired !== undefined) {
    const { deadline: at, delivered } = expired
    const outcome = isDisabled(override) ? 'cancelled' : delivered ? 'success' : 'failure'
    const took = expired.duration(at)
    const slow = outcome === 'success' && isSlow(took, settings)
    const counts = slow ? 'failure' : outcome
    const decision = recovery.settle(expired, counts, took, at)
    const reason = slow ? 'probeSlow' : 'probeExpired'
    return { at, works: works(counts), decision, reason, why: { cause }, expired }
  }
  const overdue = inFlight.oldestWaiting as Permit
  overdue.list?.remove(overdue)
  overdue.overdue = true
  const at = overdue.startedAt + overdueAfter
  const decision = recovery.overdue?.(overdue, now)
  const why = { cause, pending: state }
  return { at, works: false, decision, reason: 'probeOverdue', why, detached: overdue }
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
