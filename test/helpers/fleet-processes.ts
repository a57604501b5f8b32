import { type SharedFleet, shared } from '../../src/fleet/index.ts'
import { memoryStore } from '../../src/fleet/memory-store.ts'
import type { Answer, Ask, FleetStore, Push } from '../../src/fleet/store.ts'
import { type BreakerEvent, CircuitBreaker, type CircuitBreakerOptions } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

/** Comes later than any exchange that a failure has asked for. */
export const EXCHANGE: number = 50
export const OPEN: number = 5_000

/** As time passes: what timers begin gets its answers before the next ones fire. */
export async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) await clock.advance(Math.min(left, 50))
}

const failing = async (): Promise<never> => {
  throw new Error('down')
}
export const working = async (): Promise<string> => 'answer'

export interface Process {
  readonly breaker: CircuitBreaker
  readonly fleet: SharedFleet
  readonly connections: boolean[]
  readonly transitions: BreakerEvent<'transition'>[]
  readonly call: () => Promise<unknown>
  readonly fail: () => Promise<unknown>
}

export interface Processes {
  readonly clock: ManualClock
  readonly store: UnreliableStore
  readonly processes: readonly Process[]
  readonly create: (process: string, own?: CircuitBreakerOptions) => Process
}

/** Processes with a breaker each, a store, and one clock that all of them go by. */
export function createProcesses(count: number, options: CircuitBreakerOptions = {}): Processes {
  const clock = new ManualClock(1_000_000)
  const store = new UnreliableStore(clock)
  const create = (process: string, own: CircuitBreakerOptions = {}): Process => {
    const connections: boolean[] = []
    const fleet = shared(store, {
      clock,
      process,
      random: () => 0.5,
      onConnection: (connected) => connections.push(connected),
    })
    const breaker = new CircuitBreaker({
      name: 'users',
      resetTimeout: OPEN,
      trip: { failureRate: { threshold: 0.5, minimumCalls: 20, window: { duration: 10_000 } } },
      recovery: { probes: 1 },
      clock,
      shared: fleet,
      ...options,
      ...own,
    })
    const transitions: BreakerEvent<'transition'>[] = []
    breaker.on('transition', (event) => transitions.push(event))
    const [call, fail] = [breaker(working), breaker(failing)]
    return { breaker, fleet, connections, transitions, call, fail }
  }
  const processes = Array.from({ length: count }, (_, i) => create(`p${i}`))
  return { clock, store, processes, create }
}

/** A store that can be cut off, and whose clock can be set. */
export class UnreliableStore implements FleetStore {
  mode: 'up' | 'down' | 'hangs' = 'up'
  exchanges = 0
  /** The breakers of a part that can't be reached, and whether that hangs. */
  readonly lostPart: Set<string> = new Set()
  partHangs = false
  /** Pushes are lost. */
  mute = false
  /** Called with each ask. */
  onAsk: (ask: Ask) => void = () => {}
  /** Its clock, relative to that of the processes, ms. */
  skew = 0
  readonly #clock: ManualClock
  #store: FleetStore
  readonly #watchers: ((push: Push) => void)[] = []
  readonly #onLost: (() => void)[] = []

  constructor(clock: ManualClock) {
    this.#clock = clock
    this.#store = this.#empty()
  }

  #empty(): FleetStore {
    return memoryStore(() => this.#clock.now() + this.skew)
  }

  /** It has lost its data; nobody is told. */
  lose(): void {
    this.#store = this.#empty()
    for (const onPush of this.#watchers) this.#subscribe(onPush, () => {})
  }

  async exchange(asks: readonly Ask[], signal: AbortSignal): Promise<readonly Answer[]> {
    this.exchanges++
    asks.forEach(this.onAsk)
    if (this.mode === 'down') return Promise.reject(new Error('ECONNREFUSED'))
    if (this.mode === 'hangs') return new Promise<never>(() => {})
    const there = asks.filter(({ name }) => !this.lostPart.has(name))
    const answers = [...(await this.#store.exchange(there, signal))]
    if (there.length === asks.length) return answers
    if (this.partHangs) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    const error = new Error('CLUSTERDOWN')
    const fleet = { success: 0, failure: 0, slow: 0 }
    return asks.map((ask) => {
      const lost: Answer = { nowMs: 0, registers: ask.known, fleet, refused: 'lost', error }
      return there.includes(ask) ? (answers.shift() as Answer) : lost
    })
  }

  /** The subscriptions have ended, and it is told. */
  cut(): void {
    for (const onLost of this.#onLost) onLost()
  }

  watch(onPush: (push: Push) => void, onConnect: () => void, onLost: () => void): AsyncDisposable {
    this.#watchers.push(onPush)
    this.#onLost.push(onLost)
    return this.#subscribe(onPush, onConnect)
  }

  #subscribe(onPush: (push: Push) => void, onConnect: () => void): AsyncDisposable {
    const watch = this.#store.watch as NonNullable<FleetStore['watch']>
    return watch((push) => this.mute || onPush(push), onConnect)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export async function failTimes(process: Process, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await process.fail().catch(() => {})
}

/** Opens the whole fleet by failures that no process would open by alone. */
export async function open(clock: ManualClock, processes: readonly Process[]): Promise<void> {
  await clock.advance(0)
  for (const process of processes) await failTimes(process, Math.ceil(20 / processes.length))
  await pass(clock, EXCHANGE)
}

/** Resolves with a process that has joined later than the others. */
export async function join({ clock, create }: Processes): Promise<Process> {
  const late = create('late')
  const ready = late.fleet.ready()
  await pass(clock, EXCHANGE)
  await ready
  return late
}

export const states = (processes: readonly Process[]): string[] =>
  processes.map(({ breaker }) => breaker.state)

export const reasonOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'passed',
    (error: unknown) => error,
  )
