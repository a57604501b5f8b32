import { cloneData, freshData, type History, historyOf, type MachineData } from './machine-data.ts'
import type { Counters, RejectReason } from './measure/counters.ts'
import { baselineOf, type LatencyBaseline } from './measure/latency-baseline.ts'
import { type OfferedRate, rateOf } from './measure/offered-rate.ts'
import { Statistics } from './measure/statistics.ts'
import { MonotonicTime } from './monotonic-time.ts'
import { type Classification, recorded } from './outcome.ts'
import { type AnyPermit, type Permit, UNENFORCED, UNRECORDED } from './permit.ts'
import { OpenBackoff, sameOpenDuration } from './recovery/open-duration.ts'
import type { Decision } from './recovery/recovery.ts'
import type { MachineSettings } from './settings.ts'
import {
  admitCall,
  type Closed,
  chargeOverdue,
  configureClosed,
  createClosed,
  recordCall,
  retractOverdue,
} from './state/closed.ts'
import {
  admitProbe,
  configureHalfOpen,
  createHalfOpen,
  type HalfOpen,
  settleDueProbes,
  settleProbe,
} from './state/half-open.ts'
import { createOpen, type Open, type Opening, prolong } from './state/open.ts'
import type { Change, Override, OverrideMode, OverrideOptions } from './state/override.ts'
import {
  dueAt,
  isDue,
  nothingDue,
  rejectReason,
  retryAfter,
  ruleStatuses,
  type State,
  sharedState,
} from './state/state.ts'
import type { TransitionReason } from './transition.ts'
import type { Finding } from './trip/record.ts'
import { endTrip } from './trip/trip-history.ts'

/**
 * The circuit breaker itself: deterministic and synchronous. Every transition of the product is in
 * this file. Each method is told the time as a clock reading; `NaN` means "not read", and the last
 * known time is used. Methods that only read do not change any state.
 */
export class Machine implements MachineData {
  settings: MachineSettings
  state: State
  override: Override | undefined
  readonly counters: Counters
  detachedProbes: readonly Permit[]
  statistics: Statistics | null
  /** The closed state whose calls share a permit; null while each call needs one of its own. */
  shared: Closed | null
  history: History | undefined
  baseline: LatencyBaseline | undefined
  rate: OfferedRate | undefined
  #changes: Change[] | undefined = undefined
  #time: MonotonicTime
  readonly #random: () => number
  /** Drawn ahead, so that a reader can tell how long an opening that is due will last. */
  #nextRandom: number

  /** `data` is what it goes on from, at its own time 0. */
  constructor(
    settings: MachineSettings,
    clockTime: number,
    random: () => number,
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
    this.#time = new MonotonicTime(clockTime)
    this.#random = random
    this.#nextRandom = random()
  }

  /**
   * Lets a call pass, with a permit that it must give back, or returns why not.
   *
   * @param backstop extra ms before a probe expires, for a call whose own timer decides first
   */
  admit(clockTime: number, backstop = 0): Permit | RejectReason {
    const now = this.#advance(clockTime)
    const { state, override, settings, counters } = this
    if (override?.mode === 'disabled') return UNRECORDED
    if (settings.openDuration.kind === 'auto') rateOf(this).sampleIfDue(counters, now)
    const reason = rejectReason(state, override, counters, settings.maxConcurrent)
    if (reason !== undefined) return this.#reject(reason, now)
    counters.admitted++
    return state.name === 'half-open'
      ? admitProbe(state, now, settings.recovery.timeout, backstop)
      : admitCall(state as Closed, now)
  }

  /** Rejects, unless an override lets every call pass. */
  #reject(reason: RejectReason, now: number): RejectReason | Permit {
    const { state } = this
    if (state.name !== 'closed' && reason !== 'forced-open') state.trip.rejected++
    if (state.name === 'half-open') state.recovery.onRejected(now)
    this.statistics?.recordRejection(now)
    if (this.override?.mode === 'forced-closed') {
      this.counters.rare.unenforced++
      return UNENFORCED
    }
    this.counters.rare[reason]++
    return reason
  }

  /** True when a call would pass now. */
  wouldAdmit(clockTime: number): boolean {
    const { state, override, counters, settings } = this.peek(clockTime)
    if (override !== undefined) return override.mode !== 'forced-open'
    return rejectReason(state, override, counters, settings.maxConcurrent) === undefined
  }

  /** Gives a permit back. True when its result counted, false when it was stale or came twice. */
  settle(permit: AnyPermit, classification: Classification, clockTime: number): boolean {
    if (!permit.open) return false
    const own = permit.shared ? undefined : permit
    // Out of the line first: a call that ends now is not overdue any more.
    if (own?.overdue === false) own.state?.inFlight?.remove(own)
    const now = this.#advance(clockTime)
    // Its own deadline may have passed just now.
    if (!permit.open) return false
    this.counters.end(own)
    const { state } = this
    const { outcome, error: cause } = classification
    const duration = own && !Number.isNaN(clockTime) ? own.duration(now) : Number.NaN
    if (permit.state !== state) {
      this.counters.rare.stale++
      if (own?.overdue && outcome === 'success') this.#cancelTrip(own, now)
      return false
    }
    this.counters.outcome(outcome)
    if (classification.timedOut) this.counters.rare.timeout++
    if (duration >= 0) this.statistics?.record(outcome, duration, now)
    if (state.name === 'half-open') {
      const decision = settleProbe(state, own as Permit, classification, now)
      const probeFailure = recorded(classification, now)
      this.#applyDecision(decision, now, 'probeFailed', { cause, probeFailure })
    } else {
      if (own?.overdue && outcome === 'success') this.#cancelTrip(own, now)
      else if (own?.overdue) retractOverdue(state, now)
      const finding = recordCall(state, classification, duration, now, this)
      this.#openIf(state, finding, cause, now)
    }
    return true
  }

  /** A first part of the answer is there: the call is not hung, and takes no slot or capacity. */
  deliver(permit: Permit, clockTime: number): void {
    permit.state?.inFlight?.remove(permit)
    const now = this.#advance(clockTime)
    if (!permit.open || permit.delivered) return
    permit.deliver(now)
    this.counters.delivered++
    if (permit.overdue) this.#cancelTrip(permit, now)
  }

  /** A call that was taken for hung was not: a trip by such calls alone is cancelled. */
  #cancelTrip(permit: Permit, now: number): void {
    const { state } = this
    permit.overdue = false
    baselineOf(this).raiseFloor(now - permit.startedAt)
    if (state.name === 'closed') {
      if (state === permit.state) retractOverdue(state, now)
    } else if (state.pending === permit.state) this.#close(now, 'overdueCancelled')
  }

  #openIf(state: Closed, finding: Finding | undefined, cause: unknown, now: number): void {
    // A custom rule may have moved the breaker itself.
    if (finding === undefined || state !== this.state) return
    this.#open(now, finding.rule, { finding, cause, pending: finding.overdue ? state : null })
  }

  #applyDecision(decision: Decision, now: number, reason: TransitionReason, why: Opening): void {
    if (decision === 'close') this.#close(now, 'recovered')
    if (decision === 'reopen') this.#open(now, reason, why)
  }

  /** Does what has become due, each thing as of its own moment, but overdue calls as of now. */
  #advance(clockTime: number): number {
    const now = this.#time.advance(clockTime)
    if (!nothingDue(this, now)) this.#applyDue(now)
    return now
  }

  #applyDue(now: number): void {
    if (this.detachedProbes.length > 0) this.#expireDetachedProbes(now)
    for (;;) {
      const { state } = this
      const lifts = this.override?.until ?? Infinity
      const due = dueAt(state, baselineOf(this))
      if (lifts <= now && lifts <= due) this.#setOverride(undefined)
      else if (state.name === 'closed') {
        const finding = chargeOverdue(state, baselineOf(this), now)
        this.#openIf(state, finding, undefined, now)
        return
      } else if (due > now) return
      else if (state.name === 'open') {
        const { recovery } = this.settings
        this.#move(createHalfOpen(state, recovery, baselineOf(this)), 'elapsed')
      } else this.#settleDueProbes(state, now)
    }
  }

  #settleDueProbes(state: HalfOpen, now: number): void {
    const { expired, ...due } = settleDueProbes(state, baselineOf(this), now)
    if (expired !== undefined) this.#expirePermit(expired)
    this.#detach(due.detached)
    const why = { cause: state.cause, pending: expired ? null : state }
    this.#applyDecision(due.decision, due.at, due.reason, why)
    if (expired !== undefined) this.#expireDetachedProbes(now)
  }

  #expireDetachedProbes(now: number): void {
    for (const probe of this.detachedProbes) {
      if (probe.open && probe.deadline <= now) this.#expirePermit(probe)
    }
    this.detachedProbes = this.detachedProbes.filter((probe) => probe.open)
  }

  #expirePermit(probe: Permit): void {
    this.counters.end(probe)
    this.counters.rare.expired++
  }

  #open(now: number, reason: TransitionReason, why: Opening): void {
    const { state: from, settings } = this
    const { backoff, trips } = historyOf(this)
    if (from.name === 'closed') backoff.decay(settings.openDuration, now)
    rateOf(this).sample(this.counters.offered, now)
    const drawn = backoff.next(settings.openDuration, now, rateOf(this).perMs, this.#nextRandom)
    const openFor = Math.max(drawn, from.notBefore - now)
    this.#nextRandom = this.#random()
    backoff.opened(settings.openDuration, now, openFor)
    const trip =
      from.name === 'half-open' && reason !== 'manual'
        ? trips.reopen(from.trip, reason, openFor, why.probeFailure)
        : trips.open(from, {
            at: now,
            reason,
            openFor,
            enforced: this.override === undefined,
            ruleStatuses: ruleStatuses(this, now),
            finding: why.finding ?? null,
            note: why.note ?? null,
          })
    this.#move(createOpen(from, now, openFor, trip, why), reason)
  }

  #close(now: number, reason: TransitionReason): void {
    const { state, counters } = this
    const history = historyOf(this)
    if (state.name !== 'closed') {
      endTrip(state.trip, now, reason)
      history.backoff.closed(now)
    }
    history.countsAtClose = { success: counters.success, failure: counters.failure }
    this.#move(createClosed(state.generation + 1, now, this.settings.trip), reason)
  }

  #move(to: State, reason: TransitionReason): void {
    const { state: from } = this
    this.state = to
    this.shared = sharedState(this)
    historyOf(this).timeInState[from.name] += to.since - from.since
    if (from.name === 'half-open') this.#detach(from.recovery.inFlight)
    if (from.name === 'closed' && to.name === 'closed') return
    const enforced = this.override === undefined
    this.changes.push({ from: from.name, to: to.name, reason, generation: to.generation, enforced })
  }

  #detach(probes: readonly Permit[]): void {
    this.detachedProbes = [...this.detachedProbes, ...probes]
  }

  /** Opens now; it recovers by itself. An open circuit starts its open time again. */
  trip(clockTime: number, note?: string): void {
    const now = this.#advance(clockTime)
    const { state } = this
    if (state.name !== 'open') {
      this.#open(now, 'manual', { note })
      return
    }
    state.from = now
    // An operator keeps it open from now on: a late success of an overdue call does not close it.
    state.pending = null
    this.#prolong(state, now)
  }

  /** Applies the open time that is now in force to an opening that has begun. */
  #prolong(state: Open, now: number): void {
    const { openDuration } = this.settings
    const { backoff } = historyOf(this)
    const ms = backoff.recompute(openDuration, state.from, rateOf(this).perMs, this.#nextRandom)
    prolong(state, ms, now)
  }

  /** Closes with fresh evidence: calls in flight become stale, also when it was closed before. */
  reset(clockTime: number): void {
    const now = this.#advance(clockTime)
    // What was learned about the target may not be true any more.
    this.baseline = undefined
    if (this.history !== undefined) this.history.backoff = new OpenBackoff()
    this.#close(now, 'reset')
  }

  /** Puts an override in place of the current one; the newest wins. */
  force(mode: OverrideMode, clockTime: number, why: OverrideOptions): Override {
    const since = this.#advance(clockTime)
    const { reason, by } = why
    const override = { mode, reason, by, since, until: since + (why.for ?? Infinity) }
    this.#setOverride(override)
    return override
  }

  /** Lifts the override, or only that very one. True when one was lifted. */
  release(clockTime: number, only: Override | undefined = this.override): boolean {
    this.#advance(clockTime)
    if (this.override === undefined || this.override !== only) return false
    this.#setOverride(undefined)
    return true
  }

  #setOverride(override: Override | undefined): void {
    this.override = override
    this.shared = sharedState(this)
    this.changes.push({ override })
  }

  /** Changes the rules, keeping all evidence. Returns what could not be kept. */
  configure(settings: MachineSettings, clockTime: number): string[] {
    const now = this.#advance(clockTime)
    const { state, settings: before } = this
    this.settings = settings
    this.shared = sharedState(this)
    if (state.name === 'open' && !sameOpenDuration(before.openDuration, settings.openDuration)) {
      this.#prolong(state, now)
    }
    const lost = this.history?.trips.limit(settings.history) ?? []
    if (!settings.statistics) {
      if (this.statistics !== null) lost.push('statistics')
      this.statistics = null
    } else this.statistics ??= new Statistics()
    if (state.name === 'closed') lost.push(...configureClosed(state, settings.trip, now))
    if (state.name === 'half-open') {
      lost.push(...configureHalfOpen(state, settings.recovery, baselineOf(this), now))
    }
    return lost
  }

  /** The machine as the next call would find it; this one does not change. */
  peek(clockTime: number): Machine {
    if (!isDue(this, this.now(clockTime))) return this
    const copy = this.clone()
    copy.#advance(clockTime)
    return copy
  }

  clone(): Machine {
    const copy = new Machine(this.settings, 0, () => this.#nextRandom, cloneData(this))
    copy.#time = this.#time.clone()
    copy.#changes = this.#changes?.slice()
    return copy
  }

  /** Changes that are not published yet; the publisher takes them off. */
  get changes(): Change[] {
    this.#changes ??= []
    return this.#changes
  }

  get hasChanges(): boolean {
    return this.#changes !== undefined && this.#changes.length > 0
  }

  /** The machine's own time at a clock reading. */
  now(clockTime: number): number {
    return this.#time.at(clockTime)
  }

  /** Ms until a call may pass; `undefined` if it may pass now, or if that is unknown. */
  retryAfter(clockTime: number): number | undefined {
    return retryAfter(this.state, this.override, this.now(clockTime))
  }
}
