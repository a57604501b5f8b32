import { freshData, type History, type MachineData } from './machine-data.ts'
import type { Counters } from './measure/counters.ts'
import type { LatencyBaseline } from './measure/latency-baseline.ts'
import type { OfferedRate } from './measure/offered-rate.ts'
import type { Statistics } from './measure/statistics.ts'
import { MonotonicTime } from './monotonic-time.ts'
import type { ProbesInFlight } from './probes-in-flight.ts'
import type { MachineSettings } from './settings.ts'
import type { Closed } from './state/closed.ts'
import type { Change, Override } from './state/override.ts'
import { retryAfter, type State, sharedState } from './state/state.ts'

/** What a machine holds: its data, its time, and what it has done. Only the machine itself moves it. */
export class MachineParts implements MachineData {
  settings: MachineSettings
  state: State
  override: Override | undefined
  readonly counters: Counters
  detachedProbes: ProbesInFlight | undefined
  statistics: Statistics | null
  /** The closed state whose calls share a permit; null while each call needs one of its own. */
  shared: Closed | null
  history: History | undefined
  baseline: LatencyBaseline | undefined
  rate: OfferedRate | undefined
  #changes: Change[] | undefined = undefined
  time: MonotonicTime

  /** `data` is what it goes on from, at its own time 0. */
  constructor(
    settings: MachineSettings,
    clockTime: number,
    data: MachineData = freshData(settings),
  ) {
    this.settings = settings
    this.state = data.state
    this.override = data.override
    this.counters = data.counters
    this.detachedProbes = data.detachedProbes
    this.statistics = data.statistics
    this.shared = sharedState(this)
    this.history = data.history
    this.baseline = data.baseline
    this.rate = data.rate
    this.time = new MonotonicTime(clockTime)
  }

  /** Changes that are not published yet; the publisher takes them off. */
  get changes(): Change[] {
    this.#changes ??= []
    return this.#changes
  }

  get hasChanges(): boolean {
    return this.#changes !== undefined && this.#changes.length > 0
  }

  now(clockTime: number): number {
    return this.time.at(clockTime)
  }

  /** Ms until a call may pass; `undefined` if it may pass now, or if that is unknown. */
  retryAfter(clockTime: number): number | undefined {
    return retryAfter(this.state, this.override, this.now(clockTime))
  }
}
