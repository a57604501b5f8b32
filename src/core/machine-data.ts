import { Counters, type Counts } from './measure/counters.ts'
import { LatencyBaseline } from './measure/latency-baseline.ts'
import { OfferedRate } from './measure/offered-rate.ts'
import { Statistics } from './measure/statistics.ts'
import { MonotonicTime } from './monotonic-time.ts'
import { History } from './past.ts'
import type { Permit } from './permit.ts'
import { OpenBackoff } from './recovery/open-duration.ts'
import type { MachineSettings } from './settings.ts'
import { cloneState } from './state/clone.ts'
import type { Closed } from './state/closed.ts'
import { closed } from './state/closed.ts'
import type { Override, OverrideChange, OverrideMode, OverrideOptions } from './state/override.ts'
import { retryAfter } from './state/retry-after.ts'
import type { State } from './state/state.ts'
import type { Transition } from './transition.ts'
import type { RuleStatus, TripRecord } from './trip/record.ts'
import type { WhenView } from './trip/when.ts'

/** What is to be published, in order. */
export type Change = Transition | OverrideChange

const NONE: readonly Permit[] = /* @__PURE__ */ Object.freeze([])

/**
 * Everything a breaker remembers, and the override above it. What moves it is the machine. What a
 * breaker without trouble has none of is made when it is first needed: most never do, and there may
 * be a million of them.
 */
export abstract class MachineData {
  settings: MachineSettings
  state: State
  override: Override | undefined = undefined
  counters: Counters = new Counters()
  time: MonotonicTime
  /** Probes whose state is over, or that gave their slot back: they still have their deadlines. */
  detachedProbes: readonly Permit[] = NONE
  /** Null while nobody wants to know. */
  statistics: Statistics | null
  readonly random: () => number
  /** Drawn ahead, so that a reader can tell how long an opening that is due will last. */
  nextRandom: number
  #changes: Change[] | undefined = undefined
  #history: History | undefined = undefined
  #baseline: LatencyBaseline | undefined = undefined
  #rate: OfferedRate | undefined = undefined

  constructor(settings: MachineSettings, clockTime: number, random: () => number) {
    this.settings = settings
    this.time = new MonotonicTime(clockTime)
    this.random = random
    this.nextRandom = random()
    this.state = closed(1, 0, settings.trip)
    this.statistics = settings.statistics ? new Statistics() : null
  }

  get past(): History {
    this.#history ??= new History(this.settings.history)
    return this.#history
  }

  get baseline(): LatencyBaseline {
    this.#baseline ??= new LatencyBaseline()
    return this.#baseline
  }

  get rate(): OfferedRate {
    this.#rate ??= new OfferedRate(0)
    return this.#rate
  }

  set rate(rate: OfferedRate) {
    this.#rate = rate
  }

  /** Changes that nobody has published yet; whoever does takes them off. */
  get changes(): Change[] {
    this.#changes ??= []
    return this.#changes
  }

  get hasChanges(): boolean {
    return this.#changes !== undefined && this.#changes.length > 0
  }

  /** Trip records, oldest first. */
  get trips(): readonly TripRecord[] {
    return this.#history?.history.records ?? []
  }

  /** Keeps so many trip records from now on; gives what was lost, in words. */
  protected limitHistory(limit: number): string[] {
    return this.#history?.history.limit(limit) ?? []
  }

  /** What has been learned about the target is not true any more. */
  protected forgetLearned(): void {
    this.#baseline = undefined
    if (this.#history !== undefined) this.#history.openings = new OpenBackoff()
  }

  /** False while an override decides in place of the automatic state. */
  get enforced(): boolean {
    return this.override === undefined
  }

  get counts(): Counts {
    return this.counters.read()
  }

  /** The machine's own time at a clock reading. */
  now(clockTime: number): number {
    return this.time.at(clockTime)
  }

  /** Ms until a call may pass; `undefined` when it may now, or when nobody can know. */
  retryAfter(clockTime: number): number | undefined {
    return retryAfter(this.state, this.override, this.now(clockTime))
  }

  /** Where every rule in force stands at a closed circuit, in the order in which they are asked. */
  ruleStatuses(now: number): RuleStatus[] {
    const { state, settings } = this
    if (state.name !== 'closed') return []
    const { consecutiveFailures: threshold } = settings.trip
    const consecutiveFailures: RuleStatus = {
      rule: 'consecutiveFailures',
      observed: state.consecutiveFailures,
      threshold,
    }
    return [
      ...(threshold === Infinity ? [] : [consecutiveFailures]),
      ...(state.rules?.ruleStatuses(now) ?? []),
    ]
  }

  /** What a rule of the user's own may look at. */
  protected view({ consecutiveFailures, since }: Closed, failed: boolean, now: number): WhenView {
    const { counters } = this
    const { countsAtClose: before } = this.past
    const successes = counters.success - before.success
    const failures = counters.failure - before.failure
    return {
      consecutiveFailures,
      successes,
      failures,
      inFlight: counters.inFlight,
      closedFor: now - since,
      failed,
    }
  }

  /** Puts an override in place of the one that is there; the newest wins. */
  force(mode: OverrideMode, clockTime: number, why: OverrideOptions): Override {
    const since = this.advance(clockTime)
    const override = {
      mode,
      reason: why.reason,
      by: why.by,
      since,
      until: since + (why.for ?? Infinity),
    }
    this.setOverride(override)
    return override
  }

  /** Lifts the override, or only that very one. True when one was lifted. */
  release(clockTime: number, only: Override | undefined = this.override): boolean {
    this.advance(clockTime)
    if (this.override === undefined || this.override !== only) return false
    this.setOverride(undefined)
    return true
  }

  /** Does what has become due by that reading, and gives the time it stands for. */
  protected abstract advance(clockTime: number): number

  protected setOverride(override: Override | undefined): void {
    this.override = override
    this.changes.push({ override })
  }

  protected copyTo<T extends MachineData>(copy: T): T {
    const trips = new Map<TripRecord, TripRecord>()
    copy.time = this.time.clone()
    copy.counters = this.counters.clone()
    copy.#history = this.#history?.clone(trips)
    copy.#baseline = this.#baseline?.clone()
    copy.#rate = this.#rate?.clone()
    copy.#changes = this.#changes?.slice()
    copy.statistics = this.statistics?.clone() ?? null
    copy.override = this.override
    copy.detachedProbes = this.detachedProbes.map((probe) => probe.clone(probe.state))
    copy.state = cloneState(this.state, (trip) => trips.get(trip) ?? { ...trip }, copy.baseline)
    return copy
  }
}
