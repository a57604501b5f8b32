import type { CircuitFactory } from '../circuit/circuit-factory.ts'
import { originalClock } from '../circuit/guard-sources.ts'
import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import type { Clock } from '../clock.ts'
import type { Machine } from '../core/machine.ts'
import { NO_TRANSITIONS, type TransitionCounts, transitionsOf } from '../core/machine-data.ts'
import { Counters, type Counts } from '../core/measure/counters.ts'
import { Latency } from '../core/measure/latency-histogram.ts'
import type { OverrideMode } from '../core/state/override.ts'
import { isDue, ruleStatuses } from '../core/state/state.ts'
import type { StateName } from '../core/transition.ts'
import type { RuleStatus } from '../core/trip/record.ts'
import { shownState } from '../inspect/snapshot.ts'

type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T

/**
 * What `registry.read` hands over for one breaker. The object is the same for each of them: copy from it
 * what you keep.
 */
export interface BreakerReading {
  readonly name: string
  /** The state that calls meet: `open` or `closed` under an override. */
  readonly state: StateName
  /** The automatic state, underneath an override if there is one. */
  readonly automatic: StateName
  /** Since when calls have met this state, or the override has been set; in ms since 1970. */
  readonly since: number
  readonly generation: number
  readonly override: OverrideMode | null
  /** Admitted calls that have neither settled nor expired. */
  readonly inFlight: number
  /** Calls that their timeout has ended, and whose action still runs. */
  readonly abandoned: number
  readonly counts: Counts
  /** How long the automatic state has been each of these, ms. */
  readonly timeInState: Readonly<Record<StateName, number>>
  /** How often it became each state, by reason; one that time has made due counts with the next call. */
  readonly transitions: TransitionCounts
  /** While closed: the status of each rule, computed when it is read; it opens at `observed >= threshold`. */
  readonly rules: readonly RuleStatus[]
  /** With `statistics`, how long calls took; null without. */
  readonly latency: LatencyReading | null
}

/** How long the calls of a breaker took, ms. */
export interface LatencyReading {
  readonly count: number
  readonly sum: number
  readonly max: number
  /** Visits the buckets that have calls, shortest first; `upTo` is where the bucket ends, ms. */
  forEachBucket(visit: (upTo: number, calls: number) => void): void
}

class ReusedLatency implements LatencyReading {
  count = 0
  sum = 0
  max = 0
  #latency: Latency | undefined = undefined

  fill(latency: Latency): this {
    this.#latency = latency
    this.count = latency.count
    this.sum = latency.sum
    this.max = latency.max
    return this
  }

  forEachBucket(visit: (upTo: number, calls: number) => void): void {
    this.#latency?.forEachBucket(visit)
  }
}

/** Reads one breaker after the other into itself, so that none needs an object. */
export class ReusedReading implements BreakerReading {
  name = ''
  state: StateName = 'closed'
  automatic: StateName = 'closed'
  since = 0
  generation = 1
  override: OverrideMode | null = null
  inFlight = 0
  abandoned = 0
  readonly counts: Writable<Counts> = {
    admitted: 0,
    settled: 0,
    expired: 0,
    success: 0,
    failure: 0,
    neutral: 0,
    cancelled: 0,
    timeout: 0,
    stale: 0,
    fallbacks: 0,
    failedFallbacks: 0,
    rejected: { open: 0, 'half-open': 0, 'forced-open': 0, full: 0, unenforced: 0 },
  }
  readonly timeInState: Record<StateName, number> = { closed: 0, open: 0, 'half-open': 0 }
  transitions: TransitionCounts = NO_TRANSITIONS
  latency: LatencyReading | null = null
  readonly #latency = new ReusedLatency()
  /** Nearly always all breakers have the same clock: it is read once. */
  #clock: Clock | undefined = undefined
  #reading = 0
  #wall = 0

  /** What the rules are read from; none for a breaker that was never used. */
  #view: Machine | undefined = undefined
  #now = 0
  #unused: CircuitFactory | undefined = undefined

  fill({ name, existing, factory }: LazyCircuit): this {
    this.name = name
    this.#readClock((existing ?? factory).clock)
    if (existing !== undefined) this.#fillFrom(existing.machine)
    else {
      this.#view = undefined
      this.#unused = factory
      this.#fillState('closed', 'closed', 1, this.#wall, null)
      this.#fillTimes(NO_TIME, 'closed', 0)
      this.transitions = NO_TRANSITIONS
      this.#fillTotals(NONE, factory.options.statistics ? NO_LATENCY : undefined)
    }
    return this
  }

  get rules(): readonly RuleStatus[] {
    const view = this.#view ?? this.#unused?.create(this.name).machine
    return view === undefined ? [] : ruleStatuses(view, this.#now)
  }

  #readClock(clock: Clock): void {
    const original = originalClock(clock)
    if (original === this.#clock) return
    this.#clock = original
    this.#reading = clock.now()
    this.#wall = clock.wall()
  }

  #fillFrom(machine: Machine): void {
    const now = machine.now(this.#reading)
    const { state, override, detachedProbes } = machine
    let view = machine
    const elapsed = state.name === 'open' && now >= state.until
    if (elapsed && override === undefined && detachedProbes === undefined) {
      // The commonest thing to be due, for which no copy is needed.
      const since = this.#wall - (now - state.until)
      this.#fillState('half-open', 'half-open', state.generation + 1, since, null)
      this.#fillTimes(machine.history?.timeInState, 'open', state.until - state.since)
      this.timeInState['half-open'] += now - state.until
    } else {
      if (isDue(machine, now)) view = machine.peek(this.#reading)
      const { name, generation } = view.state
      const since = this.#wall - (now - (view.override ?? view.state).since)
      this.#fillState(shownState(view), name, generation, since, view.override?.mode ?? null)
      this.#fillTimes(view.history?.timeInState, name, now - view.state.since)
    }
    this.#view = view
    this.#now = now
    this.transitions = transitionsOf(machine)
    this.#fillTotals(view.counters, view.statistics?.latency)
  }

  #fillTimes(before = NO_TIME, state: StateName, ms: number): void {
    const { timeInState } = this
    timeInState.closed = before.closed
    timeInState.open = before.open
    timeInState['half-open'] = before['half-open']
    timeInState[state] += ms
  }

  #fillState(
    state: StateName,
    automatic: StateName,
    generation: number,
    since: number,
    override: OverrideMode | null,
  ): void {
    this.state = state
    this.automatic = automatic
    this.generation = generation
    this.since = Math.round(since)
    this.override = override
  }

  #fillTotals(counters: Counters, latency: Latency | undefined): void {
    const { counts } = this
    const { rest } = counters
    this.inFlight = counters.inFlight
    this.abandoned = rest.abandoned
    counts.admitted = counters.admitted
    counts.settled = counters.settled
    counts.expired = rest.expired
    counts.fallbacks = rest.fallbacks
    counts.failedFallbacks = rest.failedFallbacks
    counts.success = counters.success
    counts.failure = rest.failure
    counts.neutral = rest.neutral
    counts.cancelled = rest.cancelled
    counts.timeout = rest.timeout
    counts.stale = rest.stale
    counts.rejected.open = rest.open
    counts.rejected['half-open'] = rest['half-open']
    counts.rejected['forced-open'] = rest['forced-open']
    counts.rejected.full = rest.full
    counts.rejected.unenforced = rest.unenforced
    this.latency = latency === undefined ? null : this.#latency.fill(latency)
  }
}

/** Of a breaker that was never used. */
const NONE = /* @__PURE__ */ new Counters()
const NO_LATENCY = /* @__PURE__ */ new Latency()
const NO_TIME: Readonly<Record<StateName, number>> = { closed: 0, open: 0, 'half-open': 0 }
