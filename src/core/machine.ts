import { chargeOverdue, chargeOverdueProbes, dueAt, isDue } from './due.ts'
import { Shortcuts } from './fast-path.ts'
import type { Refusal } from './measure/counters.ts'
import { Statistics } from './measure/statistics.ts'
import type { RecordedFailure, Verdict } from './outcome.ts'
import { Permit, UNENFORCED, UNRECORDED } from './permit.ts'
import { sameOpenDuration } from './recovery/open-duration.ts'
import { Probes } from './recovery/probes.ts'
import { admits, type Decision, firstDeadline, lapsed, type Recovery } from './recovery/recovery.ts'
import { SlowStart } from './recovery/slow-start.ts'
import type { MachineSettings } from './settings.ts'
import type { Closed } from './state/closed.ts'
import { closed, configureRules, notBefore, recorded, remember } from './state/closed.ts'
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
  admit(reading: number, backstop = 0): Permit | Refusal {
    const now = this.catchUp(reading)
    const mode = this.override?.mode
    if (mode === 'disabled') return UNRECORDED
    if (this.settings.openDuration.kind === 'auto') this.rate.look(this.tally, now)
    if (mode === 'forced-open') return this.#refuse('forced-open', now)
    const { state, settings } = this
    if (state.name === 'open') return this.#refuse('open', now)
    if (state.name === 'closed') {
      if (this.tally.inFlight >= settings.maxConcurrent) return this.#refuse('full', now)
      this.tally.admitted++
      const permit = new Permit(state, now, Infinity)
      state.inFlight?.add(permit)
      return permit
    }
    // Probes have a limit of their own: calls that hang must not be able to keep the way back shut.
    if (!admits(state.recovery)) return this.#refuse('half-open', now)
    this.tally.admitted++
    const probe = new Permit(state, now, now + settings.recovery.timeout, backstop)
    state.recovery.grant(probe)
    return probe
  }

  /** Refuses, unless an override says that everything passes. */
  #refuse(refusal: Refusal, now: number): Refusal | Permit {
    const { state } = this
    if (state.name !== 'closed' && refusal !== 'forced-open') state.trip.rejected++
    if (state.name === 'half-open') state.recovery.refused(now)
    this.statistics?.refused(now)
    if (this.override?.mode === 'forced-closed') {
      this.tally.trouble.unenforced++
      return UNENFORCED
    }
    this.tally.trouble[refusal]++
    return refusal
  }

  // ── telling ───────────────────────────────────────────────────────────────────────────────────

  /** A call that {@link enter}ed under `era` has ended. False when its result was stale. */
  conclude(era: Closed, verdict: Verdict, reading: number): boolean {
    this.tally.ended++
    if (era !== this.state) {
      this.tally.trouble.stale++
      return false
    }
    const now = this.override === undefined ? this.timeline.advance(reading) : this.catchUp(reading)
    this.#record(era, verdict, Number.NaN, now)
    return true
  }

  /** Gives a permit back. True when its result counted, false when it was stale or came twice. */
  settle(permit: Permit, verdict: Verdict, reading: number): boolean {
    if (!permit.held) return false
    // Out of the line first: a call that ends now is not overdue any more.
    if (!permit.overdue) permit.era?.inFlight?.remove(permit)
    const now = this.catchUp(reading)
    // Its own deadline may have passed just now.
    if (!permit.held) return false
    permit.held = false
    this.tally.ended++
    const era = this.state
    const duration = Number.isNaN(reading) ? Number.NaN : now - permit.startedAt
    if (permit.era !== era) {
      this.tally.trouble.stale++
      if (permit.overdue && verdict.outcome === 'success') this.#forgive(permit, duration, now)
      return false
    }
    if (era.name === 'half-open') this.#decide(era, permit, verdict, now)
    else {
      if (permit.overdue) this.#retract(era, permit, verdict, now)
      this.#record(era, verdict, duration, now)
    }
    return true
  }

  /** Replaces what an overdue call was charged in advance by how it really ended. */
  #retract(era: Closed, permit: Permit, { outcome }: Verdict, now: number): void {
    era.rules?.evidence?.retract(now)
    if (outcome === 'success') this.baseline.forgive(now - permit.startedAt)
  }

  /** A call that was taken for hung has succeeded: what was opened on that ground closes again. */
  #forgive(permit: Permit, duration: number, now: number): void {
    this.baseline.forgive(duration)
    if (this.state.name !== 'closed' && this.state.pending === permit.era) {
      this.#close(now, 'overdueCancelled')
    }
  }

  #count(verdict: Verdict): void {
    this.tally.outcome(verdict.outcome)
    if (verdict.timedOut) this.tally.trouble.timeout++
  }

  #record(era: Closed, verdict: Verdict, duration: number, now: number): void {
    this.#count(verdict)
    const { outcome } = verdict
    if (duration >= 0) this.statistics?.record(outcome, duration, now)
    if (outcome === 'success') this.#recordSuccess(era, duration, now)
    else if (outcome === 'failure') this.#recordFailure(era, verdict, duration, now)
  }

  #recordSuccess(era: Closed, duration: number, now: number): void {
    era.streak = 0
    if (this.learns(era)) {
      if (duration >= 0) this.baseline.learn(duration, now)
      else this.baseline.pass()
    }
    const finding = era.rules?.record(false, duration, now, this.#viewOf(era, false, now))
    if (finding !== undefined) this.#openFor(era, finding, undefined, now)
  }

  #recordFailure(era: Closed, verdict: Verdict, duration: number, now: number): void {
    era.streak++
    era.notBefore = notBefore(era.notBefore, verdict, now)
    remember(era, verdict, now)
    const seen = era.rules?.record(true, duration, now, this.#viewOf(era, true, now))
    const streak = consecutiveFailures(era.streak, this.settings.trip.consecutiveFailures)
    const finding = streak ?? seen
    if (finding !== undefined) this.#openFor(era, finding, verdict.error, now)
  }

  #viewOf(era: Closed, failed: boolean, now: number): WhenView | undefined {
    return this.settings.trip.when && this.view(era, failed, now)
  }

  #openFor(era: Closed, finding: Finding, cause: unknown, now: number): void {
    // The rule may be the user's own, and may have moved the breaker.
    if (era !== this.state) return
    this.#open(now, finding.rule, { finding, cause, pending: finding.overdue ? era : null })
  }

  #decide(era: HalfOpen, probe: Permit, verdict: Verdict, now: number): void {
    this.#count(verdict)
    const { outcome, error: cause } = verdict
    if (outcome === 'failure') era.notBefore = notBefore(era.notBefore, verdict, now)
    this.statistics?.record(outcome, now - probe.startedAt, now)
    const decision = era.recovery.settle(probe, outcome, now - probe.startedAt, now)
    this.#follow(decision, now, 'probeFailed', { cause, probeFailure: recorded(verdict, now) })
  }

  #follow(decision: Decision, now: number, reason: TransitionReason, why: Opening): void {
    if (decision === 'close') this.#close(now, 'recovered')
    if (decision === 'reopen') this.#open(now, reason, why)
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────────

  /** Does what the passing of time has made due, each thing as of its own moment, in order. */
  protected catchUp(reading: number): number {
    const now = this.timeline.advance(reading)
    if (!this.isCalm(now)) this.#moveOn(now)
    return now
  }

  #moveOn(now: number): void {
    if (this.orphans.length > 0) this.#expireOrphans(now)
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

  #openIfOverdue(era: Closed, now: number): void {
    const finding = chargeOverdue(era, this.baseline, now)
    if (finding !== undefined) this.#open(now, finding.rule, { finding, pending: era })
  }

  #reopenIfOverdue(era: HalfOpen, now: number): void {
    const { at, orphans } = chargeOverdueProbes(era.recovery, this.baseline, now)
    this.orphans = [...this.orphans, ...orphans]
    if (at !== undefined) this.#open(at, 'probeOverdue', { cause: era.cause, pending: era })
  }

  #expire(era: HalfOpen, now: number): void {
    const { recovery } = era
    const probe = firstDeadline(recovery.outstanding) as Permit
    const at = probe.deadline
    this.#giveUp(probe)
    const outcome = probe.delivered ? 'success' : 'failure'
    const decision = recovery.settle(probe, outcome, at - probe.startedAt, at)
    this.#follow(decision, at, 'probeExpired', { cause: era.cause })
    this.#expireOrphans(now)
  }

  #expireOrphans(now: number): void {
    for (const probe of this.orphans) if (probe.held && probe.deadline <= now) this.#giveUp(probe)
    this.orphans = this.orphans.filter((probe) => probe.held)
  }

  #giveUp(probe: Permit): void {
    probe.held = false
    this.tally.ended++
    this.tally.trouble.expired++
  }

  /** The machine as the next call would find it; this one is left alone. */
  peek(reading: number): Machine {
    const now = this.now(reading)
    const lifts = this.override !== undefined && now >= this.override.until
    const expires = this.orphans.some((probe) => probe.held && probe.deadline <= now)
    if (!lifts && !expires && !isDue(this.state, this.baseline, now)) return this
    const copy = this.clone()
    copy.catchUp(reading)
    return copy
  }

  // ── transitions ───────────────────────────────────────────────────────────────────────────────

  #open(now: number, reason: TransitionReason, why: Opening): void {
    const { state: from, settings } = this
    const { openings, history } = this.past
    if (from.name === 'closed') openings.decay(settings.openDuration, now)
    this.rate.sample(this.tally.offered, now)
    const drawn = openings.next(settings.openDuration, now, this.rate.perMs, this.chance)
    const openFor = Math.max(drawn, from.notBefore - now)
    this.chance = this.random()
    openings.opened(settings.openDuration, now, openFor)
    const trip =
      from.name === 'half-open' && reason !== 'manual'
        ? history.reopen(from.trip, openFor, why.probeFailure)
        : history.open(from, {
            at: now,
            reason,
            openFor,
            enforced: this.enforced,
            readings: this.readings(now),
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
    const { state, tally } = this
    if (state.name !== 'closed') {
      endTrip(state.trip, now, reason)
      this.past.openings.closed(now)
    }
    this.past.before = { success: tally.success, failure: tally.failure }
    this.#move(closed(state.generation + 1, now, this.settings.trip), reason)
  }

  #move(to: State, reason: TransitionReason): void {
    const from = this.state
    this.past.spent[from.name] += to.since - from.since
    this.state = to
    if (from.name === 'half-open') this.orphans = [...this.orphans, ...from.recovery.outstanding]
    if (from.name === 'closed' && to.name === 'closed') return
    const { generation } = to
    const { enforced } = this
    this.changes.push({ from: from.name, to: to.name, reason, generation, enforced })
  }

  clone(): Machine {
    return this.copyTo(new Machine(this.settings, 0, () => this.chance))
  }

  // ── by hand ───────────────────────────────────────────────────────────────────────────────────

  /** Opens now; it recovers by itself. An open circuit starts its open time again. */
  trip(reading: number, note?: string): void {
    const now = this.catchUp(reading)
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
    const ms = this.past.openings.again(openDuration, state.from, this.rate.perMs, this.chance)
    state.until = Math.max(state.from + ms, state.notBefore, now)
    state.trip.openFor = state.until - state.since
  }

  /** Closes with fresh evidence: calls in flight become stale, also when it was closed before. */
  reset(reading: number): void {
    const now = this.catchUp(reading)
    this.forgetLearned()
    this.#close(now, 'reset')
  }

  /** Changes the rules, keeping all evidence. Gives what could not be kept, in words. */
  configure(settings: MachineSettings, reading: number): string[] {
    const now = this.catchUp(reading)
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
      for (const probe of recovery.outstanding) state.recovery.grant(probe)
      if (recovery.successes > 0) lost.push('successful probes')
    }
    return lost
  }
}
