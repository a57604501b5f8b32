import type {
  FleetMember,
  FleetOperation,
  FleetStatus,
  Membership,
  OverrideOptions,
} from '../index.ts'
import type { Link } from './link.ts'
import { PendingCommands } from './pending-commands.ts'
import { policyOf } from './policy.ts'
import { ProbeLease } from './probe-lease.ts'
import { type OpenAlone, PROCESS_GONE } from './processes.ts'
import {
  madeAt,
  NO_REGISTERS,
  type OverrideRegister,
  type Register,
  type Registers,
} from './register.ts'
import {
  type Answer,
  type Ask,
  type FleetCommand,
  type FleetCounts,
  type FleetPolicy,
  type Push,
  policyText,
} from './store.ts'

/** How long failures are gathered before they are reported, ms: from half of it to one and a half. */
const GATHERING = 20
/** More versions than that are not rolled out at a time. */
const MOST_POLICIES = 8

/** One breaker in its fleet: what it says next, and what it has heard. */
export class Member implements Membership {
  readonly name: string
  readonly #breaker: FleetMember
  readonly #link: Link
  /** What was said of the policy of the fleet, whatever the options of the breaker are. */
  readonly #given: Partial<FleetPolicy> | undefined
  readonly #lease: ProbeLease
  #known: Registers = NO_REGISTERS
  /** False while the fleet can't be heard, and before it was first heard. */
  heard = false
  /** The totals that have been reported. */
  #reported: FleetCounts
  /** How many calls had come when the fleet was last asked. */
  #offered = 0
  /** Whether failures since then are to be reported soon. */
  #isGathering = false
  /** The override that the fleet has set here. */
  #override: FleetMember['machine']['override']
  readonly #commands = new PendingCommands()
  /** Whether it is open by itself, as it was last seen. */
  #isAlone = false
  /** When an answer last told of another policy, by the clock of the link. */
  #disputedAt = Number.NEGATIVE_INFINITY
  /** Policies of others that were reported. */
  readonly #others = new Set<string>()

  constructor(breaker: FleetMember, link: Link, given?: Partial<FleetPolicy>) {
    this.name = breaker.name
    this.#breaker = breaker
    this.#link = link
    this.#given = given
    this.#lease = new ProbeLease(breaker, link, () => this.policy)
    this.#reported = this.#totals()
  }

  /** What it wants the fleet to go by: with the options that are in force now. */
  get policy(): FleetPolicy {
    return policyOf(this.#breaker.options, this.#given)
  }

  #totals(): FleetCounts {
    const { success, failure, rest } = this.#breaker.machine.counters
    return { success, failure, slow: rest.slow }
  }

  changed(): void {
    const { failure, rest } = this.#breaker.machine.counters
    const isNews = failure !== this.#reported.failure || rest.slow !== this.#reported.slow
    // Asked for once: an exchange that fails is tried again in any case.
    if (isNews && !this.#isGathering) {
      this.#isGathering = true
      this.#link.soon(GATHERING / 2 + this.#link.draw(GATHERING))
    }
    const { state } = this.#breaker.machine
    const isAlone = state.name !== 'closed' && !state.fleet
    if (isAlone !== this.#isAlone) this.#link.say()
    this.#isAlone = isAlone
    this.#lease.look()
  }

  askForLease(clockTime: number): Promise<void> | undefined {
    return this.heard ? this.#lease.ask(clockTime) : undefined
  }

  operate(operation: FleetOperation): void {
    this.#commands.add(operation, this.#link.process)
    this.#link.soon(0)
  }

  /** What it has to say; undefined if that is nothing, unless the fleet is to be heard in any case. */
  ask(always: boolean): Ask | undefined {
    const totals = this.#totals()
    const { success, failure, slow } = this.#reported
    const report = {
      success: totals.success - success,
      failure: totals.failure - failure,
      slow: totals.slow - slow,
    }
    const lease = this.#lease.say()
    const command = this.#commands.first
    // Also calls that are rejected: what they wait for may have been missed, or lost by the store.
    const { offered } = this.#breaker.machine.counters
    const hasCalls = report.success + report.failure > 0 || offered !== this.#offered
    const says = hasCalls || lease !== undefined || command !== undefined
    if (!(says || always) && this.heard) return undefined
    // At most once: what is lost on the way is not reported again.
    this.#reported = totals
    this.#offered = offered
    this.#isGathering = false
    const storeTime = this.#link.storeTime()
    return {
      name: this.name,
      process: this.#link.process,
      policy: this.policy,
      known: this.#known,
      report,
      ...lease,
      command,
      notAfter: storeTime === 0 ? 0 : Math.ceil(storeTime + this.#link.deadline),
      nonce: this.#link.draw(1024),
    }
  }

  #forget(): void {
    this.#reported = this.#totals()
    this.#isGathering = false
  }

  take(answer: Answer, ask: Ask): void {
    const { refused, nowMs, registers } = answer
    if (refused === 'schema') {
      this.lose(new Error(`the store has a newer record of ${this.name}: update short-circuit`))
      return
    }
    const done = refused === 'late' ? undefined : ask.command
    if (done !== undefined) this.#commands.delete(done)
    if (answer.otherPolicy !== undefined) this.#dispute(answer.otherPolicy)
    this.#adopt(registers, nowMs, refused === 'ahead' ? 'anything' : 'other contents')
    if (done?.kind === 'override') this.#liftPast(done)
    if (!this.heard) {
      this.heard = true
      const { automatic } = this.#known
      const { state } = this.#breaker.machine
      const follows = state.name !== 'closed' && state.fleet
      // Meanwhile it has decided by itself.
      if (automatic.state !== 'closed' && !follows) this.#follow(automatic, nowMs)
    }
    this.#lease.take(answer, ask)
    if (this.#commands.first !== undefined) this.#link.soon(0)
  }

  /** An override that was set here, and lifted elsewhere before this process heard that the fleet has it. */
  #liftPast({ mode, by, reason }: FleetCommand & { kind: 'override' }): void {
    const { override } = this.#breaker.machine
    if (override === undefined || this.#commands.hasOverride || this.#known.override.mode !== null)
      return
    const { process } = this.#link
    const isOwn = (override.reason ?? '') === reason && (override.by ?? process) === by
    if (isOwn && override.mode === mode) this.#tell((it, now) => it.release(now, override))
  }

  /** Others go by another policy, as while a new version is rolled out: it is reported once. */
  #dispute(other: string): void {
    this.#disputedAt = this.#link.now()
    if (this.#others.has(other) || this.#others.size === MOST_POLICIES) return
    this.#others.add(other)
    const own = policyText(this.policy)
    const what = `processes of the fleet of ${this.name} have the policy "${other}", this one has "${own}"`
    this.#breaker.report(new Error(what), 'shared')
  }

  hear({ registers, nowMs }: Push): void {
    if (this.heard) this.#adopt(registers, nowMs, 'newer')
  }

  /** The store can't be reached: the breaker decides by itself. */
  lose(error?: unknown): void {
    this.#forget()
    this.#lease.lose()
    if (!this.heard) return
    this.heard = false
    if (error !== undefined) this.#breaker.report(error, 'shared')
    this.#tell((machine, now) => machine.hearFleet(undefined, now))
  }

  /** Returns the leases that it holds to the fleet. */
  leave(): void {
    this.#lease.giveBack()
  }

  /** Of two contents of one stamp, the store has the right one. */
  #adopt(to: Registers, nowMs: number, what: 'newer' | 'other contents' | 'anything'): void {
    const { automatic, override } = this.#known
    const isNext = (a: { readonly stamp: number }, b: { readonly stamp: number }): boolean =>
      what === 'anything' ||
      b.stamp > a.stamp ||
      (what === 'other contents' && b.stamp === a.stamp && JSON.stringify(a) !== JSON.stringify(b))
    if (isNext(automatic, to.automatic)) {
      this.#known = { ...this.#known, automatic: to.automatic }
      this.#follow(to.automatic, nowMs)
      this.#forget()
    }
    if (isNext(override, to.override)) {
      this.#known = { ...this.#known, override: to.override }
      this.#followOverride(to.override, nowMs)
    }
  }

  #follow({ state, until, lasts, reason, by, note }: Register, nowMs: number): void {
    const said = { by: by || undefined, reason: note || reason }
    const remaining = Math.max(0, timeLeft(until, lasts, nowMs))
    const word = { state, for: remaining, reset: reason === 'reset', ...said }
    this.#lease.forget()
    this.#tell((machine, now) => machine.hearFleet(word, now))
  }

  #followOverride({ mode, until, lasts, by, reason }: OverrideRegister, nowMs: number): void {
    const { machine } = this.#breaker
    const held = this.#override
    const remaining = until === 0 ? undefined : timeLeft(until, lasts, nowMs)
    if (mode === null || (remaining ?? 1) <= 0) {
      this.#override = undefined
      // Of what was set here, though the fleet has not heard of it, only that very one is lifted.
      if (held !== undefined) this.#tell(() => machine.release(this.#breaker.clock.now(), held))
      return
    }
    const why: OverrideOptions = {
      by: by || undefined,
      reason: reason || undefined,
      for: remaining,
    }
    const { override: current } = machine
    const isSame = current?.mode === mode && current.reason === why.reason
    // It was set here, for the whole fleet.
    if (isSame && (current.by ?? this.#link.process) === why.by) this.#override = current
    else
      this.#tell((_, now) => {
        this.#override = machine.force(mode, now, why)
      })
  }

  #tell(what: (machine: FleetMember['machine'], clockTime: number) => unknown): void {
    const { machine, clock } = this.#breaker
    what(machine, clock.now())
    this.#breaker.flush()
  }

  /** How it has opened by itself; undefined if it has not. */
  openAlone(): OpenAlone | undefined {
    const { machine, clock } = this.#breaker
    const { state } = machine
    if (state.name === 'closed' || state.fleet) return undefined
    const { reason, finding, at } = state.trip
    const { hits = 0, calls = 0 } = finding ?? {}
    const age = Math.max(0, Math.round(machine.now(clock.now()) - at))
    return { name: this.name, reason, age, hits, calls }
  }

  /** Its policy, if others have lately had another one for the same breaker. */
  disputedPolicy(): string | undefined {
    const isDisputed = this.#link.now() - this.#disputedAt < PROCESS_GONE
    return isDisputed ? policyText(this.policy) : undefined
  }

  status(): FleetStatus {
    const { stamp, state, reason, by } = this.#known.automatic
    const { state: own } = this.#breaker.machine
    const follows = own.name === 'closed' || own.fleet
    const { heard: connected } = this
    return {
      decides: connected && follows ? 'fleet' : 'local',
      connected,
      state,
      since: stamp === 0 ? null : madeAt(stamp),
      reason,
      by: by || null,
    }
  }
}

/** However the clock of the store jumps, never more than all of it. */
function timeLeft(until: number, lasts: number, nowMs: number): number {
  return Math.min(until - nowMs, lasts)
}
