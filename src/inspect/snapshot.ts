import type { Clock } from '../clock.ts'
import type { Machine } from '../core/machine.ts'
import { type TransitionCounts, transitionsOf, tripsOf } from '../core/machine-data.ts'
import type { Counts } from '../core/measure/counters.ts'
import { LATENCY_ERROR } from '../core/measure/latency-histogram.ts'
import type { RecentCalls } from '../core/measure/statistics.ts'
import type { OverrideMode } from '../core/state/override.ts'
import { ruleStatuses } from '../core/state/state.ts'
import type { StateName } from '../core/transition.ts'
import type { RuleStatus } from '../core/trip/record.ts'
import type { FleetStatus } from '../options/shared-options.ts'
import type { ResolvedOptions } from '../options.ts'
import { type Trip, tripOf } from './trip.ts'

/** A breaker in short: its state is the one that calls meet. */
export type BreakerSummary = Pick<Snapshot, 'name' | 'state' | 'counts'>

export function summary({ name, state, counts }: Snapshot): BreakerSummary {
  return { name, state, counts }
}

/** The whole visible state of a breaker at one moment, as plain JSON data. Durations are in ms. */
export interface Snapshot {
  readonly name: string
  /** The state that calls meet: `open` or `closed` under an override. */
  readonly state: StateName
  /** How long calls have met this state, or the override has been set; ms. */
  readonly stateFor: number
  /** The automatic state, underneath an override if there is one. */
  readonly automatic: StateName
  readonly generation: number
  readonly override: {
    readonly mode: OverrideMode
    readonly by: string | null
    readonly reason: string | null
    /** In milliseconds since 1970, for display. */
    readonly since: number
    /** In milliseconds since 1970, for display; `null` until released by hand. */
    readonly until: number | null
  } | null
  /** Admitted calls that have neither settled nor expired. */
  readonly inFlight: number
  /**
   * Calls that their timeout has ended, and whose action still runs: its promise has not settled. They may
   * hold memory and connections, and count towards no limit. Calls of synchronous functions, permits and
   * callbacks are not among them.
   */
  readonly abandoned: number
  /**
   * While half-open: the probes in flight that have delivered nothing yet, how many are allowed, how
   * many succeeded and failed, and how many successes it takes.
   */
  readonly probes: {
    readonly inFlight: number
    readonly limit: number
    readonly succeeded: number
    readonly failed: number
    readonly needed: number
  } | null
  readonly counts: Counts
  /** Failures in a row, while closed. */
  readonly consecutiveFailures: number
  /** While closed: the status of each rule; it opens at `observed >= threshold`. */
  readonly window: readonly RuleStatus[]
  /** With `statistics`: how long calls took, ms. `error` is the largest relative error of quantiles. */
  readonly latency: {
    readonly count: number
    readonly mean: number
    readonly p50: number
    readonly p90: number
    readonly p99: number
    readonly max: number
    readonly error: number
  } | null
  /** With `statistics`: the calls of the last minute by outcome, in slices of 5 s. */
  readonly recent: RecentCalls | null
  /** How long the automatic state has been each of these, ms. */
  readonly timeInState: Readonly<Record<StateName, number>>
  /**
   * How often it became each state, by reason, since it was created here: `transitions.open` are its trips,
   * and the probes that opened it again. A transition that time has made due counts with the next call.
   */
  readonly transitions: TransitionCounts
  /**
   * With `statistics`: how much waiting rejections have saved, ms. An estimate: the number of
   * rejected calls times the mean duration of a failed one.
   */
  readonly waitingSaved: number | null
  /** The last trips, newest last; as many as the option `history` keeps. */
  readonly trips: readonly Trip[]
  /**
   * After how many milliseconds to try again: when the open time ends, or at the latest when a
   * probe in flight must have ended. `null` when a call may pass now, or when that is unknown.
   */
  readonly retryAfter: number | null
  /** The resolved options; functions are shown as `"[function]"`, and an infinite time as `"Infinity"`. */
  readonly options: Readonly<Record<string, unknown>>
  /** The fleet that it belongs to by the option `shared`; `null` without one. */
  readonly fleet: FleetStatus | null
}

/** The state that calls meet. `machine` must be up to date: the result of `peek`. */
export function shownState({ state, override }: Machine): StateName {
  if (override === undefined) return state.name
  return override.mode === 'forced-open' ? 'open' : 'closed'
}

/** Returns the visible state; does not change it. */
export function snapshot(
  machine: Machine,
  options: ResolvedOptions,
  clock: Clock,
  fleet: FleetStatus | null = null,
): Snapshot {
  const reading = clock.now()
  const wall = clock.wall()
  const view = machine.peek(reading)
  const now = view.now(reading)
  const { state, override } = view
  const spent = view.history?.timeInState ?? { closed: 0, open: 0, 'half-open': 0 }
  return {
    name: options.name,
    state: shownState(view),
    stateFor: now - (override === undefined ? state.since : override.since),
    automatic: state.name,
    generation: state.generation,
    override:
      override === undefined
        ? null
        : {
            mode: override.mode,
            by: override.by ?? null,
            reason: override.reason ?? null,
            since: Math.round(wall - (now - override.since)),
            until: override.until === Infinity ? null : Math.round(wall + (override.until - now)),
          },
    inFlight: view.counters.inFlight,
    abandoned: view.counters.rest.abandoned,
    probes:
      state.name === 'half-open'
        ? {
            inFlight: state.recovery.inFlight.waiting,
            limit: state.recovery.limit,
            succeeded: state.recovery.successes,
            failed: state.recovery.failures,
            needed: state.recovery.needed,
          }
        : null,
    counts: view.counters.read(),
    consecutiveFailures: state.name === 'closed' ? state.consecutiveFailures : 0,
    window: ruleStatuses(view, now),
    ...statisticsOf(view, now),
    timeInState: { ...spent, [state.name]: spent[state.name] + now - state.since },
    // As plain data that the caller may change.
    transitions: plainOf(transitionsOf(machine)) as TransitionCounts,
    trips: tripsOf(view).map((record) => tripOf(record, now, wall, view.settings.trip)),
    retryAfter: view.retryAfter(reading) ?? null,
    options: plainOf(options) as Record<string, unknown>,
    fleet,
  }
}

function statisticsOf({ statistics, counters }: Machine, now: number) {
  if (statistics === null) return { latency: null, recent: null, waitingSaved: null }
  const { latency } = statistics
  const { count, sum, max } = latency
  return {
    latency: {
      count,
      mean: count === 0 ? 0 : sum / count,
      p50: latency.quantile(0.5),
      p90: latency.quantile(0.9),
      p99: latency.quantile(0.99),
      max,
      error: LATENCY_ERROR,
    },
    recent: statistics.recent(now),
    waitingSaved: statistics.failedCall * counters.rejected,
  }
}

/** A copy that the caller may change, as plain data. */
function plainOf(value: unknown): unknown {
  if (typeof value === 'function') return '[function]'
  if (value === Infinity) return 'Infinity'
  if (typeof value !== 'object' || value === null) return value ?? null
  const copy: Record<string, unknown> = {}
  for (const key in value) copy[key] = plainOf(value[key as never])
  return copy
}
