import { Counters } from './measure/counters.ts'
import { LatencyBaseline } from './measure/latency-baseline.ts'
import type { OfferedRate } from './measure/offered-rate.ts'
import { Statistics } from './measure/statistics.ts'
import type { ProbesInFlight } from './probes-in-flight.ts'
import { OpenBackoff } from './recovery/open-duration.ts'
import type { MachineSettings } from './settings.ts'
import { createClosed } from './state/closed.ts'
import type { Override } from './state/override.ts'
import { cloneState, type State } from './state/state.ts'
import { STATE_NAMES, type StateName, type TransitionReason } from './transition.ts'
import type { TripRecord } from './trip/record.ts'
import { endTrip, TripHistory } from './trip/trip-history.ts'

/**
 * What a machine consists of, besides its time. A breaker that has had no trouble has none of the
 * optional parts: they are created when first needed, since a process may hold a million breakers.
 */
export interface MachineData {
  readonly state: State
  readonly override: Override | undefined
  readonly counters: Counters
  /** Probes whose state is over, or that gave their slot back: they still have their deadlines. */
  readonly detachedProbes: ProbesInFlight | undefined
  /** Null while statistics are off. */
  readonly statistics: Statistics | null
  readonly history: History | undefined
  readonly baseline: LatencyBaseline | undefined
  readonly rate: OfferedRate | undefined
}

/** How often each state was entered, by reason. */
export type TransitionCounts = Readonly<
  Record<StateName, Readonly<Partial<Record<TransitionReason, number>>>>
>

/** What is kept of states that are over. A breaker in its first state has none. */
export class History {
  trips: TripHistory
  backoff: OpenBackoff = new OpenBackoff()
  /** Ms spent in each state before the current one. */
  timeInState: Record<StateName, number> = { closed: 0, open: 0, 'half-open': 0 }
  readonly transitions: Record<StateName, Partial<Record<TransitionReason, number>>> = {
    closed: {},
    open: {},
    'half-open': {},
  }
  /** Successes and failures before the circuit last closed. */
  countsAtClose: { readonly success: number; readonly failure: number } = { success: 0, failure: 0 }

  constructor(trips: TripHistory) {
    this.trips = trips
  }

  /** One state follows another. A closed one that is reset makes no transition. */
  move(from: State, to: State, reason: TransitionReason): void {
    this.timeInState[from.name] += to.since - from.since
    if (from.name === 'closed' && to.name === 'closed') return
    const entered = this.transitions[to.name]
    entered[reason] = (entered[reason] ?? 0) + 1
  }

  /** The circuit closes, also when it was closed before. */
  close(from: State, counters: Counters, now: number, reason: TransitionReason): void {
    if (from.name !== 'closed') {
      endTrip(from.trip, now, reason)
      this.backoff.closed(now)
    }
    this.countsAtClose = { success: counters.success, failure: counters.failure }
  }

  /** Enters in `copies` which record became which. */
  clone(copies: Map<TripRecord, TripRecord>): History {
    const copy = new History(this.trips.clone(copies))
    copy.backoff = this.backoff.clone()
    copy.timeInState = { ...this.timeInState }
    copy.countsAtClose = this.countsAtClose
    for (const to of STATE_NAMES) Object.assign(copy.transitions[to], this.transitions[to])
    return copy
  }
}

/** A closed circuit that nothing has happened to. */
export function freshData(settings: MachineSettings): MachineData {
  return {
    state: createClosed(1, 0, settings.trip),
    override: undefined,
    counters: new Counters(),
    detachedProbes: undefined,
    statistics: settings.statistics ? new Statistics() : null,
    history: undefined,
    baseline: undefined,
    rate: undefined,
  }
}

export function historyOf(data: {
  readonly settings: MachineSettings
  history: History | undefined
}): History {
  data.history ??= new History(new TripHistory(data.settings.history))
  return data.history
}

/** Keeps what the settings ask for besides the state. Returns what could not be kept. */
export function configureKept(data: {
  readonly settings: MachineSettings
  readonly history: History | undefined
  statistics: Statistics | null
}): string[] {
  const { settings, history, statistics } = data
  const lost = history?.trips.limit(settings.history) ?? []
  if (!settings.statistics && statistics !== null) lost.push('statistics')
  data.statistics = settings.statistics ? (statistics ?? new Statistics()) : null
  return lost
}

/** Trip records, oldest first. */
export function tripsOf({ history }: Pick<MachineData, 'history'>): readonly TripRecord[] {
  return history?.trips.records ?? []
}

export function transitionsOf({ history }: Pick<MachineData, 'history'>): TransitionCounts {
  return history?.transitions ?? NO_TRANSITIONS
}

export const NO_TRANSITIONS: TransitionCounts = { closed: {}, open: {}, 'half-open': {} }

/** A copy that shares nothing that either of them will change. */
export function cloneData(data: MachineData): MachineData {
  const baseline = data.baseline?.clone() ?? new LatencyBaseline()
  const trips = new Map<TripRecord, TripRecord>()
  const history = data.history?.clone(trips)
  return {
    state: cloneState(data.state, (trip) => trips.get(trip) ?? { ...trip }, baseline),
    override: data.override,
    counters: data.counters.clone(),
    detachedProbes: data.detachedProbes?.clone((probe) => probe.clone(probe.state)),
    statistics: data.statistics?.clone() ?? null,
    history,
    baseline,
    rate: data.rate?.clone(),
  }
}
