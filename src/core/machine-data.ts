import { type Counts, Tally } from './measure/counters.ts'
import { Baseline } from './measure/latency-baseline.ts'
import { OfferedRate } from './measure/offered-rate.ts'
import { Statistics } from './measure/statistics.ts'
import { Timeline } from './monotonic-time.ts'
import { Past } from './past.ts'
import type { Permit } from './permit.ts'
import { Openings } from './recovery/open-duration.ts'
import type { MachineSettings } from './settings.ts'
import { cloneState } from './state/clone.ts'
import type { Closed } from './state/closed.ts'
import { closed } from './state/closed.ts'
import type { Override, OverrideChange, OverrideMode, Why } from './state/override.ts'
import { retryAfter } from './state/retry-after.ts'
import type { State } from './state/state.ts'
import type { Transition } from './transition.ts'
import type { RuleReading, TripRecord } from './trip/record.ts'
import type { WhenView } from './trip/when.ts'

/** What is to be published, in order. */
export type Change = Transition | OverrideChange

const NOBODY: readonly Permit[] = /* @__PURE__ */ Object.freeze([])

/**
 * Everything a breaker remembers, and the override above it. What moves it is the machine. What a
 * breaker without trouble has none of is made when it is first needed: most never do, and there may
 * be a million of them.
 */
export abstract class Memory {
  settings: MachineSettings
  state: State
  override: Override | undefined = undefined
  tally: Tally = new Tally()
  timeline: Timeline
  /** Probes whose state is over, or that gave their slot back: they still have their deadlines. */
  orphans: readonly Permit[] = NOBODY
  /** Null while nobody wants to know. */
  statistics: Statistics | null
  readonly random: () => number
  /** Drawn ahead, so that a reader can tell how long an opening that is due will last. */
  chance: number
  #changes: Change[] | undefined = undefined
  #past: Past | undefined = undefined
  #baseline: Baseline | undefined = undefined
  #rate: OfferedRate | undefined = undefined

  constructor(settings: MachineSettings, reading: number, random: () => number) {
    this.settings = settings
    this.timeline = new Timeline(reading)
    this.random = random
    this.chance = random()
    this.state = closed(1, 0, settings.trip)
    this.statistics = settings.statistics ? new Statistics() : null
  }

  get past(): Past {
    this.#past ??= new Past(this.settings.history)
    return this.#past
  }

  get baseline(): Baseline {
    this.#baseline ??= new Baseline()
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
    return this.#past?.history.records ?? []
  }

  /** Keeps so many trip records from now on; gives what was lost, in words. */
  protected limitHistory(limit: number): string[] {
    return this.#past?.history.limit(limit) ?? []
  }

  /** What has been learned about the target is not true any more. */
  protected forgetLearned(): void {
    this.#baseline = undefined
    if (this.#past !== undefined) this.#past.openings = new Openings()
  }

  /** False while an override decides in place of the automatic state. */
  get enforced(): boolean {
    return this.override === undefined
  }

  get counts(): Counts {
    return this.tally.read()
  }

  /** The machine's own time at a clock reading. */
  now(reading: number): number {
    return this.timeline.at(reading)
  }

  /** Ms until a call may pass; `undefined` when it may now, or when nobody can know. */
  retryAfter(reading: number): number | undefined {
    return retryAfter(this.state, this.override, this.now(reading))
  }

  /** Where every rule in force stands at a closed circuit, in the order in which they are asked. */
  readings(now: number): RuleReading[] {
    const { state, settings } = this
    if (state.name !== 'closed') return []
    const { consecutiveFailures: threshold } = settings.trip
    const streak: RuleReading = {
      rule: 'consecutiveFailures',
      observed: state.streak,
      threshold,
    }
    return [...(threshold === Infinity ? [] : [streak]), ...(state.rules?.readings(now) ?? [])]
  }

  /** What a rule of the user's own may look at. */
  protected view({ streak, since }: Closed, failed: boolean, now: number): WhenView {
    const { tally } = this
    const { before } = this.past
    const successes = tally.success - before.success
    const failures = tally.failure - before.failure
    return { streak, successes, failures, inFlight: tally.inFlight, closedFor: now - since, failed }
  }

  /** Puts an override in place of the one that is there; the newest wins. */
  force(mode: OverrideMode, reading: number, why: Why): Override {
    const since = this.catchUp(reading)
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
  release(reading: number, only: Override | undefined = this.override): boolean {
    this.catchUp(reading)
    if (this.override === undefined || this.override !== only) return false
    this.setOverride(undefined)
    return true
  }

  /** Does what has become due by that reading, and gives the time it stands for. */
  protected abstract catchUp(reading: number): number

  protected setOverride(override: Override | undefined): void {
    this.override = override
    this.changes.push({ override })
  }

  protected copyTo<T extends Memory>(copy: T): T {
    const trips = new Map<TripRecord, TripRecord>()
    copy.timeline = this.timeline.clone()
    copy.tally = this.tally.clone()
    copy.#past = this.#past?.clone(trips)
    copy.#baseline = this.#baseline?.clone()
    copy.#rate = this.#rate?.clone()
    copy.#changes = this.#changes?.slice()
    copy.statistics = this.statistics?.clone() ?? null
    copy.override = this.override
    copy.orphans = this.orphans.map((probe) => probe.clone(probe.era))
    copy.state = cloneState(this.state, (trip) => trips.get(trip) ?? { ...trip }, copy.baseline)
    return copy
  }
}
