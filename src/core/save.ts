import { Machine } from './machine.ts'
import { Counters, type Counts } from './measure/counters.ts'
import { OfferedRate, type SavedRate } from './measure/offered-rate.ts'
import { type SavedStatistics, Statistics } from './measure/statistics.ts'
import type { RecordedFailure } from './outcome.ts'
import { OpenBackoff, type SavedOpenings } from './recovery/open-duration.ts'
import type { MachineSettings } from './settings.ts'
import { closed } from './state/closed.ts'
import type { OverrideMode } from './state/override.ts'
import type { State } from './state/state.ts'
import type { StateName, TransitionReason } from './transition.ts'
import { LastFailures } from './trip/last-failures.ts'
import type { Finding, RuleStatus, TripRecord } from './trip/record.ts'
import { hasRules, Rules, type SavedRules } from './trip/rules.ts'

/** A failure with its age in place of its time. */
export interface SavedFailure {
  readonly name: string
  readonly code: string | number | null
  readonly message: string
  readonly age: number
}

/** A trip record with ages in place of times. */
export interface SavedTrip {
  readonly age: number
  readonly reason: TransitionReason
  readonly note: string | null
  readonly finding: Finding | null
  readonly ruleStatuses: readonly RuleStatus[]
  readonly from: StateName
  readonly generation: number
  readonly enforced: boolean
  readonly failures: readonly SavedFailure[]
  readonly consecutiveFailures: number
  readonly openFor: number
  readonly reopened: number
  readonly probeFailure: SavedFailure | null
  readonly rejected: number
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
      readonly remaining: number
      /** How long ago its open time began to count, ms. */
      readonly from: number
      readonly trip: SavedTrip
      readonly notBefore: number
    }
  | {
      readonly name: 'half-open'
      readonly for: number
      readonly succeeded: number
      readonly trip: SavedTrip
      readonly notBefore: number
    }

/** What `save()` gives: plain JSON data with a version. Calls in flight are not part of it. */
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
  readonly before: { readonly success: number; readonly failure: number }
  readonly openings: SavedOpenings
  readonly rate: SavedRate
  /** Ms spent in each state before the one that is there. */
  readonly spent: Readonly<Record<StateName, number>>
  readonly statistics: SavedStatistics | null
  /** What is normal for the target: see the evidence rule. */
  readonly baseline: {
    readonly samples: number
    readonly mean: number
    readonly variance: number
    readonly floor: number
  }
}

/** `machine` is as the next call would find it at `now`. */
export function save(machine: Machine, now: number): Saved {
  const { state, override, counters, past } = machine
  const counts = machine.counts
  return {
    version: 1,
    generation: state.generation,
    state: saveState(state, now),
    override:
      override === undefined
        ? null
        : {
            mode: override.mode,
            reason: override.reason ?? null,
            by: override.by ?? null,
            for: now - override.since,
            remaining: override.until === Infinity ? null : override.until - now,
          },
    counts: { ...counts, admitted: counters.ended },
    trips: machine.trips.map((trip) => saveTrip(trip, now)),
    before: { ...past.countsAtClose },
    openings: past.openings.save(now),
    rate: machine.rate.save(),
    spent: { ...past.timeInState },
    statistics: machine.statistics?.save() ?? null,
    baseline: { ...machine.baseline },
  }
}

function saveState(state: State, now: number): SavedState {
  const age = now - state.since
  const notBefore = Math.max(0, state.notBefore - now)
  switch (state.name) {
    case 'closed': {
      const failures = saveFailures(state.failures?.list() ?? [], now)
      const rules = state.rules?.save(now) ?? null
      return {
        name: 'closed',
        for: age,
        consecutiveFailures: state.consecutiveFailures,
        failures,
        rules,
        notBefore,
      }
    }
    case 'open': {
      const trip = saveTrip(state.trip, now)
      const { until, from } = state
      return { name: 'open', for: age, remaining: until - now, from: now - from, trip, notBefore }
    }
    case 'half-open': {
      const { successes: succeeded } = state.recovery
      return { name: 'half-open', for: age, succeeded, trip: saveTrip(state.trip, now), notBefore }
    }
  }
}

function saveFailures(failures: readonly RecordedFailure[], now: number): SavedFailure[] {
  return failures.map((failure) => saveFailure(failure, now))
}

function saveFailure({ name, code, message, at }: RecordedFailure, now: number): SavedFailure {
  return { name, code: code ?? null, message, age: now - at }
}

function saveTrip(trip: TripRecord, now: number): SavedTrip {
  const { at, endedAt, endedBy, note, finding, ruleStatuses, failures, probeFailure, ...rest } =
    trip
  return {
    ...rest,
    age: now - at,
    note: note ?? null,
    finding: finding === undefined ? null : { ...finding },
    ruleStatuses: ruleStatuses.map((status) => ({ ...status })),
    failures: saveFailures(failures, now),
    probeFailure: probeFailure === undefined ? null : saveFailure(probeFailure, now),
    endedAge: endedAt === undefined ? null : now - endedAt,
    endedBy: endedBy ?? null,
  }
}

/** A machine that goes on from there, at its own time 0. */
export function restore(
  settings: MachineSettings,
  saved: Saved,
  clockTime: number,
  random: () => number,
): Machine {
  const machine = new Machine(settings, clockTime, random)
  machine.counters = Counters.from(saved.counts)
  const { past } = machine
  past.countsAtClose = saved.before
  past.openings = OpenBackoff.restore(saved.openings, 0)
  machine.rate = OfferedRate.restore(saved.rate, machine.counters.offered, 0)
  Object.assign(machine.baseline, saved.baseline)
  past.timeInState = { ...saved.spent }
  if (settings.statistics && saved.statistics !== null) {
    machine.statistics = Statistics.restore(saved.statistics)
  }
  past.history.records = saved.trips.map(restoreTrip)
  past.history.limit(settings.history)
  machine.state = restoreState(saved, machine)
  if (saved.override !== null) {
    const { mode, reason, by, for: age, remaining } = saved.override
    machine.override = {
      mode,
      reason: reason ?? undefined,
      by: by ?? undefined,
      since: -age,
      until: remaining ?? Infinity,
    }
  }
  return machine
}

function restoreState({ state, generation }: Saved, machine: Machine): State {
  const { trip: settings } = machine.settings
  if (state.name === 'closed') {
    const { consecutiveFailures, notBefore } = state
    const failures =
      state.failures.length === 0 ? null : new LastFailures(state.failures.map(restoreFailure))
    const fresh = closed(generation, -state.for, settings)
    const kept = state.rules !== null && hasRules(settings)
    const rules = kept ? Rules.restore(settings, state.rules as SavedRules, 0) : fresh.rules
    return { ...fresh, consecutiveFailures, failures, rules, notBefore }
  }
  // The state and the list show the same record: it goes on being filled in.
  const trip =
    machine.trips.find((value) => value.generation === state.trip.generation) ??
    restoreTrip(state.trip)
  const common = { generation, since: -state.for, trip, cause: undefined, pending: null }
  if (state.name === 'open') {
    const { remaining: until, from, notBefore } = state
    return { name: 'open', ...common, from: -from, until, notBefore }
  }
  const recovery = machine.newRecovery(0)
  recovery.successes = state.succeeded
  return { name: 'half-open', ...common, recovery, notBefore: state.notBefore }
}

function restoreFailure({ name, code, message, age }: SavedFailure): RecordedFailure {
  return { name, code: code ?? undefined, message, at: -age }
}

function restoreTrip(saved: SavedTrip): TripRecord {
  const { age, endedAge, endedBy, note, finding, failures, probeFailure, ...rest } = saved
  return {
    ...rest,
    at: -age,
    note: note ?? undefined,
    finding: finding ?? undefined,
    failures: failures.map(restoreFailure),
    probeFailure: probeFailure === null ? undefined : restoreFailure(probeFailure),
    endedAt: endedAge === null ? undefined : -endedAge,
    endedBy: endedBy ?? undefined,
  }
}
