import { Baseline } from './baseline.ts'
import { cloneState } from './clone.ts'
import { closed } from './closed.ts'
import { type Counts, Tally } from './counts.ts'
import { OfferedRate } from './offered-rate.ts'
import { Openings } from './open-duration.ts'
import type { Override, OverrideChange, OverrideMode, Why } from './override.ts'
import type { Permit } from './permit.ts'
import { retryAfter } from './retry-after.ts'
import type { MachineSettings } from './settings.ts'
import type { Closed, State, StateName, Transition } from './state.ts'
import { Statistics } from './statistics.ts'
import { Timeline } from './timeline.ts'
import { TripHistory } from './trip/history.ts'
import type { RuleReading, TripRecord } from './trip/record.ts'
import type { WhenView } from './trip/when.ts'

/** What is to be published, in order. */
export type Change = Transition | OverrideChange

/** Everything a breaker remembers, and the override above it. What moves it is the machine. */
export abstract class Memory {
  settings: MachineSettings
  state: State
  override: Override | undefined = undefined
  tally: Tally = new Tally()
  history: TripHistory
  /** Changes that nobody has published yet. */
  changes: Change[] = []
  timeline: Timeline
  baseline: Baseline = new Baseline()
  openings: Openings = new Openings()
  rate: OfferedRate = new OfferedRate(0)
  /** Probes whose state is over, or that gave their slot back: they still have their deadlines. */
  orphans: Permit[] = []
  /** Null while nobody wants to know. */
  statistics: Statistics | null
  /** Ms spent in each state before the one that is there. */
  spent: Record<StateName, number> = { closed: 0, open: 0, 'half-open': 0 }
  /** Successes and failures before the circuit last closed. */
  before: { success: number; failure: number } = { success: 0, failure: 0 }
  readonly random: () => number
  /** Drawn ahead, so that a reader can tell how long an opening that is due will last. */
  chance: number

  constructor(settings: MachineSettings, reading: number, random: () => number) {
    this.settings = settings
    this.timeline = new Timeline(reading)
    this.random = random
    this.chance = random()
    this.state = closed(1, 0, settings.trip)
    this.history = new TripHistory(settings.history)
    this.statistics = settings.statistics ? new Statistics() : null
  }

  /** Trip records, oldest first. */
  get trips(): readonly TripRecord[] {
    return this.history.records
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
    const { tally, before } = this
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
    copy.baseline = this.baseline.clone()
    copy.openings = this.openings.clone()
    copy.rate = this.rate.clone()
    copy.before = this.before
    copy.spent = { ...this.spent }
    copy.statistics = this.statistics?.clone() ?? null
    copy.override = this.override
    copy.changes = [...this.changes]
    copy.orphans = this.orphans.map((probe) => probe.clone(probe.era))
    copy.history = this.history.clone(trips)
    copy.state = cloneState(this.state, (trip) => trips.get(trip) ?? { ...trip }, copy.baseline)
    return copy
  }
}
