import { type FleetRecord, NO_RECORD } from './record.ts'
import {
  type FleetReason,
  isTooFarAhead,
  type OverrideRegister,
  type Register,
  type Registers,
  stampAfter,
} from './register.ts'
import { type Answer, type Ask, type FleetCounts, type FleetPolicy, policyText } from './store.ts'
import { addTo, geometryOf, totals } from './window.ts'

/** A register that has changed, for journals and pushes. */
export type FleetChange =
  | { readonly register: 'automatic'; readonly from: Register; readonly to: Register }
  | {
      readonly register: 'override'
      readonly from: OverrideRegister
      readonly to: OverrideRegister
    }

/** What follows from one ask: the record to keep, what to answer, and what has changed, in order. */
export interface Step {
  readonly record: FleetRecord
  readonly answer: Answer
  readonly changes: readonly FleetChange[]
}

/** Half-open with so many leases that expired, it opens again: a probe may kill its process. */
const LOST_PROBES = 2
/** More openings in a row than any growing time takes to reach its limit. */
const MOST_OPENS = 64
/** At most so many asks per second for the leases of one breaker, whatever the size of the fleet. */
const LEASE_ASKS_PER_SECOND = 200
const SHORTEST_RETRY = 100

/**
 * All that a fleet decides: a pure function that every store goes by. `record` is undefined for a breaker that
 * the store does not know, `nowMs` the clock of the store in whole ms, and `live` the number of processes that
 * are connected, where the store knows it.
 *
 * In this order: registers are merged, what a clock that went back has put too far ahead begins again, what time
 * has made due is done, what was done by hand, the end of a probe, the report, the lease that is asked for.
 */
export function step(
  record: FleetRecord | undefined,
  ask: Ask,
  nowMs: number,
  live: number | undefined = undefined,
): Step {
  const before = record ?? NO_RECORD
  const refused = refusalOf(before, ask, nowMs)
  if (refused !== undefined) {
    const { registers } = before
    const answer = { nowMs, registers, fleet: NO_COUNTS, refused }
    return { record: before, answer, changes: [] }
  }
  return new Stepping(record, ask, nowMs, live).run()
}

const NO_COUNTS: FleetCounts = /* @__PURE__ */ Object.freeze({ success: 0, failure: 0, slow: 0 })

function refusalOf({ schema }: FleetRecord, { notAfter }: Ask, nowMs: number): Answer['refused'] {
  if (schema > NO_RECORD.schema) return 'schema'
  return notAfter > 0 && nowMs > notAfter ? 'late' : undefined
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

class Stepping {
  readonly #record: Mutable<FleetRecord>
  readonly #ask: Ask
  readonly #now: number
  readonly #live: number | undefined
  readonly #changes: FleetChange[] = []
  readonly #created: true | undefined

  constructor(record: FleetRecord | undefined, ask: Ask, now: number, live: number | undefined) {
    this.#record = { ...(record ?? NO_RECORD) }
    this.#created = record === undefined || undefined
    this.#ask = ask
    this.#now = now
    this.#live = live
  }

  run(): Step {
    const { policy } = this.#ask
    const ahead = this.#merge()
    this.#beginAgain()
    this.#dropExpired()
    this.#obey()
    this.#settleProbe()
    const fleet = this.#report()
    const lease = this.#lease()
    const before = this.#record.policy
    this.#record.policy = policyText(policy)
    const otherPolicy = before === '' || before === this.#record.policy ? undefined : before
    const { registers } = this.#record
    const refused = ahead ? 'ahead' : undefined
    const decided: Partial<Answer> = { refused, ...lease, otherPolicy, created: this.#created }
    const answer: Answer = { nowMs: this.#now, registers, fleet, ...decided }
    return { record: this.#record, answer, changes: this.#changes }
  }

  get #automatic(): Register {
    return this.#record.registers.automatic
  }

  get #override(): OverrideRegister {
    return this.#record.registers.override
  }

  /** Takes over what the process knows and the store does not. True if that is of an impossible time. */
  #merge(): boolean {
    const { automatic, override }: Registers = this.#ask.known
    const newest = Math.max(
      automatic.stamp > this.#automatic.stamp ? automatic.stamp : 0,
      override.stamp > this.#override.stamp ? override.stamp : 0,
    )
    if (isTooFarAhead(newest, this.#now)) return true
    if (automatic.stamp > this.#automatic.stamp) this.#put(this.#restored(automatic))
    if (override.stamp > this.#override.stamp) this.#putOverride(override)
    return false
  }

  /** A register that the store has lost. Who held leases of probes is not known, so these begin anew. */
  #restored(register: Register): Register {
    if (register.state !== 'half-open') return register
    const { nonce, process: by } = this.#ask
    const stamp = stampAfter(register.stamp, this.#now, nonce)
    const probed = { state: 'open', until: this.#now, lasts: 0, reason: 'restored' } as const
    return { ...register, ...probed, stamp, by, note: '' }
  }

  /** Takes a register as it is; what was known under the one before is over. */
  #put(to: Register): void {
    const { registers } = this.#record
    this.#changes.push({ register: 'automatic', from: registers.automatic, to })
    this.#record.registers = { ...registers, automatic: to }
    Object.assign(this.#record, { windows: {}, reporters: [], leases: [], succeeded: 0, lost: 0 })
  }

  #putOverride(to: OverrideRegister): void {
    const { registers } = this.#record
    this.#changes.push({ register: 'override', from: registers.override, to })
    this.#record.registers = { ...registers, override: to }
  }

  #move(
    state: Register['state'],
    lasts: number,
    opens: number,
    reason: FleetReason,
    by: string = this.#ask.process,
    note = '',
  ): void {
    const stamp = stampAfter(this.#automatic.stamp, this.#now, this.#ask.nonce)
    const until = state === 'open' ? this.#now + lasts : 0
    this.#put({ stamp, state, until, lasts, opens, reason, by, note })
  }

  /** Opens for as long as the policy says. */
  #reopen(reason: FleetReason): void {
    const opens = Math.min(this.#automatic.opens + 1, MOST_OPENS)
    this.#move('open', openTime(this.#ask.policy, opens), opens, reason)
  }

  /** What was to end later than it could: the clock of the store has gone back. Its time begins again. */
  #beginAgain(): void {
    const now = this.#now
    const { state, until, lasts, opens, reason, by, note } = this.#automatic
    if (state === 'open' && until - now > lasts) this.#move(state, lasts, opens, reason, by, note)
    const override = this.#override
    if (override.until - now > override.lasts) {
      this.#setOverride(override.mode, override.lasts, override.by, override.reason)
    }
    this.#record.leases = this.#record.leases.map(
      ([id, expiresAt, lasts]) => [id, Math.min(expiresAt, now + lasts), lasts] as const,
    )
  }

  #dropExpired(): void {
    const { leases } = this.#record
    const now = this.#now
    const valid = leases.filter(([, expiresAt]) => expiresAt > now)
    this.#record.leases = valid
    this.#record.lost += leases.length - valid.length
    if (this.#record.lost >= LOST_PROBES) this.#reopen('probesLost')
    const { mode, until } = this.#override
    if (mode !== null && until > 0 && until <= now) this.#setOverride(null, 0, '', '')
  }

  #setOverride(mode: OverrideRegister['mode'], lasts: number, by: string, reason: string): void {
    const stamp = stampAfter(this.#override.stamp, this.#now, this.#ask.nonce)
    const until = lasts > 0 ? this.#now + lasts : 0
    this.#putOverride({ stamp, mode, until, lasts, by, reason })
  }

  #obey(): void {
    const { command, policy } = this.#ask
    if (command === undefined) return
    const { kind, by, reason } = command
    const opens = Math.max(1, this.#automatic.opens)
    if (kind === 'override') this.#setOverride(command.mode, command.for, by, reason)
    else if (kind === 'reset') this.#move('closed', 0, 0, kind, by, reason)
    else {
      const lasts = kind === 'trip' ? command.for || openTime(policy, opens) : 0
      this.#move('open', lasts, opens, kind, by, reason)
    }
  }

  /** Only for a lease that is valid now: who held one that has expired may be long past its time. */
  #settleProbe(): void {
    const { result, renew, policy } = this.#ask
    const { leases } = this.#record
    this.#record.leases = leases.map((it) => (it[0] === renew ? this.#newLease(renew) : it))
    if (result === undefined || !leases.some(([id]) => id === result.lease)) return
    this.#record.leases = this.#record.leases.filter(([id]) => id !== result.lease)
    if (result.outcome === 'failure') this.#reopen('probeFailed')
    else if (result.outcome === 'success' && ++this.#record.succeeded >= policy.successes)
      this.#move('closed', 0, 0, 'recovered')
  }

  #newLease(id: string): FleetRecord['leases'][number] {
    const { leaseMs } = this.#ask.policy
    return [id, this.#now + leaseMs, leaseMs]
  }

  /** Counts calls that ended under the very register that is in force, and opens if there are too many bad ones. */
  #report(): FleetCounts {
    const { report, known, policy } = this.#ask
    if (this.#automatic.state !== 'closed') return NO_COUNTS
    const counted = known.automatic.stamp === this.#automatic.stamp ? report : undefined
    const geometry = geometryOf(policy)
    const { windows } = this.#record
    const window = addTo(windows[geometry] ?? [], counted, policy, this.#now)
    if (window.length > 0) this.#record.windows = { ...windows, [geometry]: window }
    const fleet = totals(window)
    if (counted === undefined) return fleet
    if (counted.failure + counted.slow > 0) this.#noteReporter()
    const calls = fleet.success + fleet.failure
    const needed = this.#live === 1 ? 1 : policy.minReporters
    if (calls < policy.minimumCalls || this.#reporting() < needed) return fleet
    if (reaches(fleet.failure, policy.failureRate, calls)) this.#reopen('failureRate')
    else if (reaches(fleet.slow, policy.slowCallRate, calls)) this.#reopen('slowCallRate')
    return fleet
  }

  /** Keeps no more of them than it takes. */
  #noteReporter(): void {
    const { process, policy } = this.#ask
    const others = this.#record.reporters.filter(([other]) => other !== process)
    this.#record.reporters = [...others, [process, this.#now] as const].slice(-policy.minReporters)
  }

  #reporting(): number {
    const { buckets, bucketMs } = this.#ask.policy
    const since = this.#now - buckets * bucketMs
    return this.#record.reporters.filter(([, at]) => at > since && at <= this.#now).length
  }

  #lease(): Pick<Answer, 'granted' | 'retryMs'> {
    const { lease, policy, nonce } = this.#ask
    if (lease === undefined) return {}
    const { state, until, opens } = this.#automatic
    if (state === 'closed') return { granted: false }
    if (state === 'open') {
      if (until > this.#now) return { granted: false, retryMs: until - this.#now }
      this.#move('half-open', 0, opens, 'elapsed')
    }
    const { leases } = this.#record
    // The same message may come twice.
    if (leases.some(([id]) => id === lease)) return { granted: true }
    if (leases.length < policy.probes) {
      this.#record.leases = [...leases, this.#newLease(lease)]
      return { granted: true }
    }
    const wait = Math.max(SHORTEST_RETRY, ((this.#live ?? 0) * 1000) / LEASE_ASKS_PER_SECOND)
    return { granted: false, retryMs: wait + Math.floor((wait * nonce) / 1024) }
  }
}

function reaches(bad: number, rate: number, calls: number): boolean {
  return rate > 0 && bad >= rate * calls
}

/** How long the n-th opening in a row lasts. Multiplied step by step, so that every language has the same result. */
function openTime({ openMs, maxOpenMs, factor }: FleetPolicy, opens: number): number {
  let ms = openMs
  for (let i = 1; i < opens && ms < maxOpenMs; i++) ms *= factor
  return Math.floor(Math.min(ms, maxOpenMs))
}
