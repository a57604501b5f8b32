import type { Counters, RejectReason } from '../measure/counters.ts'
import { LatencyBaseline } from '../measure/latency-baseline.ts'
import type { Permit } from '../permit.ts'
import { admits } from '../recovery/recovery.ts'
import { type MachineSettings, measuresDurations } from '../settings.ts'
import type { RuleStatus, TripRecord } from '../trip/record.ts'
import { type Closed, cloneClosed, isOverdue, mayBeOverdue, ruleStatusesOf } from './closed.ts'
import { cloneHalfOpen, type HalfOpen, probeDueAt } from './half-open.ts'
import type { Open } from './open.ts'
import type { Override } from './override.ts'

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

/** When time alone moves the state; `Infinity` for never. Overdue calls of a closed one aside. */
export function dueAt(state: State, baseline: LatencyBaseline): number {
  if (state.name === 'open') return state.until
  return state.name === 'closed' ? Infinity : probeDueAt(state, baseline)
}

interface Timed {
  readonly state: State
  readonly override: Override | undefined
  readonly detachedProbes: readonly Permit[]
  readonly baseline: LatencyBaseline | undefined
}

/** True when the circuit is closed and time alone changes nothing: nearly always. */
export function nothingDue({ state, override, detachedProbes }: Timed, now: number): boolean {
  return (
    state.name === 'closed' &&
    override === undefined &&
    detachedProbes.length === 0 &&
    !mayBeOverdue(state, now)
  )
}

/** True when the next call would find something else than what is there. */
export function isDue({ state, override, detachedProbes, baseline }: Timed, now: number): boolean {
  if (override !== undefined && now >= override.until) return true
  if (detachedProbes.some((probe) => probe.open && probe.deadline <= now)) return true
  const normal = baseline ?? UNKNOWN
  return state.name === 'closed' ? isOverdue(state, normal, now) : now >= dueAt(state, normal)
}

/** Nothing is known of the target yet. */
const UNKNOWN = /* @__PURE__ */ new LatencyBaseline()

/** Ms until a call may pass; `undefined` if it may pass now, or if that is unknown. */
export function retryAfter(
  state: State,
  override: Override | undefined,
  now: number,
): number | undefined {
  const automatic = untilAutomatic(state, now)
  if (override === undefined) return automatic
  if (override.mode !== 'forced-open') return undefined
  return override.until === Infinity ? undefined : Math.max(override.until - now, automatic ?? 0)
}

function untilAutomatic(state: State, now: number): number | undefined {
  if (state.name === 'open') return Math.max(0, state.until - now)
  if (state.name === 'closed' || admits(state.recovery)) return undefined
  return Math.max(0, state.recovery.wait(now))
}

/** Where every rule in force stands, in the order in which they are asked; none unless closed. */
export function ruleStatuses(
  { state, settings }: { readonly state: State; readonly settings: MachineSettings },
  now: number,
): RuleStatus[] {
  return state.name === 'closed' ? ruleStatusesOf(state, settings.trip, now) : []
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
