import { History, type MachineData } from './machine-data.ts'
import { Counters, type Counts } from './measure/counters.ts'
import { LatencyBaseline, type SavedBaseline } from './measure/latency-baseline.ts'
import { OfferedRate, type SavedRate } from './measure/offered-rate.ts'
import { type SavedStatistics, Statistics } from './measure/statistics.ts'
import type { RecordedFailure } from './outcome.ts'
import { OpenBackoff, type SavedOpenings } from './recovery/open-duration.ts'
import type { MachineSettings } from './settings.ts'
import { createClosed } from './state/closed.ts'
import { createRecovery } from './state/half-open.ts'
import type { Override, OverrideMode } from './state/override.ts'
import type { State } from './state/state.ts'
import type { ManualOptions, StateName, TransitionReason } from './transition.ts'
import { lastFailures } from './trip/last-failures.ts'
import type { Finding, TripFacts, TripRecord } from './trip/record.ts'
import { restoreRules, type SavedRules, saveRules } from './trip/rules.ts'
import { TripHistory } from './trip/trip-history.ts'

/** A failure with its age in place of its time. */
export interface SavedFailure {
  readonly name: string
  readonly code: string | number | null
  readonly message: string
  readonly age: number
}

/** A trip record with ages in place of times. */
export interface SavedTrip extends TripFacts {
  readonly age: number
  readonly note: string | null
  /** Older versions did not save it. */
  readonly by?: string | null | undefined
  readonly finding: Finding | null
  readonly failures: readonly SavedFailure[]
  readonly reopenedBy: TransitionReason | null
  readonly probeFailure: SavedFailure | null
  readonly endedAge: number | null
  readonly endedBy: TransitionReason | null
}

/** The state a breaker was in; times are ages, so that it can be continued anywhere, any time. */
export type SavedState =
  | {
      readonly name: 'closed'
      readonly for: number
      readonly consecutiveFailures: number
      readonly failures: readonly SavedFailure[]
      readonly rules: SavedRules | null
      /** Ms for which the server asked to be left alone, should the circuit open. */
      readonly notBefore: number
    }
  | {
      readonly name: 'open'
      readonly for: number
      /** `null` until it is moved by hand. */
      readonly remaining: number | null
      /** How long ago its open time began to count, ms. */
      readonly from: number
      /** How long it shall be open, if that was said by hand, ms. Older versions did not save it. */
      readonly lasts?: number | null | undefined
      readonly trip: SavedTrip
      readonly notBefore: number
    }
  | {
      readonly name: 'half-open'
      readonly for: number
      readonly succeeded: number
      /** Older versions did not save it. */
      readonly failed?: number | undefined
      readonly trip: SavedTrip
      readonly notBefore: number
    }

/** What `save()` returns: plain JSON data with a version. Calls in flight are not part of it. */
export interface Saved {
  readonly version: 1
  readonly generation: number
  readonly state: SavedState
  readonly override: {
    readonly mode: OverrideMode
    readonly reason: string | null
    readonly by: string | null
    readonly for: number
    /** `null` until released by hand. */
    readonly remaining: number | null
  } | null
  readonly counts: Counts
  readonly trips: readonly SavedTrip[]
  /** Successes and failures before the circuit last closed. */
  readonly countsAtClose: { readonly success: number; readonly failure: number }
  readonly openings: SavedOpenings
  readonly rate: SavedRate
  /** Ms spent in each state before the one that is there. */
  readonly timeInState: Readonly<Record<StateName, number>>
  readonly statistics: SavedStatistics | null
  /** What is normal for the target: see the evidence rule. */
  readonly baseline: SavedBaseline
}

/** `data` is as the next call would find it at `now`. */
export function save(data: MachineData, now: number): Saved {
  const { state, override, counters, statistics } = data
  const history = data.history ?? new History(new TripHistory(0))
  return {
    version: 1,
    generation: state.generation,
    state: saveState(state, now),
    override: override === undefined ? null : saveOverride(override, now),
    counts: { ...counters.read(), admitted: counters.ended },
    trips: history.trips.records.map((trip) => saveTrip(trip, now)),
    countsAtClose: { ...history.countsAtClose },
    openings: history.backoff.save(now),
    rate: (data.rate ?? new OfferedRate(0)).save(),
    timeInState: { ...history.timeInState },
    statistics: statistics?.save() ?? null,
    baseline: (data.baseline ?? new LatencyBaseline()).save(now),
  }
}

function saveOverride(override: Override, now: number): NonNullable<Saved['override']> {
  const { mode, reason = null, by = null, since, until } = override
  return { mode, reason, by, for: now - since, remaining: finite(until - now) }
}

function saveState(state: State, now: number): SavedState {
  const common = { for: now - state.since, notBefore: Math.max(0, state.notBefore - now) }
  switch (state.name) {
    case 'closed': {
      const { name, consecutiveFailures } = state
      const failures = (state.failures ?? []).map((failure) => saveFailure(failure, now))
      return { name, ...common, consecutiveFailures, failures, rules: saveRules(state.rules, now) }
    }
    case 'open': {
      const { name, until, from, lasts } = state
      const trip = saveTrip(state.trip, now)
      return { name, ...common, remaining: finite(until - now), from: now - from, lasts, trip }
    }
    case 'half-open': {
      const { name, recovery } = state
      const { successes: succeeded, failures: failed } = recovery
      return { name, ...common, succeeded, failed, trip: saveTrip(state.trip, now) }
    }
  }
}

/** JSON has no infinite numbers. */
export function finite(ms: number): number | null {
  return ms === Infinity ? null : ms
}

function saveFailure({ at, ...failure }: RecordedFailure, now: number): SavedFailure {
  return { ...failure, age: now - at }
}

function saveTrip(trip: TripRecord, now: number): SavedTrip {
  const { at, endedAt, finding, ruleStatuses, failures, probeFailure, ...same } = trip
  return {
    ...same,
    openFor: finite(trip.openFor),
    age: now - at,
    finding: finding && { ...finding },
    ruleStatuses: ruleStatuses.map((status) => ({ ...status })),
    failures: failures.map((failure) => saveFailure(failure, now)),
    probeFailure: probeFailure && saveFailure(probeFailure, now),
    endedAge: endedAt === null ? null : now - endedAt,
  }
}

/** What a machine starts from, at its own time 0, to go on from there. */
export function restore(settings: MachineSettings, saved: Saved): MachineData {
  const counters = Counters.from(saved.counts)
  const baseline = Object.assign(new LatencyBaseline(), saved.baseline)
  const history = restoreHistory(saved, settings.history)
  return {
    state: restoreState(saved, settings, history.trips, baseline),
    override: saved.override === null ? undefined : restoreOverride(saved.override),
    counters,
    detachedProbes: undefined,
    statistics: settings.statistics ? restoreStatistics(saved.statistics) : null,
    history,
    baseline,
    rate: OfferedRate.restore(saved.rate, counters.offered, 0),
  }
}

function restoreHistory(saved: Saved, limit: number): History {
  const trips = new TripHistory(limit, saved.trips.map(restoreTrip))
  const history = new History(trips)
  history.backoff = OpenBackoff.restore(saved.openings, 0)
  history.countsAtClose = saved.countsAtClose
  history.timeInState = { ...saved.timeInState }
  return history
}

function restoreStatistics(saved: SavedStatistics | null): Statistics {
  return saved === null ? new Statistics() : Statistics.restore(saved)
}

function restoreOverride(saved: NonNullable<Saved['override']>): Override {
  const { mode, reason, by, for: age, remaining } = saved
  return {
    mode,
    reason: reason ?? undefined,
    by: by ?? undefined,
    since: -age,
    until: remaining ?? Infinity,
  }
}

function restoreState(
  { state, generation }: Saved,
  settings: MachineSettings,
  trips: TripHistory,
  baseline: LatencyBaseline,
): State {
  const since = -state.for
  const { notBefore } = state
  if (state.name === 'closed') {
    const { consecutiveFailures } = state
    const failures =
      state.failures.length === 0 ? null : lastFailures(state.failures.map(restoreFailure))
    const rules = restoreRules(settings.trip, state.rules, 0)
    const fresh = createClosed(generation, since, settings.trip, rules)
    return { ...fresh, consecutiveFailures, failures, notBefore }
  }
  // The state and the list show the same record: it goes on being filled in.
  const trip =
    trips.records.find((record) => record.generation === state.trip.generation) ??
    restoreTrip(state.trip)
  const common = {
    generation,
    since,
    trip,
    cause: undefined,
    pending: null,
    notBefore,
    fleet: false,
  }
  if (state.name === 'open') {
    const retripped = state.from < state.for ? manualOptions(trip) : null
    return {
      name: 'open',
      ...common,
      from: -state.from,
      until: state.remaining ?? Infinity,
      lasts: state.lasts ?? null,
      retripped,
    }
  }
  const recovery = createRecovery(settings.recovery, baseline, 0)
  recovery.successes = state.succeeded
  recovery.failures = state.failed ?? 0
  return { name: 'half-open', ...common, recovery, byHand: null }
}

function manualOptions({ note, by }: TripRecord): ManualOptions {
  return { reason: note ?? undefined, by: by ?? undefined }
}

function restoreFailure({ age, ...failure }: SavedFailure): RecordedFailure {
  return { ...failure, at: -age }
}

function restoreTrip({ age, endedAge, failures, probeFailure, ...same }: SavedTrip): TripRecord {
  return {
    ...same,
    openFor: same.openFor ?? Infinity,
    by: same.by ?? null,
    at: -age,
    failures: failures.map(restoreFailure),
    probeFailure: probeFailure && restoreFailure(probeFailure),
    endedAt: endedAge === null ? null : -endedAge,
  }
}
