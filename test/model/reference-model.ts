import {
  type Call,
  type Ending,
  failuresInARow,
  firedRule,
  laidOutFrom,
  layOutAgain,
  notBefore,
  probeResult,
  probesOf,
  resultsOf,
  type WindowTime,
} from './evidence.ts'
import { type Lease, levelAt, levelWith, openTimeAt, type Period, type Reason } from './periods.ts'
import type { ModelSettings } from './settings.ts'

export type Mode = 'forced-open' | 'forced-closed' | 'disabled'
export type RejectionReason = 'open' | 'half-open' | 'forced-open' | 'full'

/** What a call meets: a permit, a rejection, or leave to run without anything being kept of it. */
export type Answer = Call | RejectionReason | 'unrecorded' | 'unenforced'

export interface Heard {
  readonly outcome: 'success' | 'failure' | 'neutral' | 'cancelled'
  readonly timedOut?: boolean
  readonly retryAfter?: number | undefined
}

/** What a fleet says of its state. */
export interface Word {
  readonly state: Period['name']
  readonly for: number
  readonly reset: boolean
}

interface Due {
  readonly at: number
  readonly happen: () => void
}

/**
 * A second, naive circuit breaker, written from the specification alone. It keeps every call, every
 * rejection and every period it has been through, and recomputes whatever it is asked from those.
 * Whatever it does not say in the fewest words is a mistake in it.
 */
export class ReferenceModel {
  settings: ModelSettings
  calls: Call[] = []
  rejections: { readonly reason: RejectionReason | 'unenforced'; readonly period: number }[] = []
  periods: Period[]
  override: { readonly mode: Mode; readonly since: number; readonly until: number } | undefined
  readonly random: () => number
  now = 0
  #lastReading: number
  #endings = 0
  /** Where slices are laid out from: the beginning of the process, or of one before it. */
  #slices = { generation: 1, began: 0, layouts: laidOutFrom(0) }

  constructor(settings: ModelSettings, reading: number, random: () => number) {
    this.settings = settings
    this.random = random
    this.#lastReading = reading
    this.periods = [{ name: 'closed', generation: 1, since: 0, reason: undefined, enforced: true }]
  }

  // Time.

  /** Time at the reading, which is not taken. */
  timeAt(reading: number): number {
    return this.now + Math.max(0, reading - this.#lastReading)
  }

  #take(reading: number): number {
    this.now = this.timeAt(reading)
    this.#lastReading = reading
    this.#catchUp(this.now)
    return this.now
  }

  /** Lets everything happen that is due, in the order of time. */
  #catchUp(now: number): void {
    for (let due = this.nextDue(); due !== undefined && due.at <= now; due = this.nextDue()) {
      due.happen()
    }
  }

  /** An override ends before anything else of that moment happens; probes expire in their order. */
  nextDue(): Due | undefined {
    const due: Due[] = []
    const { period, override } = this
    if (override !== undefined) {
      due.push({ at: override.until, happen: () => (this.override = undefined) })
    }
    if (period.name === 'open') {
      const at = period.until as number
      due.push({ at, happen: () => this.#probe(at, 'elapsed', this.period.fleet) })
    }
    for (const call of this.outstandingProbes()) {
      due.push({ at: call.deadline, happen: () => this.#expire(call) })
    }
    const first = Math.min(...due.map(({ at }) => at))
    return first === Infinity ? undefined : due.find(({ at }) => at === first)
  }

  /** The model as the next call would find it. */
  view(reading: number): ReferenceModel {
    const now = this.timeAt(reading)
    const due = this.nextDue()
    const copy = this.clone()
    copy.now = now
    if (due !== undefined && due.at <= now) copy.#catchUp(now)
    return copy
  }

  clone(): ReferenceModel {
    const copy = new ReferenceModel(this.settings, this.#lastReading, this.random)
    copy.calls = this.calls.map((call) => ({ ...call }))
    copy.rejections = [...this.rejections]
    copy.periods = this.periods.map((period) => ({
      ...period,
      ...(period.lease && { lease: { ...period.lease } }),
    }))
    copy.override = this.override
    copy.now = this.now
    copy.#endings = this.#endings
    copy.#slices = this.#slices
    return copy
  }

  // What moves it.

  admit(reading: number, backstop: number = 0): Answer {
    const now = this.#take(reading)
    if (this.override?.mode === 'disabled') return 'unrecorded'
    const rejection = this.#rejection()
    if (rejection !== undefined) {
      const unenforced = this.override?.mode === 'forced-closed'
      const reason = unenforced ? 'unenforced' : rejection
      this.rejections.push({ reason, period: this.periods.length - 1 })
      return reason
    }
    const { generation, name } = this.period
    const probe = name === 'half-open'
    const due = probe ? now + this.settings.probeTimeout : Infinity
    const id = this.calls.length
    const times = { startedAt: now, due, deadline: due + backstop, endedAs: 0 }
    const leased = this.period.lease !== undefined
    const call = {
      id,
      generation,
      probe,
      leased,
      ...times,
      deliveredAt: undefined,
      ending: undefined,
    }
    this.calls.push(call)
    return call
  }

  #rejection(): RejectionReason | undefined {
    if (this.override?.mode === 'forced-open') return 'forced-open'
    if (this.period.name === 'open') return 'open'
    if (this.period.name === 'closed') {
      return this.#waiting(this.calls) >= this.settings.maxConcurrent ? 'full' : undefined
    }
    const outstanding = this.outstandingProbes().filter((call) => this.isCurrent(call))
    return this.#waiting(outstanding) >= this.probeLimit ? 'half-open' : undefined
  }

  /** A lease is for one probe, also where that has delivered a part of its answer. */
  get probeLimit(): number {
    const { lease } = this.period
    if (lease === undefined) return this.settings.concurrent
    const outstanding = this.outstandingProbes().filter((call) => this.isCurrent(call))
    return lease.held && outstanding.length === 0 ? 1 : this.#waiting(outstanding)
  }

  /** Those in flight that have not delivered anything yet: only they take a place. */
  #waiting(calls: readonly Call[]): number {
    return calls.filter((call) => call.ending === undefined && call.deliveredAt === undefined)
      .length
  }

  /** True when the result counted. */
  settle(id: number, heard: Heard, reading: number): boolean {
    const call = this.calls[id] as Call
    if (call.ending !== undefined) return false
    const now = this.#take(reading)
    // Its own deadline may have passed just now.
    if (call.ending !== undefined) return false
    const stale = !this.isCurrent(call) || this.override?.mode === 'disabled'
    const { outcome, timedOut = false, retryAfter } = heard
    this.#end(call, { how: 'settled', at: now, outcome, timedOut, stale, retryAfter })
    if (stale) return false
    if (call.probe) this.#decideByProbe(call, 'probeFailed', now, outcome)
    else if (outcome === 'success' || outcome === 'failure') this.#decideByRules(now)
    return true
  }

  /** A stream has given an item. */
  deliver(id: number, reading: number): void {
    const call = this.calls[id] as Call
    const now = this.#take(reading)
    if (call.ending !== undefined || call.deliveredAt !== undefined) return
    call.deliveredAt = now
    call.deadline = call.due
  }

  /** An open circuit starts its open time again, in a generation of its own. */
  trip(reading: number): void {
    const now = this.#take(reading)
    if (this.period.name === 'open') {
      const {
        name,
        since,
        reason: _,
        generation: __,
        fleet: ___,
        lasts: ____,
        ...about
      } = this.period
      this.#move(name, since, 'manual', { ...about, enforced: this.override === undefined })
      this.#openFrom(now, now)
    } else this.#open(now, 'manual')
  }

  reset(reading: number): void {
    this.#move('closed', this.#take(reading), 'reset')
  }

  /** A closed one opens first, for no time. */
  halfOpen(reading: number): void {
    const now = this.#take(reading)
    if (this.period.name === 'closed') this.#open(now, 'manual', { lasts: 0 })
    this.#probe(now, 'manual')
  }

  /** The fleet says what it is; undefined when it can't be heard any more. */
  hearFleet(word: Word | undefined, reading: number): void {
    const now = this.#take(reading)
    const { period } = this
    const { name, fleet: follows = false } = period
    if (word === undefined) {
      if (name === 'open') period.fleet = false
      if (name === 'half-open' && follows) this.#probe(now, 'fleet')
    } else if (word.state === 'closed') {
      // One that has opened by itself stays so.
      if (follows || word.reset || name === 'closed') this.#move('closed', now, 'fleet')
    } else if (word.state === 'open' || !follows) {
      this.#open(now, 'fleet', { lasts: word.for, fleet: true })
    } else if (name === 'open') this.#probe(now, 'elapsed', true)
    this.#catchUp(now)
  }

  /** What it has of leases, if its probes need some and no override is in the way. */
  lease(reading: number): Lease | undefined {
    this.#take(reading)
    return this.override === undefined ? this.period.lease : undefined
  }

  force(mode: Mode, reading: number, lasts: number = Infinity): void {
    const since = this.#take(reading)
    this.override = { mode, since, until: since + lasts }
  }

  release(reading: number): void {
    this.#take(reading)
    this.override = undefined
  }

  configure(settings: ModelSettings, reading: number): void {
    const now = this.#take(reading)
    const changed = JSON.stringify(settings.openTime) !== JSON.stringify(this.settings.openTime)
    this.settings = settings
    this.#layOut(this.#slices.began)
    if (this.period.name === 'open' && changed) this.#openFrom(this.period.from as number, now)
  }

  #openFrom(from: number, now: number): void {
    const { period, settings } = this
    const { used, attempt } = period as { used: number; attempt: number }
    period.from = from
    if (period.lasts === undefined) {
      const duration = openTimeAt(settings.openTime, used, attempt, this.random)
      period.until = Math.max(from + duration, period.notBefore as number, now)
    } else period.until = from + period.lasts
  }

  /** Goes on in another process, where the clock reads something else and no call is in flight. */
  continued(reading: number, newReading: number): ReferenceModel {
    const copy = this.view(reading)
    for (const call of copy.calls) {
      if (call.ending === undefined) copy.#end(call, { how: 'dropped', at: copy.now })
    }
    copy.#lastReading = newReading
    // It hears the fleet itself.
    copy.period.fleet = false
    delete copy.period.lease
    copy.#layOut(copy.now)
    return copy
  }

  // What follows from it.

  #decideByRules(now: number): void {
    const { calls, period, settings } = this
    const rule = firedRule(calls, period.generation, settings, { now, layouts: this.#layouts() })
    if (rule !== undefined) this.#open(now, rule)
  }

  /** The decision falls with the probe that leaves no other, for or against it. */
  #decideByProbe(call: Call, failed: Reason, now: number, outcome?: string): void {
    const result = probeResult(call, this.settings)
    const { lease } = this.period
    if (lease !== undefined) {
      lease.held = false
      const ended = result === 'success' ? (outcome ?? result) : 'failure'
      lease.ended = result === undefined ? 'cancelled' : ended
      return
    }
    if (result === undefined) return
    const { probes, successes } = this.settings
    const count = probesOf(this.calls, this.period.generation, this.settings)
    if (count.failed > probes - successes) this.#open(now, result === 'slow' ? 'probeSlow' : failed)
    else if (count.succeeded >= successes) this.#move('closed', now, 'recovered')
  }

  #expire(call: Call): void {
    const at = call.deadline
    const recorded = this.override?.mode !== 'disabled'
    this.#end(call, { how: recorded ? 'expired' : 'unrecorded', at })
    if (!this.isCurrent(call) || !(recorded || call.leased)) return
    this.#decideByProbe(call, 'probeExpired', at)
  }

  #open(now: number, reason: Reason, said: Pick<Period, 'lasts' | 'fleet'> = {}): void {
    const asked = this.period.notBefore ?? notBefore(this.calls, this.period.generation)
    const { openTime } = this.settings
    const used = levelAt(this.periods, openTime, now)
    const level = levelWith(openTime, used)
    const before = this.periods.findLast((period) => period.name === 'open')?.attempt ?? 0
    const again = this.period.name === 'half-open' && reason !== 'manual'
    const attempt = again ? before + 1 : 1
    const duration = openTimeAt(openTime, used, attempt, this.random)
    const until = said.lasts === undefined ? Math.max(now + duration, asked) : now + said.lasts
    const { name, generation } = this.period
    const streakBefore = name === 'closed' ? failuresInARow(resultsOf(this.calls, generation)) : 0
    const about = {
      from: now,
      until,
      used,
      attempt,
      level,
      notBefore: asked,
      streakBefore,
      ...said,
    }
    this.#move('open', now, reason, about)
  }

  #probe(since: number, reason: Reason, fleet = false): void {
    const lease = { held: false, ended: undefined, askAt: 0 }
    this.#move('half-open', since, reason, fleet ? { fleet, lease } : {})
  }

  #move(name: Period['name'], since: number, reason: Reason, about: Partial<Period> = {}): void {
    const enforced = this.override === undefined
    const generation = this.period.generation + 1
    this.periods.push({ name, generation, since, reason, enforced, ...about })
  }

  #end(call: Call, ending: Ending): void {
    call.ending = ending
    call.endedAs = this.#endings++
  }

  /** Lays out the slices again, but for those of a window that has calls in it. */
  #layOut(began: number): void {
    const { now, settings } = this
    const { generation } = this.period
    const results = resultsOf(this.calls, generation)
    const anew = { origin: began, first: this.#endings }
    const layouts = layOutAgain(results, settings, { now, layouts: this.#layouts() }, anew)
    this.#slices = { generation, began, layouts }
  }

  #layouts(): WindowTime['layouts'] {
    const { generation, began, layouts } = this.#slices
    const own = generation === this.period.generation
    return own ? layouts : laidOutFrom(began)
  }

  // What it is asked.
  get period(): Period {
    return this.periods.at(-1) as Period
  }

  isCurrent(call: Call): boolean {
    return call.generation === this.period.generation
  }

  outstandingProbes(): Call[] {
    return this.calls.filter(({ probe, ending }) => probe && ending === undefined)
  }

  inFlight(): number {
    return this.calls.filter(({ ending }) => ending === undefined).length
  }
}
