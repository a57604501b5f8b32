import { kindOf } from '../adapter/call-options.ts'
import { callSafely } from '../adapter/call-safely.ts'
import type { Clock, FleetMember, Membership } from '../index.ts'
import type { Link } from './link.ts'
import { Member } from './member.ts'
import { Members } from './members.ts'
import { operate } from './operate.ts'
import { processNumber, unobtrusiveClock } from './platform.ts'
import { Presence } from './presence.ts'
import type { ProcessReport } from './processes.ts'
import {
  checkSharedOptions,
  DEADLINE,
  type SharedFleet,
  type SharedOptions,
} from './shared-options.ts'
import type { Answer, Ask, FleetCommand, FleetReading, FleetStore, JournalEntry } from './store.ts'
import { within } from './within.ts'

/** Reports go out that often, ms, while all calls succeed. */
const FLUSH = 1_000
/** How often breakers that say nothing hear the fleet, ms, if the store pushes and if it does not. */
const POLL = { pushed: 30_000, alone: 5_000 }
/** So long an operator waits for what the store has, or for it to take what is done by hand, ms. */
const PATIENCE = 5_000
const FIRST_RETRY = 100
const LONGEST_RETRY = 1_000
/** Breakers in one exchange. */
const MOST_ASKS = 500

/**
 * Makes breakers of many processes one: those that are given the result, with the same store, by their names.
 *
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { memoryStore, shared } from 'short-circuit/fleet'
 *
 * const fleet = shared(memoryStore())
 * const breaker = new CircuitBreaker({ name: 'users', shared: fleet })
 * await breaker.run(async () => 'answer')
 * await fleet.ready()
 * console.assert(fleet.connected)
 * await fleet.close()
 *
 * @throws TypeError or RangeError naming what is wrong
 */
export function shared(store: FleetStore, options: SharedOptions = {}): SharedFleet {
  if (typeof store?.exchange !== 'function') {
    throw new TypeError(`shared takes a store, such as memoryStore(), got ${kindOf(store)}`)
  }
  checkSharedOptions(options)
  return new Client(store, options)
}

/** Exchanges with the store in the background: one at a time, with a deadline, and less often while it fails. */
class Client implements SharedFleet, Link {
  readonly process: string
  readonly deadline: number
  connected = false
  readonly #store: FleetStore
  readonly #options: SharedOptions
  readonly #clock: Clock
  readonly #random: () => number
  readonly #members = new Members()
  /** Those in a part of the store that can't be reached, and when to ask for them again. */
  #lost = new WeakSet<Member>()
  #askLostAt = 0
  #partial = false
  readonly #presence: Presence
  #watch: AsyncDisposable | undefined
  #cancelTimer: (() => void) | undefined
  #timerAt = Infinity
  /** When the next exchange was asked for while one was going on. */
  #again = Infinity
  #exchanging: Promise<void> | undefined
  #failures = 0
  #pollAt = 0
  #storeTime = { nowMs: 0, at: 0 }
  #last: { readonly took: number; readonly at: number } | null = null
  /** Nothing is exchanged any more. */
  #closed = false
  #closing: Promise<void> | undefined

  constructor(store: FleetStore, options: SharedOptions) {
    this.#store = store
    this.#options = options
    this.#clock = options.clock ?? unobtrusiveClock
    this.#random = options.random ?? Math.random
    this.deadline = options.deadline ?? DEADLINE
    this.process = options.process ?? `${processNumber()}.${this.draw(2 ** 32).toString(36)}`
    const { service = '', version = '' } = options
    this.#presence = new Presence(this, service, version)
  }

  join(breaker: FleetMember): Membership {
    const member = new Member(breaker, this, this.#options.policy)
    this.#members.add(member)
    this.#watch ??= this.#store.watch?.(
      (push) => {
        for (const member of this.#members.named(push.name)) member.hear(push)
        if (this.connected) this.#presence.hear(push)
      },
      () => this.#askForAll(),
      // It is tried again in any case while it fails.
      () => this.#failures === 0 && this.#askForAll(),
    )
    this.soon(0)
    return member
  }

  #askForAll(): void {
    this.#pollAt = 0
    this.#failures = 0
    this.#setTimer(0)
  }

  draw(below: number): number {
    return Math.floor(this.#random() * below)
  }

  now(): number {
    return this.#clock.now()
  }

  setTimer(ms: number, fn: () => void): () => void {
    return this.#clock.setTimer(ms, fn)
  }

  storeTime(): number {
    const { nowMs, at } = this.#storeTime
    return nowMs === 0 ? 0 : nowMs + Math.max(0, this.now() - at)
  }

  say(): void {
    this.#presence.say()
  }

  soon(ms: number): void {
    // While it fails, it is tried again when that is due.
    if (this.#failures === 0) this.#setTimer(ms)
  }

  #setTimer(ms: number): void {
    const at = this.now() + ms
    if (this.#closed || this.#exchanging !== undefined || at >= this.#timerAt) {
      this.#again = Math.min(this.#again, at)
      return
    }
    this.#cancelTimer?.()
    this.#timerAt = at
    this.#cancelTimer = this.setTimer(ms, () => {
      this.#timerAt = Infinity
      this.#cancelTimer = undefined
      void this.#exchange()
    })
  }

  #exchange(): Promise<void> {
    if (this.#closed) return this.#exchanging ?? Promise.resolve()
    this.#exchanging ??= this.#exchangeNow().finally(() => {
      this.#exchanging = undefined
      const next = this.#failures === 0 ? FLUSH : this.#retryAfter()
      const asked = this.#failures === 0 ? this.#again - this.now() : next
      this.#again = Infinity
      if (!this.#members.isEmpty) this.#setTimer(Math.max(0, Math.min(next, asked)))
    })
    return this.#exchanging
  }

  #retryAfter(): number {
    const ms = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** (this.#failures - 1))
    return ms * (0.5 + this.#random())
  }

  async #exchangeNow(): Promise<void> {
    const polls = this.now() >= this.#pollAt || this.#failures > 0
    const asked: [Member, Ask][] = []
    for (const member of this.#members.all()) {
      if (this.#lost.has(member) && this.now() < this.#askLostAt) continue
      const ask = member.ask(polls)
      if (ask !== undefined) asked.push([member, ask])
    }
    if (polls) {
      this.#presence.beginPoll()
      const every = this.#watch === undefined ? POLL.alone : POLL.pushed
      this.#pollAt = this.now() + every * (0.6 + 0.8 * this.#random())
    }
    // A store that can't be read does not keep what is said of processes.
    const says = this.#store.read !== undefined && (asked.length > 0 || this.#presence.due)
    const report = says ? this.#presence.report(this.#members.all()) : undefined
    if (asked.length === 0 && report !== undefined) await this.#send([], report)
    for (let i = 0; i < asked.length; i += MOST_ASKS) {
      await this.#send(asked.slice(i, i + MOST_ASKS), i === 0 ? report : undefined)
      if (this.#failures > 0) return
    }
    if (polls && !this.#partial) this.#presence.endPoll()
  }

  async #send(
    asked: readonly (readonly [Member, Ask])[],
    report: ProcessReport | undefined,
  ): Promise<void> {
    try {
      const from = this.now()
      const asks = asked.map(([, ask]) => ask)
      const answers = await within(this, this.deadline, (signal) =>
        this.#store.exchange(asks, signal, report),
      )
      const at = this.now()
      this.#last = { took: at - from, at }
      this.#report(true)
      for (const [i, [member, ask]] of asked.entries()) {
        const answer = answers[i]
        if (answer === undefined) throw new Error('the store has not answered every ask')
        if (answer.refused === 'lost') {
          this.#lost.add(member)
          this.#askLostAt = at + LONGEST_RETRY * (0.5 + this.#random())
          member.lose()
          continue
        }
        this.#lost.delete(member)
        this.#storeTime = { nowMs: answer.nowMs, at }
        // By a clock that has jumped ahead, perhaps: it was not heard.
        if (answer.refused === 'late') this.#pollAt = 0
        // The store has lost it, and what it had of breakers without calls, perhaps.
        if (answer.created && member.heard) this.#askForAll()
        member.take(answer, ask)
        this.#presence.take(answer)
      }
      this.#failures = 0
      this.#reportPart(answers.find(({ refused }) => refused === 'lost'))
    } catch (error) {
      this.#failures++
      this.#lost = new WeakSet()
      this.#partial = false
      this.#report(false, error)
      for (const member of this.#members.all()) member.lose()
    }
  }

  /** Once when a part of the store is lost, with the error, and once when nothing of it is. */
  #reportPart(lost: Answer | undefined): void {
    const partial =
      lost !== undefined ||
      (this.#partial && [...this.#members.all()].some((member) => this.#lost.has(member)))
    if (partial === this.#partial) return
    this.#partial = partial
    this.#tell(true, lost?.error)
  }

  #report(connected: boolean, error?: unknown): void {
    const isFirst = this.#failures === 1 && !connected
    if (connected === this.connected && !isFirst) return
    this.connected = connected
    this.#presence.reach(connected)
    this.#tell(connected, error)
  }

  #tell(connected: boolean, error: unknown): void {
    const { onConnection } = this.#options
    if (onConnection === undefined) return
    const report = (thrown: unknown) => console.error('short-circuit: onConnection threw', thrown)
    callSafely(() => onConnection(connected, error), report)
  }

  get lastExchange(): SharedFleet['lastExchange'] {
    return this.#last && { took: this.#last.took, age: this.now() - this.#last.at }
  }

  async read(names?: readonly string[]): Promise<FleetReading> {
    const { read } = this.#store
    if (read === undefined) throw new TypeError('the store of this fleet can not be read')
    return within(this, PATIENCE, (signal) => read.call(this.#store, names, signal))
  }

  async operate(name: string, command: FleetCommand): Promise<Answer | undefined> {
    const answer = await within(this, PATIENCE, (signal) =>
      operate(this.#store, name, command, signal),
    )
    if (answer !== undefined) {
      for (const member of this.#members.named(name)) member.hear({ name, ...answer })
    }
    return answer
  }

  async journal(limit = 200): Promise<readonly JournalEntry[]> {
    const { journal } = this.#store
    if (journal === undefined) throw new TypeError('the store of this fleet has no journal')
    return within(this, PATIENCE, (signal) => journal.call(this.#store, limit, signal))
  }

  async ready(): Promise<void> {
    await this.#exchanging
    await this.#exchange()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const member of this.#members.all()) member.leave()
    await this.#exchanging
    const last = this.#exchange()
    this.#closed = true
    this.#cancelTimer?.()
    await last
    this.connected = false
    for (const member of this.#members.all()) member.lose()
    await this.#watch?.[Symbol.asyncDispose]()
    await this.#store[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
