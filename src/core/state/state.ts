import type { Counters, RejectReason } from '../measure/counters.ts'
import { baselineOf, LatencyBaseline } from '../measure/latency-baseline.ts'
import type { Statistics } from '../measure/statistics.ts'
import { type Permit, UNENFORCED } from '../permit.ts'
import type { ProbesInFlight } from '../probes-in-flight.ts'
import type { LeasedProbes } from '../recovery/leased-probes.ts'
import { admits } from '../recovery/recovery.ts'
import { type MachineSettings, measuresDurations } from '../settings.ts'
import type { RuleStatus, TripRecord } from '../trip/record.ts'
import { ruleWithCharges } from '../trip/rules.ts'
import {
  type Closed,
  cloneClosed,
  configureClosed,
  isOverdue,
  mayBeOverdue,
  ruleStatusesOf,
} from './closed.ts'
import { cloneHalfOpen, configureHalfOpen, type HalfOpen, probeDueAt } from './half-open.ts'
import type { Open } from './open.ts'
import { isDisabled, type Override } from './override.ts'

/** Each state owns its evidence; a transition replaces the object and so starts afresh. */
export type State = Closed | Open | HalfOpen

/** Why a call cannot pass; undefined when it can. Overrides that let every call pass aside. */
export function rejectReason(
  state: State,
  override: Override | undefined,
  { waiting }: Counters,
  maxConcurrent: number,
): RejectReason | undefined {
  if (override?.mode === 'forced-open') return 'forced-open'
  if (state.name === 'open') return 'open'
  if (state.name === 'closed') return waiting >= maxConcurrent ? 'full' : undefined
  // Probes have a limit of their own: calls that hang must not keep the circuit from closing.
  return admits(state.recovery) ? undefined : 'half-open'
}

/**
 * Lets go of what led to a state that is over. Errors keep the calls that they were made in, and these their states:
 * otherwise each probe of an outage would keep all those before it.
 */
export function releaseState(state: State): void {
  if (state.name === 'closed') return
  state.cause = undefined
  state.pending = null
}

interface Rejecting {
  readonly state: State
  readonly override: Override | undefined
  readonly counters: Counters
  readonly statistics: Statistics | null
}

/** Rejects a call, unless an override lets every call pass. */
export function reject(
  { state, override, counters, statistics }: Rejecting,
  reason: RejectReason,
  now: number,
): RejectReason | Permit {
  if (state.name === 'half-open') state.recovery.onRejected(now)
  if (override?.mode === 'forced-closed') {
    counters.rare.unenforced++
    return UNENFORCED
  }
  if (state.name !== 'closed' && reason !== 'forced-open') state.trip.rejected++
  statistics?.recordRejection(now)
  counters.rare[reason]++
  return reason
}

/** The recovery of a half-open circuit that needs leases of its fleet; undefined for any other. */
export function leasedProbesOf({
  state,
  override,
}: Pick<Rejecting, 'state' | 'override'>): LeasedProbes | undefined {
  const leased = state.name === 'half-open' && state.fleet && override === undefined
  return leased ? (state.recovery as LeasedProbes) : undefined
}

/** How many more calls would be let through now. */
export function freeSlots({
  state,
  override,
  counters,
  settings,
}: {
  readonly state: State
  readonly override: Override | undefined
  readonly counters: Counters
  readonly settings: MachineSettings
}): number {
  if (override !== undefined) return override.mode === 'forced-open' ? 0 : Infinity
  if (state.name === 'open') return 0
  if (state.name === 'closed') return settings.maxConcurrent - counters.waiting
  return state.recovery.limit - state.recovery.inFlight.waiting
}

/** When time alone moves the state; `Infinity` for later than `now`, or never. Overdue calls of a closed one aside. */
export function dueAt(
  state: State,
  baseline: LatencyBaseline,
  override: Override | undefined,
  now: number,
): number {
  if (state.name === 'open') return state.until
  return state.name === 'closed' ? Infinity : probeDueAt(state, baseline, override, now)
}

interface Timed {
  readonly state: State
  readonly override: Override | undefined
  readonly detachedProbes: ProbesInFlight | undefined
  readonly baseline: LatencyBaseline | undefined
}

/** True when the circuit is closed and time alone changes nothing: nearly always. */
export function nothingDue({ state, override, detachedProbes }: Timed, now: number): boolean {
  return (
    state.name === 'closed' &&
    override === undefined &&
    (detachedProbes === undefined || detachedProbes.firstDeadline(now) > now) &&
    !mayBeOverdue(state, now)
  )
}

/** True when the next call would find something else than what is there. */
export function isDue({ state, override, detachedProbes, baseline }: Timed, now: number): boolean {
  if (override !== undefined && now >= override.until) return true
  if (detachedProbes !== undefined && now >= detachedProbes.firstDeadline(now)) return true
  const normal = baseline ?? UNKNOWN
  if (state.name !== 'closed') return now >= dueAt(state, normal, override, now)
  return !isDisabled(override) && isOverdue(state, normal, now)
}

/** Nothing is known of the target yet. */
const UNKNOWN = /* @__PURE__ */ new LatencyBaseline()

/**
 * Whole ms after which a call may pass; `undefined` if it may pass now, or if that is unknown. Who
 * sleeps that long comes in time.
 */
export function retryAfter(
  state: State,
  override: Override | undefined,
  now: number,
): number | undefined {
  const at = admitsAt(state, override, now)
  return at === undefined ? undefined : wholeMs(Math.max(0, at - now))
}

/** Timers may fire up to 1 ms early by a clock that shows fractions. */
export function wholeMs(ms: number): number {
  const whole = Math.ceil(ms)
  return whole === ms ? whole : whole + 1
}

/** When a call may pass; `undefined` if it may pass now, or if that is unknown. */
export function admitsAt(
  state: State,
  override: Override | undefined,
  now: number,
): number | undefined {
  const automatic = automaticallyAdmitsAt(state, now)
  if (override !== undefined && override.mode !== 'forced-open') return undefined
  const at = override === undefined ? automatic : Math.max(override.until, automatic ?? now)
  return at === Infinity ? undefined : at
}

function automaticallyAdmitsAt(state: State, now: number): number | undefined {
  if (state.name === 'open') return state.until
  if (state.name === 'closed' || admits(state.recovery)) return undefined
  return now + state.recovery.wait(now)
}

/** Where every rule in force stands, in the order in which they are asked; none unless closed. */
export function ruleStatuses(
  { state, settings }: { readonly state: State; readonly settings: MachineSettings },
  now: number,
): RuleStatus[] {
  return state.name === 'closed' ? ruleStatusesOf(state, settings.trip, now) : []
}

/** Goes on under other settings. Returns what could not be kept. */
export function configureState(
  data: {
    readonly state: State
    readonly settings: MachineSettings
    baseline: LatencyBaseline | undefined
  },
  now: number,
): string[] {
  const { state, settings } = data
  if (state.name === 'open') return []
  return state.name === 'closed'
    ? configureClosed(state, settings.trip, now)
    : configureHalfOpen(state, settings.recovery, baselineOf(data), now)
}

/** Takes back what an overdue call was charged: it was not hung. */
export function retractOverdue(state: State, now: number): void {
  // Also when the rule charges no more calls since it was configured.
  if (state.name === 'closed') ruleWithCharges(state.rules)?.retractOverdue(now)
  if (state.name === 'half-open') state.recovery.retractOverdue?.()
}

/** A copy that shares nothing that either of them will change. */
export function cloneState(
  state: State,
  tripOf: (trip: TripRecord) => TripRecord,
  baseline: LatencyBaseline,
): State {
  switch (state.name) {
    case 'closed':
      return cloneClosed(state)
    case 'open':
      return { ...state, trip: tripOf(state.trip) }
    case 'half-open':
      return cloneHalfOpen(state, tripOf(state.trip), baseline)
  }
}

/** The state if it is closed, not overridden, and nothing goes by how long calls take. */
export function sharedState({
  state,
  override,
  settings,
}: {
  readonly state: State
  readonly override: Override | undefined
  readonly settings: MachineSettings
}): Closed | null {
  if (state.name !== 'closed' || override !== undefined) return null
  return measuresDurations(settings) ? null : state
}
