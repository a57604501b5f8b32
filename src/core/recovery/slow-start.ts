import type { LatencyBaseline } from '../measure/latency-baseline.ts'
import type { Outcome } from '../outcome.ts'
import type { Permit } from '../permit.ts'
import type { ProbesInFlight } from '../probes-in-flight.ts'
import type { Decision, Recovery, RecoverySettings, SlowStartSettings } from './recovery.ts'

const FAILURE = 1
const SLOW_FAILURE_WEIGHT = 3
const SUCCESS = 0.5

/** The score at which the window is cut: one hung call, or three more failures than successes bear. */
const CUT_AT = 3
const CUT_TO = 0.7

/** A success widens the window by at least this much. */
const SLOWEST_GROWTH = 0.05

/** Successes that take this many times the usual latency widen it by no more than that. */
const STRAINED = 3

/**
 * A window of calls in flight that opens with every success, as fast as the target answers: it
 * doubles once a round trip until something fails, then it is cut and grows slowly. A target that
 * comes back weak is never hit by more than it has just shown to bear.
 */
export class SlowStart implements Recovery {
  successes = 0
  failures = 0
  readonly inFlight: ProbesInFlight
  #settings: SlowStartSettings
  readonly #baseline: LatencyBaseline
  #window = 1
  #score = 0
  #cut = false
  /** Results of calls that began before the last cut do not cut again. */
  #cutAt = Number.NEGATIVE_INFINITY
  #succeededSinceCut = false
  #best = Infinity
  #rejectedAt: number

  constructor(
    settings: SlowStartSettings,
    baseline: LatencyBaseline,
    since: number,
    inFlight: ProbesInFlight,
  ) {
    this.inFlight = inFlight
    this.#settings = settings
    this.#baseline = baseline
    this.#rejectedAt = since
  }

  get needed(): number {
    return this.#settings.successes
  }

  get limit(): number {
    return Math.floor(this.#window)
  }

  onRejected(now: number): void {
    this.#rejectedAt = now
  }

  settle(probe: Permit, outcome: Outcome, duration: number, now: number): Decision {
    if (outcome === 'cancelled') return undefined
    if (outcome === 'failure') {
      this.failures++
      const slow = duration >= this.#settings.slowerThan
      return this.#charge(probe, slow ? SLOW_FAILURE_WEIGHT : FAILURE, now)
    }
    this.successes++
    this.#succeededSinceCut = true
    this.#score = Math.max(0, this.#score - SUCCESS)
    this.#best = Math.min(this.#best, duration)
    this.#window += this.#growth(duration)
    const quiet = now - this.#rejectedAt >= this.#settings.quietFor
    return quiet && this.successes >= this.needed ? 'close' : undefined
  }

  /** By how much a success that took that long widens the window. */
  #growth(duration: number): number {
    // Never by nothing: a target that is slower than it was, and works, would stay half-open for ever.
    if (duration > STRAINED * Math.max(this.#baseline.typical, this.#best)) return SLOWEST_GROWTH
    return this.#cut ? Math.max(1 / this.#window, SLOWEST_GROWTH) : 1
  }

  overdue(probe: Permit, now: number): Decision {
    return this.#charge(probe, SLOW_FAILURE_WEIGHT, now)
  }

  retractOverdue(): void {
    this.#score = Math.max(0, this.#score - SLOW_FAILURE_WEIGHT)
  }

  #charge(probe: Permit, weight: number, now: number): Decision {
    if (this.successes === 0) return 'reopen'
    this.#score += weight
    if (this.#score < CUT_AT || probe.startedAt <= this.#cutAt) return undefined
    if (this.#cut && !this.#succeededSinceCut) return 'reopen'
    this.#window = Math.max(1, this.#window * CUT_TO)
    this.#score = 0
    this.#cut = true
    this.#cutAt = now
    this.#succeededSinceCut = false
    return undefined
  }

  wait(now: number): number {
    const { oldestWaiting, firstDue } = this.inFlight
    const { typical } = this.#baseline
    if (typical === 0) return firstDue - now
    return Math.min(
      Math.max(1, (oldestWaiting as Permit).startedAt + typical - now),
      firstDue - now,
    )
  }

  configure(settings: RecoverySettings): boolean {
    if (settings.kind !== 'slowStart') return false
    this.#settings = settings
    return true
  }

  clone(rename: (probe: Permit) => Permit, baseline: LatencyBaseline): SlowStart {
    const inFlight = this.inFlight.clone(rename)
    const copy = new SlowStart(this.#settings, baseline, this.#rejectedAt, inFlight)
    copy.successes = this.successes
    copy.failures = this.failures
    copy.#window = this.#window
    copy.#score = this.#score
    copy.#cut = this.#cut
    copy.#cutAt = this.#cutAt
    copy.#succeededSinceCut = this.#succeededSinceCut
    copy.#best = this.#best
    return copy
  }
}
