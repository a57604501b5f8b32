import { cloneData, configureKept, historyOf, type MachineData } from './machine-data.ts'
import { MachineParts } from './machine-parts.ts'
import type { RejectReason } from './measure/counters.ts'
import { baselineOf } from './measure/latency-baseline.ts'
import { rateOf } from './measure/offered-rate.ts'
import { type Classification, notBefore } from './outcome.ts'
import { type AnyPermit, type Permit, UNRECORDED } from './permit.ts'
import { detachedOf, expireDetached } from './probes-in-flight.ts'
import type { LeasedProbes } from './recovery/leased-probes.ts'
import { askedTime, OpenBackoff, sameOpenDuration } from './recovery/open-duration.ts'
import { isSlow, type MachineSettings } from './settings.ts'
import {
  admitCall,
  type Closed,
  causeOf,
  chargeOverdue,
  createClosed,
  recordCall,
} from './state/closed.ts'
import { type FleetWord, follow, UNHEARD } from './state/fleet-word.ts'
import {
  admitProbe,
  createHalfOpen,
  type HalfOpen,
  type Preceding,
  type ProbeEnd,
  settleDueProbe,
  settleProbe,
} from './state/half-open.ts'
import {
  createOpen,
  type Open,
  type Opening,
  prolong,
  retrip,
  type TripOptions,
} from './state/open.ts'
import type { Override, OverrideMode, OverrideOptions } from './state/override.ts'
import {
  configureState,
  dueAt,
  freeSlots,
  isDue,
  leasedProbesOf,
  nothingDue,
  reject,
  rejectReason,
  releaseState,
  retractOverdue,
  type State,
  sharedState,
} from './state/state.ts'
import type { ManualOptions, TransitionReason } from './transition.ts'
import type { Finding } from './trip/record.ts'
import { tripFacts } from './trip/trip-history.ts'

/**
 * The circuit breaker itself: deterministic and synchronous. Every transition of the product is in
 * this file. Each method is told the time as a clock reading; `NaN` means "not read", and the last
 * known time is used. Methods that only read do not change any state.
 */
export class Machine extends MachineParts {
  readonly #random: () => number
  /** Drawn ahead, so that a reader can tell how long an opening that is due will last. */
  #nextRandom: number

  /** `data` is what it goes on from, at its own time 0. */
  constructor(
    settings: MachineSettings,
    clockTime: number,
    random: () => number,
    data?: MachineData,
  ) {
    super(settings, clockTime, data)
    this.#random = random
    this.#nextRandom = random()
  }

  /**
   * Lets a call pass, with a permit that it must give back, or returns why not.
   * @param backstop extra ms before a probe expires, for a call whose own timer decides first
   */
  admit(clockTime: number, backstop = 0): Permit | RejectReason {
    const now = this.#advance(clockTime)
    const { state, override, settings, counters } = this
    if (override?.mode === 'disabled') return UNRECORDED
    if (settings.openDuration.kind === 'auto') rateOf(this).sampleIfDue(counters, now)
    const reason = rejectReason(state, override, counters, settings.maxConcurrent)
    if (reason !== undefined) return reject(this, reason, now)
    counters.admitted++
    return state.name === 'half-open'
      ? admitProbe(state, now, settings.recovery.timeout, backstop)
      : admitCall(state as Closed, now)
  }

  /** True when a call would pass now. */
  wouldAdmit(clockTime: number): boolean {
    return freeSlots(this.peek(clockTime)) > 0
  }

  /** Gives a permit back. True when its result counted, false when it was stale or came twice. */
  settle(permit: AnyPermit, classification: Classification, clockTime: number): boolean {
    if (!permit.open) return false
    const own = permit.shared ? undefined : permit
    // Out of the list first: a call of a closed circuit that ends now is not overdue any more.
    if (own?.probe === false) own.list?.remove(own)
    const now = this.#advance(clockTime)
    // Its own deadline may have passed just now.
    if (!permit.open) return false
    this.counters.end(own)
    own?.list?.remove(own)
    const { state } = this
    const { outcome, error: cause } = classification
    const duration = own && !Number.isNaN(clockTime) ? own.duration(now) : Number.NaN
    const disabled = this.override?.mode === 'disabled'
    if (disabled || permit.state !== state) {
      this.counters.rare.stale++
      if (own?.overdue && outcome === 'success' && !disabled) this.#retractOverdue(own, now, true)
      return false
    }
    // How it really ended replaces what it was charged, unless its caller has given it up.
    if (own?.overdue && outcome !== 'cancelled')
      this.#retractOverdue(own, now, outcome === 'success')
    this.counters.outcome(outcome, isSlow(duration, this.settings))
    if (classification.timedOut) this.counters.rare.timeout++
    if (duration >= 0) this.statistics?.record(outcome, duration, now)
    if (state.name === 'half-open') {
      const end = settleProbe(state, own as Permit, classification, now, this.settings)
      this.#applyDecision(end, now)
    } else {
      const finding = recordCall(state, own, classification, duration, now, this)
      this.#openIf(state, finding, outcome === 'failure' ? cause : causeOf(finding, state), now)
      if (classification.trips && state === this.state) this.#open(now, 'classify', { cause })
    }
    return true
  }

  /** A first part of the answer is there: the call is not hung, and takes no slot or capacity. */
  deliver(permit: Permit, clockTime: number): void {
    if (!permit.probe) permit.list?.remove(permit)
    const now = this.#advance(clockTime)
    if (!permit.open || permit.delivered) return
    permit.deliver(now)
    this.counters.delivered++
    if (permit.overdue && this.override?.mode !== 'disabled')
      this.#retractOverdue(permit, now, true)
  }

  /** A call that was taken for hung was not. If it `came`, a trip by such calls alone is cancelled. */
  #retractOverdue(permit: Permit, now: number, came: boolean): void {
    const { state } = this
    permit.overdue = false
    if (came) baselineOf(this).raiseFloor(permit.duration(now), now)
    if (state === permit.state) retractOverdue(state, now)
    else if (state.name !== 'closed' && state.pending === permit.state) {
      this.#close(now, 'overdueCancelled')
    }
  }

  #openIf(state: Closed, finding: Finding | undefined, cause: unknown, now: number): void {
    // A custom rule may have moved the breaker itself.
    if (finding === undefined || state !== this.state) return
    this.#open(now, finding.rule, { finding, cause, pending: finding.overdue ? state : null })
  }

  #applyDecision({ works, decision, reason, why }: ProbeEnd, now: number): void {
    if (works) historyOf(this).backoff.probeSucceeded(now)
    if (decision === 'close') this.#close(now, 'recovered')
    if (decision === 'reopen') this.#open(now, reason, why)
  }

  /** Does what has become due, each thing as of its own moment, but overdue calls as of now. */
  #advance(clockTime: number): number {
    const now = this.time.advance(clockTime)
    if (!nothingDue(this, now)) this.#applyDue(now)
    return now
  }

  #applyDue(now: number): void {
    expireDetached(this, now)
    for (;;) {
      const { state } = this
      const lifts = this.override?.until ?? Infinity
      const due = dueAt(state, baselineOf(this), this.override, now)
      if (lifts <= now && lifts <= due) this.#setOverride(undefined)
      else if (state.name === 'closed') {
        if (this.override?.mode === 'disabled' || this.time.isStalled) return
        const finding = chargeOverdue(state, baselineOf(this), now)
        this.#openIf(state, finding, undefined, now)
        return
      } else if (due > now || (state.name === 'half-open' && this.time.isStalled)) return
      else if (state.name === 'open') this.#probe(state, 'elapsed')
      else this.#settleDueProbe(state, now)
    }
  }

  /** What had arrived by `at` has been handled: what is still in flight is late by itself. */
  hear(at: number): void {
    if (this.time.hear(at)) this.#advance(Number.NaN)
  }

  #settleDueProbe(state: HalfOpen, now: number): void {
    const due = settleDueProbe(state, baselineOf(this), now, this.override, this.settings)
    const { at, expired, detached } = due
    if (expired !== undefined) this.counters.expire(expired)
    if (detached !== undefined) detachedOf(this).add(detached)
    this.#applyDecision(due, at)
    expireDetached(this, now)
  }

  #open(now: number, reason: TransitionReason, why: Opening): void {
    const { state: from } = this
    const { openDuration } = this.settings
    const { backoff, trips } = historyOf(this)
    if (from.name === 'closed') backoff.decay(openDuration, now)
    rateOf(this).sample(this.counters.offered, now)
    const again = from.name === 'half-open' && reason !== 'manual' ? from.trip : undefined
    const { generation } = from
    const attempt = again === undefined ? 1 : again.reopened + 2
    const lasts = why.byHand?.for
    const asked = lasts ?? askedTime(openDuration, { generation, attempt, cause: why.cause })
    // A function of the user's may have moved the breaker itself.
    if (from !== this.state) return
    const { perMs } = rateOf(this)
    const ms = asked ?? backoff.next(openDuration, now, perMs, this.#nextRandom, why.took)
    const openFor = lasts ?? Math.max(ms, from.notBefore - now)
    this.#nextRandom = this.#random()
    backoff.opened(openDuration, why.took)
    const trip = again
      ? trips.reopen(again, reason, openFor, why.probeFailure)
      : trips.open(from, tripFacts(this, now, reason, openFor, why))
    this.#move(createOpen(from, now, openFor, trip, why), reason, why.byHand)
  }

  #close(now: number, reason: TransitionReason, byHand?: ManualOptions): void {
    const { state } = this
    historyOf(this).close(state, this.counters, now, reason)
    this.#move(createClosed(state.generation + 1, now, this.settings.trip), reason, byHand)
  }

  #probe(before: Preceding, reason: TransitionReason, why?: ManualOptions): void {
    const { recovery } = this.settings
    this.#move(createHalfOpen(before, recovery, baselineOf(this), why), reason, why)
  }

  #move(to: State, reason: TransitionReason, byHand?: ManualOptions): void {
    const { state: from } = this
    this.state = to
    this.shared = sharedState(this)
    historyOf(this).move(from, to, reason)
    if (from.name === 'half-open' && from.recovery.inFlight.size > 0) {
      detachedOf(this).takeFrom(from.recovery.inFlight)
    }
    releaseState(from)
    if (from.name === 'closed' && to.name === 'closed') return
    const enforced = this.override === undefined
    const { reason: note, by } = byHand ?? {}
    const { name, generation } = to
    this.changes.push({ from: from.name, to: name, reason, generation, enforced, note, by })
  }

  /** Opens now; it recovers by itself. An open circuit starts its open time again. */
  trip(clockTime: number, why: TripOptions = {}): void {
    const now = this.#advance(clockTime)
    const { state } = this
    state.notBefore = notBefore(state.notBefore, why, now, this.settings)
    if (state.name === 'open') {
      const again = retrip(state, why, now)
      this.#prolong(again, now)
      if (state === this.state) this.#move(again, 'manual', why)
    } else this.#open(now, 'manual', { byHand: why })
  }

  /** Lets probes out now; those in flight decide nothing any more. A closed one opens first. */
  halfOpen(clockTime: number, why: ManualOptions = {}): void {
    const now = this.#advance(clockTime)
    if (this.state.name === 'closed') this.#open(now, 'manual', { byHand: { ...why, for: 0 } })
    const before = { ...(this.state as Open | HalfOpen), until: now, pending: null, fleet: false }
    this.#probe(before, 'manual', why)
  }

  /** Applies the open time that is now in force to an opening that has begun. */
  #prolong(state: Open, now: number): void {
    const { backoff } = historyOf(this)
    prolong(state, this.settings, backoff, rateOf(this).perMs, this.#nextRandom, now)
  }

  /** Closes with fresh evidence: calls in flight become stale, also when it was closed before. */
  reset(clockTime: number, why: ManualOptions = {}): void {
    const now = this.#advance(clockTime)
    // What was learned about the target may not be true any more.
    this.baseline = undefined
    if (this.history !== undefined) this.history.backoff = new OpenBackoff()
    this.#close(now, 'reset', why)
  }

  /**
   * Takes over what the fleet says; without a word the fleet can't be heard, and this machine decides by
   * itself again. A circuit that has opened by itself stays so while the fleet is closed.
   */
  hearFleet(word: FleetWord | undefined, clockTime: number): void {
    const now = this.#advance(clockTime)
    const { state } = this
    const move = follow(state, word, now, this.settings)
    const byHand = { ...word, for: word?.for ?? 0 }
    if (move === 'close') this.#close(now, 'fleet', byHand)
    else if (move === 'open') this.#open(now, 'fleet', { byHand, fleet: true })
    else if (move === 'probe')
      this.#probe(
        { ...(state as HalfOpen), until: now, fleet: false, works: !!word },
        'fleet',
        word ?? UNHEARD,
      )
    this.#advance(Number.NaN)
  }

  /** The recovery of a half-open circuit that needs leases of the fleet; undefined for any other. */
  leasedProbes(clockTime: number): LeasedProbes | undefined {
    this.#advance(clockTime)
    return leasedProbesOf(this)
  }

  /** Puts an override in place of the current one; the newest wins. */
  force(mode: OverrideMode, clockTime: number, why: OverrideOptions): Override {
    const since = this.#advance(clockTime)
    const { reason, by, for: ms = Infinity } = why
    this.#setOverride({ mode, reason, by, since, until: since + ms })
    return this.override as Override
  }

  /** Lifts the override, or only that very one. True when one was lifted. */
  release(clockTime: number, only?: Override, why?: ManualOptions): boolean {
    this.#advance(clockTime)
    if (this.override === undefined || this.override !== (only ?? this.override)) return false
    this.#setOverride(undefined, why)
    return true
  }

  #setOverride(override: Override | undefined, lifted?: ManualOptions): void {
    this.override = override
    this.shared = sharedState(this)
    this.changes.push({ override, lifted })
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
    return [...configureKept(this), ...configureState(this, now)]
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
    copy.time = this.time.clone()
    if (this.hasChanges) copy.changes.push(...this.changes)
    return copy
  }
}
