import type { FleetRecord } from '../../src/fleet/record.ts'
import type { Registers } from '../../src/fleet/register.ts'
import { shared } from '../../src/fleet/shared.ts'
import { type FleetChange, step } from '../../src/fleet/step.ts'
import type { Answer, Ask, FleetStore, Push } from '../../src/fleet/store.ts'
import { CircuitBreaker } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { randomStream } from '../../src/testing/simulation/random.ts'

const DEADLINE = 250
const PROCESSES = 3
const NAME = 'users'
/** The longest time between two polls of a store that pushes, and between two attempts, ms. */
const POLL = 42_000 + 1_500

/** One run: processes, a store and a network that all misbehave as the seed says, and what must hold meanwhile. */
export class Simulation {
  readonly #random: () => number
  readonly #clock = new ManualClock(1_000)
  readonly #processes: Process[] = []
  readonly #contents = new Map<string, string>()
  readonly #known = new Map<string, Registers>()
  readonly #watchers = new Map<string, (push: Push) => void>()
  #record: FleetRecord | undefined
  /** What a replica has that lags behind. */
  #replica: FleetRecord | undefined
  /** The clock of the store, relative to that of the simulation. */
  #skew = 1_700_000_000_000
  /** How often that has gone back. */
  #backs = 0
  /** When what has an end began, by the clock of the simulation: open times by their stamps, leases by their ids. */
  readonly #began = new Map<number | string, { readonly at: number; readonly backs: number }>()
  #faulty = true
  #started = 0
  /** Whether the dependency fails. */
  #down = false

  constructor(seed: number) {
    this.#random = randomStream(seed, 'fleet')
  }

  async run(steps: number): Promise<void> {
    for (let i = 0; i < PROCESSES; i++) this.#start()
    for (let i = 0; i < steps; i++) {
      this.#disturb()
      this.#call()
      await this.#clock.advance(Math.floor(this.#random() ** 3 * 2_000))
    }
    this.#faulty = false
    this.#down = false
    await this.#converge()
    await this.#recover()
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T
  }

  #disturb(): void {
    if (this.#chance(0.05)) this.#down = !this.#down
    if (this.#chance(0.02)) this.#replica = this.#record
    if (this.#chance(0.01)) this.#failOver()
    if (this.#chance(0.01)) this.#record = undefined
    if (this.#chance(0.02)) this.#jump(this.#pick([-3_600_000, -5_000, 5_000, 3_600_000]))
    if (this.#chance(0.01)) this.#crash()
    if (this.#chance(0.02)) {
      const { breaker } = this.#pick(this.#processes)
      const operate = this.#pick(['trip', 'reset', 'halfOpen', 'forceOpen', 'release'] as const)
      breaker[operate]({ fleet: true })
    }
  }

  #jump(ms: number): void {
    this.#skew += ms
    if (ms < 0) this.#backs++
  }

  /** What the older copy has may be of another time of the clock. */
  #failOver(): void {
    this.#record = this.#replica
    this.#backs++
  }

  #start(): void {
    const name = `p${this.#started++}`
    const process = { name, alive: true } as Process
    const store = this.#storeOf(process)
    const { clock } = { clock: this.#clock }
    const random = this.#random
    process.fleet = shared(store, { clock, random, process: name, deadline: DEADLINE })
    process.breaker = new CircuitBreaker({
      name: NAME,
      maxFailures: 50,
      resetTimeout: 2_000,
      clock,
      random,
      shared: process.fleet,
    })
    // Joins with the first thing that is read of it.
    void process.breaker.state
    this.#processes.push(process)
  }

  /** It says and hears nothing any more. */
  #crash(): void {
    const process = this.#pick(this.#processes)
    process.alive = false
    this.#watchers.delete(process.name)
    this.#processes.splice(this.#processes.indexOf(process), 1)
    this.#start()
  }

  #call(): void {
    const { breaker } = this.#pick(this.#processes)
    const times = this.#chance(0.2) ? 12 : 1
    for (let i = 0; i < times; i++) {
      const ms = Math.floor(this.#random() * 300)
      breaker.run(() => this.#answer(ms)).catch(() => {})
    }
  }

  #answer(ms: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const fails = this.#down
      this.#clock.setTimer(ms, () => (fails ? reject(new Error('down')) : resolve('answer')))
    })
  }

  #storeOf(process: Process): FleetStore {
    return {
      exchange: (asks) =>
        new Promise((resolve, reject) => {
          if (!process.alive) return
          this.#checkKnown(process, asks)
          const [there, back] = [this.#delay(), this.#delay()]
          if (this.#loses()) return
          this.#clock.setTimer(there, () => {
            const answers = this.#exchange(asks)
            if (this.#loses()) return
            if (this.#faulty && this.#chance(0.01)) reject(new Error('connection reset'))
            else this.#clock.setTimer(back, () => resolve(answers))
          })
          // A client that sends again what has timed out, long after.
          if (this.#faulty && this.#chance(0.05)) {
            this.#clock.setTimer(2 * DEADLINE + 4 * there, () => void this.#exchange(asks))
          }
        }),
      watch: (onPush, onConnect) => {
        this.#watchers.set(process.name, onPush)
        this.#clock.setTimer(1, onConnect)
        return { [Symbol.asyncDispose]: async () => {} }
      },
      async [Symbol.asyncDispose]() {},
    }
  }

  #delay(): number {
    return this.#faulty && this.#chance(0.1) ? Math.floor(this.#random() * 500) : 1
  }

  #loses(): boolean {
    return this.#faulty && this.#chance(0.05)
  }

  #exchange(asks: readonly Ask[]): Answer[] {
    const nowMs = Math.floor(this.#clock.now() + this.#skew)
    return asks.map((ask) => {
      const { record, answer, changes } = step(this.#record, ask, nowMs, this.#watchers.size)
      this.#record = record
      this.#checkRecord(record, ask, nowMs)
      this.#checkTimes(record, ask, answer, changes, nowMs)
      if (changes.length > 0) this.#publish({ name: NAME, nowMs, registers: record.registers })
      return answer
    })
  }

  #publish(push: Push): void {
    for (const [name] of this.#watchers) {
      const copies = this.#faulty ? this.#pick([0, 1, 1, 1, 2]) : 1
      for (let i = 0; i < copies; i++) {
        this.#clock.setTimer(this.#delay(), () => this.#watchers.get(name)?.(push))
      }
    }
  }

  #checkRecord({ registers, leases }: FleetRecord, { policy }: Ask, nowMs: number): void {
    const live = leases.filter(([, expiresAt]) => expiresAt > nowMs)
    if (live.length > policy.probes) complain('more leases than probes', leases)
    for (const [name, register] of Object.entries(registers)) {
      const key = `${name} ${register.stamp}`
      const content = JSON.stringify(register)
      const before = this.#contents.get(key) ?? content
      if (before !== content) complain('one stamp of two contents', [before, content])
      this.#contents.set(key, content)
    }
  }

  /** When the clock has gone back, what has an end begins again with the next exchange, and once. */
  #checkTimes(
    { leases }: FleetRecord,
    { lease, renew }: Ask,
    { granted, refused, registers: { automatic } }: Answer,
    changes: readonly FleetChange[],
    nowMs: number,
  ): void {
    if (refused === 'late') return
    const begins = { at: this.#clock.now(), backs: this.#backs }
    for (const change of changes) {
      if (change.register !== 'automatic' || this.#began.has(change.to.stamp)) continue
      const { from, to } = change
      const goesOn = from.state === 'open' && from.until - nowMs > from.lasts
      this.#began.set(to.stamp, (goesOn && this.#began.get(from.stamp)) || begins)
    }
    const renewed = leases.find(([id]) => id === renew || (granted === true && id === lease))
    if (renewed !== undefined) this.#began.set(renewed[0], begins)
    for (const [id, expiresAt, lasts] of leases) {
      if (expiresAt > nowMs) this.#checkTime(`lease ${id}`, id, lasts)
    }
    const denied = granted === false && automatic.state === 'open'
    if (denied) this.#checkTime('the open time', automatic.stamp, automatic.lasts)
  }

  #checkTime(what: string, key: number | string, lasts: number): void {
    const now = this.#clock.now()
    const began = this.#began.get(key)
    if (began === undefined) complain(`${what} has no beginning`, key)
    if (this.#backs > began.backs) this.#began.set(key, { at: now, backs: this.#backs })
    else if (now - began.at > lasts) complain(`${what} lasts too long`, { began, now, lasts })
  }

  #checkKnown({ name }: Process, asks: readonly Ask[]): void {
    const known = (asks[0] as Ask).known
    const before = this.#known.get(name) ?? known
    const isOlder =
      known.automatic.stamp < before.automatic.stamp || known.override.stamp < before.override.stamp
    if (isOlder) complain('a process took an older register', [before, known])
    this.#known.set(name, known)
  }

  /** Within a poll, without any call. */
  async #converge(): Promise<void> {
    await this.#pass(POLL)
    const seen = this.#processes.map(({ breaker }) => {
      const { fleet, override } = breaker.snapshot()
      return JSON.stringify([fleet?.state, fleet?.since, fleet?.reason, override?.mode])
    })
    if (new Set(seen).size > 1) complain('processes disagree', seen)
    const { automatic } = this.#record?.registers ?? {}
    const { state, reason } = this.#processes[0]?.breaker.snapshot().fleet ?? {}
    if (automatic !== undefined && (automatic.state !== state || automatic.reason !== reason)) {
      complain('the store disagrees with the processes', [automatic, seen])
    }
  }

  /** From every state, calls alone lead to a closed circuit. */
  async #recover(): Promise<void> {
    this.#processes[0]?.breaker.release({ fleet: true })
    for (let i = 0; i < 120; i++) {
      for (const { breaker } of this.#processes) {
        breaker.run(() => this.#answer(10)).catch(() => {})
      }
      await this.#pass(500)
    }
    const states = this.#processes.map(({ breaker }) => breaker.state)
    if (states.some((state) => state !== 'closed')) complain('it does not recover', states)
  }

  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) await this.#clock.advance(Math.min(left, 250))
  }
}

interface Process {
  readonly name: string
  alive: boolean
  breaker: CircuitBreaker
  fleet: ReturnType<typeof shared>
}

function complain(what: string, about: unknown): never {
  throw new Error(`${what}: ${JSON.stringify(about)}`)
}
