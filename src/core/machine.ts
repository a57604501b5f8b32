import { type Counts, type Refusal, Tally } from './counts.ts'
import { LONGEST_RETRY_AFTER, type OpenDuration, openDuration } from './open-duration.ts'
import type { Verdict } from './outcome.ts'
import type { Override, OverrideMode } from './override.ts'
import { Permit, UNENFORCED, UNRECORDED } from './permit.ts'
import { type ProbeSettings, Probes } from './recovery/probes.ts'
import type {
  Closed,
  HalfOpen,
  Open,
  RecordedFailure,
  State,
  Transition,
  TransitionReason,
} from './state.ts'
import { Timeline } from './timeline.ts'
import { consecutiveFailures } from './trip/consecutive-failures.ts'
import type { Finding, TripRecord } from './trip/record.ts'

/** Failures kept to explain a trip. */
const FAILURES_KEPT = 5

export interface MachineSettings {
  readonly trip: { readonly consecutiveFailures: number }
  readonly openDuration: OpenDuration
  readonly recovery: ProbeSettings
  readonly maxConcurrent: number
  /** Trip records kept. */
  readonly history: number
}

/** The override as it now is; `undefined` when it was lifted. */
export interface OverrideChange {
  readonly override: Override | undefined
}

/** What is to be published, in order. */
export type Change = Transition | OverrideChange

/**
 * The circuit breaker itself: deterministic and synchronous. Every transition of the product is in
 * this file. It is told the time as a clock reading with each call and never asks for it; reading
 * it moves nothing.
 */
export class Machine {
  settings: MachineSettings
  state: State
  override: Override | undefined = undefined
  tally: Tally = new Tally()
  /** Oldest first. */
  trips: TripRecord[] = []
  /** Changes that nobody has published yet. */
  changes: Change[] = []
  timeline: Timeline

  constructor(settings: MachineSettings, reading: number) {
    this.settings = settings
    this.timeline = new Timeline(reading)
    this.state = closed(1, 0)
  }

  get counts(): Counts {
    return this.tally.read()
  }

  /** The machine's own time at a clock reading. */
  now(reading: number): number {
    return this.timeline.at(reading)
  }

  // ── asking ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Lets a call pass, with a permit that it must give back, or says why not.
   *
   * @param backstop extra ms before a probe is given up, for a call whose own timer speaks first
   */
  admit(reading: number, backstop = 0): Permit | Refusal {
    const now = this.timeline.advance(reading)
    this.#liftOverride(now)
    const mode = this.override?.mode
    if (mode === 'disabled') return UNRECORDED
    if (mode === 'forced-open') return this.#refuse('forced-open')
    this.#elapse(now)
    const { state, settings } = this
    if (state.name === 'open') return this.#refuse('open')
    if (state.name === 'closed') {
      if (this.tally.inFlight >= settings.maxConcurrent) return this.#refuse('full')
      this.tally.admitted++
      return new Permit(state, Infinity)
    }
    // Probes have a limit of their own: calls that hang must not be able to keep the way back shut.
    if (!state.probes.admits(settings.recovery)) return this.#refuse('half-open')
    this.tally.admitted++
    const probe = new Permit(state, now + settings.recovery.timeout + backstop)
    state.probes.grant(probe)
    return probe
  }

  /** Refuses, unless an override says that everything passes. */
  #refuse(refusal: Refusal): Refusal | Permit {
    const { state } = this
    if (state.name !== 'closed' && refusal !== 'forced-open') state.trip.rejected++
    if (this.override?.mode === 'forced-closed') {
      this.tally.unenforced++
      return UNENFORCED
    }
    this.tally.refuse(refusal)
    return refusal
  }

  /** Ms until a call may pass; `undefined` when it may now, or when nobody can know. */
  retryAfter(reading: number): number | undefined {
    const now = this.now(reading)
    const { override, state } = this
    const automatic =
      state.name === 'open'
        ? state.until - now
        : state.name === 'half-open' && !state.probes.admits(this.settings.recovery)
          ? (state.probes.first as Permit).deadline - now
          : undefined
    if (override?.mode !== 'forced-open') return automatic
    return override.until === Infinity ? undefined : Math.max(override.until - now, automatic ?? 0)
  }

  // ── telling ───────────────────────────────────────────────────────────────────────────────────

  /** Counts a call that needs no permit of its own; true when the closed circuit has room. */
  enter(): boolean {
    if (this.tally.inFlight >= this.settings.maxConcurrent) return false
    this.tally.admitted++
    return true
  }

  /** A call that {@link enter}ed under `era` has succeeded. */
  succeed(era: Closed): void {
    this.tally.settled++
    if (era !== this.state) {
      this.tally.stale++
      return
    }
    this.tally.success++
    era.streak = 0
  }

  /** A call that {@link enter}ed under `era` has ended. False when its result was stale. */
  conclude(era: Closed, verdict: Verdict, reading: number): boolean {
    this.tally.settled++
    const current = era === this.state
    if (current) this.#record(era, verdict, this.timeline.advance(reading))
    else this.tally.stale++
    return current
  }

  /** Gives a permit back. True when its result counted, false when it was stale or came twice. */
  settle(permit: Permit, verdict: Verdict, reading: number): boolean {
    if (!permit.held) return false
    const now = this.timeline.advance(reading)
    this.#elapse(now)
    // Its own deadline may have passed just now.
    if (!permit.held) return false
    permit.held = false
    this.tally.settled++
    const { era } = permit
    if (era === null || era !== this.state) {
      this.tally.stale++
      return false
    }
    if (era.name === 'closed') this.#record(era, verdict, now)
    else this.#decide(era, permit, verdict, now)
    return true
  }

  #count(verdict: Verdict): void {
    this.tally.outcome(verdict.outcome)
    if (verdict.timedOut) this.tally.timeout++
  }

  #record(era: Closed, verdict: Verdict, now: number): void {
    this.#count(verdict)
    if (verdict.outcome === 'success') era.streak = 0
    if (verdict.outcome !== 'failure') return
    era.streak++
    era.notBefore = notBefore(era.notBefore, verdict, now)
    era.failures ??= []
    era.failures.push(...recorded(verdict, now))
    if (era.failures.length > FAILURES_KEPT) era.failures.shift()
    const finding = consecutiveFailures(era.streak, this.settings.trip.consecutiveFailures)
    if (finding !== undefined) this.#open(now, finding.rule, { finding, cause: verdict.error })
  }

  #decide(era: HalfOpen, probe: Permit, verdict: Verdict, now: number): void {
    this.#count(verdict)
    if (verdict.outcome === 'failure') era.notBefore = notBefore(era.notBefore, verdict, now)
    const decision = era.probes.settle(probe, verdict.outcome, this.settings.recovery)
    if (decision === 'close') this.#close(now, 'recovered')
    if (decision === 'reopen') {
      this.#open(now, 'probeFailed', { cause: verdict.error, failures: recorded(verdict, now) })
    }
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────────

  /** Does what the passing of time has made due, each thing as of its own moment. */
  #elapse(now: number): void {
    for (;;) {
      const { state } = this
      if (state.name === 'open' && now >= state.until) this.#halfOpen(state)
      else if (state.name === 'half-open' && lapsed(state, now)) this.#expire(state, now)
      else return
    }
  }

  #expire(era: HalfOpen, now: number): void {
    const probe = era.probes.first as Permit
    this.#giveUp(probe)
    if (probe.delivered) {
      const decision = era.probes.settle(probe, 'success', this.settings.recovery)
      if (decision === 'close') this.#close(probe.deadline, 'recovered')
      return
    }
    era.probes.settle(probe, 'failure', this.settings.recovery)
    for (const other of era.probes.outstanding) if (other.deadline <= now) this.#giveUp(other)
    this.#open(probe.deadline, 'probeExpired', { cause: era.cause })
  }

  #giveUp(probe: Permit): void {
    probe.held = false
    this.tally.expired++
  }

  #liftOverride(now: number): void {
    if (this.override !== undefined && now >= this.override.until) this.#setOverride(undefined)
  }

  /** The machine as the next call would find it; this one is left alone. */
  peek(reading: number): Machine {
    const now = this.now(reading)
    const { state, override } = this
    const due =
      (state.name === 'open' && now >= state.until) ||
      (state.name === 'half-open' && lapsed(state, now)) ||
      (override !== undefined && now >= override.until)
    if (!due) return this
    const copy = this.clone()
    copy.timeline.advance(reading)
    copy.#liftOverride(now)
    copy.#elapse(now)
    return copy
  }

  // ── transitions ───────────────────────────────────────────────────────────────────────────────

  #open(
    now: number,
    reason: TransitionReason,
    why: { finding?: Finding; cause?: unknown; note?: string; failures?: RecordedFailure[] },
  ): void {
    const { state: from, settings } = this
    const openFor = Math.max(openDuration(settings.openDuration), from.notBefore - now)
    const trip: TripRecord = {
      at: now,
      reason,
      note: why.note,
      finding: why.finding,
      from: from.name,
      generation: from.generation,
      enforced: this.override === undefined,
      failures: why.failures ?? (from.name === 'closed' ? (from.failures ?? []) : []),
      streak: from.name === 'closed' ? from.streak : 0,
      openFor,
      rejected: 0,
      endedAt: undefined,
      endedBy: undefined,
    }
    this.#move(
      {
        name: 'open',
        generation: from.generation + 1,
        since: now,
        until: now + openFor,
        trip,
        cause: why.cause,
        notBefore: from.notBefore,
      },
      reason,
      now,
    )
    this.trips.push(trip)
    this.#forgetTrips()
  }

  #halfOpen(from: Open): void {
    this.#move(
      {
        name: 'half-open',
        generation: from.generation + 1,
        since: from.until,
        probes: new Probes(),
        trip: from.trip,
        cause: from.cause,
        notBefore: 0,
      },
      'elapsed',
      from.until,
    )
  }

  #close(now: number, reason: TransitionReason): void {
    this.#move(closed(this.state.generation + 1, now), reason, now)
  }

  #move(to: State, reason: TransitionReason, now: number): void {
    const from = this.state
    if (from.name !== 'closed' && reason !== 'elapsed') {
      from.trip.endedAt = now
      from.trip.endedBy = reason
    }
    this.state = to
    if (from.name === 'closed' && to.name === 'closed') return
    this.changes.push({
      from: from.name,
      to: to.name,
      reason,
      generation: to.generation,
      enforced: this.override === undefined,
    })
  }

  #forgetTrips(): void {
    while (this.trips.length > this.settings.history) this.trips.shift()
  }

  // ── by hand ───────────────────────────────────────────────────────────────────────────────────

  /** Opens now; it recovers by itself. An open circuit starts its open time again. */
  trip(reading: number, note?: string): void {
    const now = this.timeline.advance(reading)
    this.#elapse(now)
    const { state } = this
    if (state.name === 'open') {
      state.trip.openFor = now - state.since + openDuration(this.settings.openDuration)
      state.until = state.since + state.trip.openFor
    } else this.#open(now, 'manual', note === undefined ? {} : { note })
  }

  /** Closes with fresh evidence: calls in flight become stale, also when it was closed before. */
  reset(reading: number): void {
    const now = this.timeline.advance(reading)
    this.#elapse(now)
    this.#close(now, 'reset')
  }

  /** Puts an override in place of the one that is there; the newest wins. */
  force(
    mode: OverrideMode,
    reading: number,
    why: { reason?: string | undefined; by?: string | undefined; for?: number | undefined },
  ): Override {
    const since = this.timeline.advance(reading)
    this.#liftOverride(since)
    const until = since + (why.for ?? Infinity)
    const override = { mode, reason: why.reason, by: why.by, since, until }
    this.#setOverride(override)
    return override
  }

  /** Lifts the override, or only that very one. True when one was lifted. */
  release(reading: number, only: Override | undefined = this.override): boolean {
    this.#liftOverride(this.timeline.advance(reading))
    if (this.override === undefined || this.override !== only) return false
    this.#setOverride(undefined)
    return true
  }

  #setOverride(override: Override | undefined): void {
    this.override = override
    this.changes.push({ override })
  }

  /** Changes the rules, keeping all evidence. Gives what could not be kept, in words. */
  configure(settings: MachineSettings, reading: number): string[] {
    const now = this.timeline.advance(reading)
    this.#elapse(now)
    const { state } = this
    if (
      state.name === 'open' &&
      settings.openDuration.initial !== this.settings.openDuration.initial
    ) {
      state.trip.openFor = Math.max(
        openDuration(settings.openDuration),
        state.notBefore - state.since,
      )
      state.until = state.since + state.trip.openFor
    }
    const before = this.trips.length
    this.settings = settings
    this.#forgetTrips()
    const lost = before - this.trips.length
    return lost === 0 ? [] : [`${lost} trip record${lost === 1 ? '' : 's'}`]
  }

  clone(): Machine {
    const copy = new Machine(this.settings, 0)
    copy.timeline = this.timeline.clone()
    copy.tally = this.tally.clone()
    copy.override = this.override
    copy.changes = [...this.changes]
    const trips = new Map(this.trips.map((trip) => [trip, { ...trip }]))
    copy.trips = [...trips.values()]
    const { state } = this
    if (state.name === 'closed')
      copy.state = { ...state, failures: state.failures?.slice() ?? null }
    else {
      const trip = trips.get(state.trip) ?? { ...state.trip }
      copy.state = state.name === 'open' ? { ...state, trip } : cloneHalfOpen(state, trip)
    }
    return copy
  }
}

export function closed(generation: number, since: number): Closed {
  return { name: 'closed', generation, since, streak: 0, failures: null, notBefore: 0 }
}

function cloneHalfOpen(state: HalfOpen, trip: TripRecord): HalfOpen {
  const probes = new Probes()
  const copy: HalfOpen = { ...state, trip, probes }
  probes.successes = state.probes.successes
  for (const permit of state.probes.outstanding) probes.grant(permit.clone(copy))
  return copy
}

function lapsed(state: HalfOpen, now: number): boolean {
  const { first } = state.probes
  return first !== undefined && now >= first.deadline
}

function notBefore(current: number, verdict: Verdict, now: number): number {
  const wait = Math.min(verdict.retryAfter ?? 0, LONGEST_RETRY_AFTER)
  return Math.max(current, now + wait)
}

function recorded(verdict: Verdict, now: number): RecordedFailure[] {
  return verdict.failure === undefined ? [] : [{ ...verdict.failure, at: now }]
}
