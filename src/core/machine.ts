import { chargeOverdue, chargeOverdueProbes, dueAt, isDue } from './due.ts'
import { Shortcuts } from './fast-path.ts'
import type { RejectReason } from './measure/counters.ts'
import { Statistics } from './measure/statistics.ts'
import type { Classification, RecordedFailure } from './outcome.ts'
import { Permit, UNENFORCED, UNRECORDED } from './permit.ts'
import { sameOpenDuration } from './recovery/open-duration.ts'
import { Probes } from './recovery/probes.ts'
import { admits, type Decision, firstDeadline, lapsed, type Recovery } from './recovery/recovery.ts'
import { SlowStart } from './recovery/slow-start.ts'
import type { MachineSettings } from './settings.ts'
import type { Closed } from './state/closed.ts'
import { closed, configureRules, notBefore, recorded, rememberFailure } from './state/closed.ts'
import type { HalfOpen } from './state/half-open.ts'
import type { Open } from './state/open.ts'
import type { State } from './state/state.ts'
import type { TransitionReason } from './transition.ts'
import { consecutiveFailures } from './trip/consecutive-failures.ts'
import { endTrip } from './trip/history.ts'
import type { Finding } from './trip/record.ts'
import type { WhenView } from './trip/when.ts'

/** Why the circuit opens, and what is known about it. */
interface Opening {
  readonly finding?: Finding
  readonly cause?: unknown
  readonly note?: string | undefined
  readonly probeFailure?: RecordedFailure | undefined
  /** Only calls that have not ended yet speak for it: the state they belong to. */
  readonly pending?: Closed | HalfOpen | null
}

/**
 * The circuit breaker itself: deterministic and synchronous. Every transition of the product is in
 * this file. It is told the time as a clock reading with each call and never asks for it; a reading
 * of `NaN` means that nobody looked. Reading the machine moves nothing.
 */
export class Machine extends Shortcuts {
  // ── asking ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Lets a call pass, with a permit that it must give back, or says why not.
   *
   * @param backstop extra ms before a probe is given up, for a call whose own timer speaks first
   */
  admit(clockTime: number, backstop = 0): Permit | RejectReason {
    const now = this.advance(clockTime)
    const mode = this.override?.mode
    if (mode === 'disabled') return UNRECORDED
    if (this.settings.openDuration.kind === 'auto') this.rate.sampleIfDue(this.counters, now)
    if (mode === 'forced-open') return this.#refuse('forced-open', now)
    const { state, settings } = this
    if (state.name === 'open') return this.#refuse('open', now)
    if (state.name === 'closed') {
      if (this.counters.inFlight >= settings.maxConcurrent) return this.#refuse('full', now)
      this.counters.admitted++
      const permit = new Permit(state, now, Infinity)
      state.inFlight?.add(permit)
      return permit
    }
    // Probes have a limit of their own: calls that hang must not be able to keep the way back shut.
    if (!admits(state.recovery)) return this.#refuse('half-open', now)
    this.counters.admitted++
    const probe = new Permit(state, now, now + settings.recovery.timeout, backstop)
    state.recovery.grant(probe)
    return probe
  }

  /** Refuses, unless an override says that everything passes. */
  #refuse(refusal: RejectReason, now: number): RejectReason | Permit {
    const { state } = this
    if (state.name !== 'closed' && refusal !== 'forced-open') state.trip.rejected++
    if (state.name === 'half-open') state.recovery.refused(now)
    this.statistics?.refused(now)
    if (this.override?.mode === 'forced-closed') {
      this.counters.rare.unenforced++
      return UNENFORCED
    }
    this.counters.rare[refusal]++
    return refusal
  }

  // ── telling ───────────────────────────────────────────────────────────────────────────────────

  /** A call that {@link enter}ed under `era` has ended. False when its result was stale. */
  conclude(state: Closed, classification: Classification, clockTime: number): boolean {
    this.counters.ended++
    if (state !== this.state) {
      this.counters.rare.stale++
      return false
    }
    const now = this.override === undefined ? this.time.advance(clockTime) : this.advance(clockTime)
    this.#record(state, classification, Number.NaN, now)
    return true
  }

  /** Gives a permit back. True when its result counted, false when it was stale or came twice. */
  settle(permit: Permit, classification: Classification, clockTime: number): boolean {
    if (!permit.open) return false
    // Out of the line first: a call that ends now is not overdue any more.
    if (!permit.overdue) permit.state?.inFlight?.remove(permit)
    const now = this.advance(clockTime)
    // Its own deadline may have passed just now.
    if (!permit.open) return false
    permit.open = false
    this.counters.ended++
    const state = this.state
    const duration = Number.isNaN(clockTime) ? Number.NaN : now - permit.startedAt
    if (permit.state !== state) {
      this.counters.rare.stale++
      if (permit.overdue && classification.outcome === 'success')
        this.#cancelTrip(permit, duration, now)
      return false
    }
    if (state.name === 'half-open') this.#decide(state, permit, classification, now)
    else {
      if (permit.overdue) this.#retractCharge(state, permit, classification, now)
      this.#record(state, classification, duration, now)
    }
    return true
  }

  /** Replaces what an overdue call was charged in advance by how it really ended. */
  #retractCharge(state: Closed, permit: Permit, { outcome }: Classification, now: number): void {
    state.rules?.evidence?.retract(now)
    if (outcome === 'success') this.baseline.raiseFloor(now - permit.startedAt)
  }

  /** A call that was taken for hung has succeeded: what was opened on that ground closes again. */
  #cancelTrip(permit: Permit, duration: number, now: number): void {
    this.baseline.raiseFloor(duration)
    if (this.state.name !== 'closed' && this.state.pending === permit.state) {
      this.#close(now, 'overdueCancelled')
    }
  }

  #count(classification: Classification): void {
    this.counters.outcome(classification.outcome)
    if (classification.timedOut) this.counters.rare.timeout++
  }

  #record(state: Closed, classification: Classification, duration: number, now: number): void {
    this.#count(classification)
    const { outcome } = classification
    if (duration >= 0) this.statistics?.record(outcome, duration, now)
    if (outcome === 'success') this.#recordSuccess(state, duration, now)
    else if (outcome === 'failure') this.#recordFailure(state, classification, duration, now)
  }

  #recordSuccess(state: Closed, duration: number, now: number): void {
    state.consecutiveFailures = 0
    if (this.learns(state)) {
      if (duration >= 0) this.baseline.learn(duration, now)
      else this.baseline.skipSample()
    }
    const finding = state.rules?.record(false, duration, now, this.#viewOf(state, false, now))
    if (finding !== undefined) this.#openFor(state, finding, undefined, now)
  }

  #recordFailure(
    state: Closed,
    classification: Classification,
    duration: number,
    now: number,
  ): void {
    state.consecutiveFailures++
    state.notBefore = notBefore(state.notBefore, classification, now)
    rememberFailure(state, classification, now)
    const seen = state.rules?.record(true, duration, now, this.#viewOf(state, true, now))
    const tooMany = consecutiveFailures(
      state.consecutiveFailures,
      this.settings.trip.consecutiveFailures,
    )
    const finding = tooMany ?? seen
    if (finding !== undefined) this.#openFor(state, finding, classification.error, now)
  }

  #viewOf(state: Closed, failed: boolean, now: number): WhenView | undefined {
    return this.settings.trip.when && this.view(state, failed, now)
  }

  #openFor(state: Closed, finding: Finding, cause: unknown, now: number): void {
    // The rule may be the user's own, and may have moved the breaker.
    if (state !== this.state) return
    this.#open(now, finding.rule, { finding, cause, pending: finding.overdue ? state : null })
  }

  #decide(state: HalfOpen, probe: Permit, classification: Classification, now: number): void {
    this.#count(classification)
    const { outcome, error: cause } = classification
    if (outcome === 'failure') state.notBefore = notBefore(state.notBefore, classification, now)
    this.statistics?.record(outcome, now - probe.startedAt, now)
    const decision = state.recovery.settle(probe, outcome, now - probe.startedAt, now)
    this.#applyDecision(decision, now, 'probeFailed', {
      cause,
      probeFailure: recorded(classification, now),
    })
  }

  #applyDecision(decision: Decision, now: number, reason: TransitionReason, why: Opening): void {
    if (decision === 'close') this.#close(now, 'recovered')
    if (decision === 'reopen') this.#open(now, reason, why)
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────────

  /** Does what the passing of time has made due, each thing as of its own moment, in order. */
  protected advance(clockTime: number): number {
    const now = this.time.advance(clockTime)
    if (!this.nothingDue(now)) this.#applyDue(now)
    return now
  }

  #applyDue(now: number): void {
    if (this.detachedProbes.length > 0) this.#expireOrphans(now)
    for (;;) {
      const { state } = this
      const lifts = this.override?.until ?? Infinity
      const due = dueAt(state, this.baseline)
      if (lifts <= now && lifts <= due) this.setOverride(undefined)
      else if (state.name === 'closed') {
        this.#openIfOverdue(state, now)
        return
      } else if (due > now) return
      else if (state.name === 'open') this.#halfOpen(state)
      else if (lapsed(state.recovery, now)) this.#expire(state, now)
      else this.#reopenIfOverdue(state, now)
    }
  }

  #openIfOverdue(state: Closed, now: number): void {
    const finding = chargeOverdue(state, this.baseline, now)
    if (finding !== undefined) this.#open(now, finding.rule, { finding, pending: state })
  }

  #reopenIfOverdue(state: HalfOpen, now: number): void {
    const { at, detachedProbes } = chargeOverdueProbes(state.recovery, this.baseline, now)
    this.detachedProbes = [...this.detachedProbes, ...detachedProbes]
    if (at !== undefined) this.#open(at, 'probeOverdue', { cause: state.cause, pending: state })
  }

  #expire(state: HalfOpen, now: number): void {
    const { recovery } = state
    const probe = firstDeadline(recovery.inFlight) as Permit
    const at = probe.deadline
    this.#expirePermit(probe)
    const outcome = probe.delivered ? 'success' : 'failure'
    const decision = recovery.settle(probe, outcome, at - probe.startedAt, at)
    this.#applyDecision(decision, at, 'probeExpired', { cause: state.cause })
    this.#expireOrphans(now)
  }

  #expireOrphans(now: number): void {
    for (const probe of this.detachedProbes)
      if (probe.open && probe.deadline <= now) this.#expirePermit(probe)
    this.detachedProbes = this.detachedProbes.filter((probe) => probe.open)
  }

  #expirePermit(probe: Permit): void {
    probe.open = false
    this.counters.ended++
    this.counters.rare.expired++
  }

  /** The machine as the next call would find it; this one is left alone. */
  peek(clockTime: number): Machine {
    const now = this.now(clockTime)
    const lifts = this.override !== undefined && now >= this.override.until
    const expires = this.detachedProbes.some((probe) => probe.open && probe.deadline <= now)
    if (!lifts && !expires && !isDue(this.state, this.baseline, now)) return this
    const copy = this.clone()
    copy.advance(clockTime)
    return copy
  }

  // ── transitions ───────────────────────────────────────────────────────────────────────────────

  #open(now: number, reason: TransitionReason, why: Opening): void {
    const { state: from, settings } = this
    const { openings, history } = this.past
    if (from.name === 'closed') openings.decay(settings.openDuration, now)
    this.rate.sample(this.counters.offered, now)
    const drawn = openings.next(settings.openDuration, now, this.rate.perMs, this.nextRandom)
    const openFor = Math.max(drawn, from.notBefore - now)
    this.nextRandom = this.random()
    openings.opened(settings.openDuration, now, openFor)
    const trip =
      from.name === 'half-open' && reason !== 'manual'
        ? history.reopen(from.trip, openFor, why.probeFailure)
        : history.open(from, {
            at: now,
            reason,
            openFor,
            enforced: this.enforced,
            ruleStatuses: this.ruleStatuses(now),
            ...why,
          })
    const { cause, pending = null } = why
    const { notBefore } = from
    const generation = from.generation + 1
    const until = now + openFor
    this.#move(
      { name: 'open', generation, since: now, from: now, until, trip, cause, notBefore, pending },
      reason,
    )
  }

  #halfOpen({ generation, until: since, trip, cause, pending }: Open): void {
    const recovery = this.newRecovery(since)
    this.#move(
      {
        name: 'half-open',
        generation: generation + 1,
        since,
        recovery,
        trip,
        cause,
        notBefore: 0,
        pending,
      },
      'elapsed',
    )
  }

  newRecovery(since: number): Recovery {
    const { recovery } = this.settings
    return recovery.kind === 'probes'
      ? new Probes(recovery)
      : new SlowStart(recovery, this.baseline, since)
  }

  #close(now: number, reason: TransitionReason): void {
    const { state, counters } = this
    if (state.name !== 'closed') {
      endTrip(state.trip, now, reason)
      this.past.openings.closed(now)
    }
    this.past.countsAtClose = { success: counters.success, failure: counters.failure }
    this.#move(closed(state.generation + 1, now, this.settings.trip), reason)
  }

  #move(to: State, reason: TransitionReason): void {
    const from = this.state
    this.past.timeInState[from.name] += to.since - from.since
    this.state = to
    if (from.name === 'half-open')
      this.detachedProbes = [...this.detachedProbes, ...from.recovery.inFlight]
    if (from.name === 'closed' && to.name === 'closed') return
    const { generation } = to
    const { enforced } = this
    this.changes.push({ from: from.name, to: to.name, reason, generation, enforced })
  }

  clone(): Machine {
    return this.copyTo(new Machine(this.settings, 0, () => this.nextRandom))
  }

  // ── by hand ───────────────────────────────────────────────────────────────────────────────────

  /** Opens now; it recovers by itself. An open circuit starts its open time again. */
  trip(clockTime: number, note?: string): void {
    const now = this.advance(clockTime)
    const { state } = this
    if (state.name !== 'open') {
      this.#open(now, 'manual', { note })
      return
    }
    state.from = now
    // From now on it is somebody's word that keeps it open, not that of calls that may come back.
    state.pending = null
    this.#prolong(state, now)
  }

  /** Applies the open time that is now in force to an opening that has begun. */
  #prolong(state: Open, now: number): void {
    const { openDuration } = this.settings
    const ms = this.past.openings.again(openDuration, state.from, this.rate.perMs, this.nextRandom)
    state.until = Math.max(state.from + ms, state.notBefore, now)
    state.trip.openFor = state.until - state.since
  }

  /** Closes with fresh evidence: calls in flight become stale, also when it was closed before. */
  reset(clockTime: number): void {
    const now = this.advance(clockTime)
    this.forgetLearned()
    this.#close(now, 'reset')
  }

  /** Changes the rules, keeping all evidence. Gives what could not be kept, in words. */
  configure(settings: MachineSettings, clockTime: number): string[] {
    const now = this.advance(clockTime)
    const { state, settings: before } = this
    this.settings = settings
    if (state.name === 'open' && !sameOpenDuration(before.openDuration, settings.openDuration)) {
      this.#prolong(state, now)
    }
    const lost = this.limitHistory(settings.history)
    if (!settings.statistics) {
      if (this.statistics !== null) lost.push('statistics')
      this.statistics = null
    } else this.statistics ??= new Statistics()
    if (state.name === 'closed') lost.push(...configureRules(state, settings.trip, now))
    if (state.name === 'half-open' && !state.recovery.configure(settings.recovery)) {
      const { recovery } = state
      state.recovery = this.newRecovery(now)
      for (const probe of recovery.inFlight) state.recovery.grant(probe)
      if (recovery.successes > 0) lost.push('successful probes')
    }
    return lost
  }
}
