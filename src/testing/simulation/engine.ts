import { CallTimeoutError } from '../../index.ts'
import { type Draws, SimulatedDependency } from './dependency.ts'
import type { SimulatedEvent } from './event-queue.ts'
import type { Guard, GuardedCall, GuardFactory, SimulatedPermit } from './guard.ts'
import { exponential, randomStream } from './random.ts'
import { Recorder } from './recorder.ts'
import type { PhaseResult, SimulationResult } from './result.ts'
import type { SimulationSetup } from './setup.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Calls that a guard neither sends nor refuses are waited for that long after the last one, ms. */
const PATIENCE = 60_000

/** How calls fail. One object each: what matters of them is their class and code. */
const ERRORS = Object.fromEntries(
  ['ECONNREFUSED', 'ECONNRESET', 'EBUSY', 'EFAULT'].map((code) => [
    code,
    Object.assign(new Error(`simulated: ${code}`), { code }),
  ]),
)

/** What one user wants, with all its attempts. */
class Demand implements SimulatedEvent {
  at = 0
  order = 0
  attempt = 0
  readonly client: number
  readonly draws: readonly Draws[]
  readonly phase: PhaseResult & { succeeded: number; failed: number; rejected: number }
  readonly #engine: Engine

  constructor(engine: Engine, client: number, draws: readonly Draws[], phase: Demand['phase']) {
    this.#engine = engine
    this.client = client
    this.draws = draws
    this.phase = phase
  }

  /** The time for a retry has come. */
  happen(): void {
    this.#engine.attempt(this)
  }
}

/** One attempt to get an answer. */
class Attempt implements GuardedCall, SimulatedEvent {
  at = 0
  order = 0
  readonly demand: Demand
  readonly askedAt: number
  readonly #engine: Engine
  #permit: SimulatedPermit | undefined
  #error: unknown = undefined

  constructor(engine: Engine, demand: Demand, askedAt: number) {
    this.#engine = engine
    this.demand = demand
    this.askedAt = askedAt
  }

  get #draws(): Draws {
    return this.demand.draws[this.demand.attempt] as Draws
  }

  start(permit: SimulatedPermit): void {
    const engine = this.#engine
    const now = engine.clock.now()
    this.#permit = permit
    const fate = engine.dependency.send(now, this.#draws)
    const deadline = now + engine.timeout
    this.#error =
      fate.at >= deadline ? engine.timeoutError : fate.ok ? undefined : ERRORS[fate.error]
    this.at = Math.min(fate.at, deadline)
    engine.started(this)
  }

  refuse(): void {
    this.#engine.refused(this)
  }

  wouldSucceed(): boolean {
    const engine = this.#engine
    const now = engine.clock.now()
    const { ok, at } = engine.dependency.foresee(now, this.#draws)
    return ok && at < now + engine.timeout
  }

  /** The answer is there, or the time is up. */
  happen(): void {
    const failed = this.#error !== undefined
    this.#engine.ended(this, failed)
    if (!failed) this.#permit?.success()
    else if (this.#error === this.#engine.abort && this.#permit?.cancel) this.#permit.cancel()
    else this.#permit?.failure(this.#error)
  }
}

/**
 * The simulation itself: arrivals, answers and timers in the order of virtual time. Chance decides
 * on arrivals and answers in streams of their own, so that every policy meets the same traffic.
 */
export class Engine {
  readonly clock: VirtualClock
  readonly dependency: SimulatedDependency
  readonly timeout: number
  readonly timeoutError: Error
  /** The timeout, where clients give up by themselves. */
  readonly abort: Error | undefined
  readonly #setup: SimulationSetup
  readonly #recorder: Recorder
  readonly #guards: readonly Guard[]
  readonly #inFlight: Int32Array
  readonly #arrivals: () => number
  readonly #service: () => number
  readonly #backoff: () => number
  /** Demands that have not come to an end. */
  #pending = 0
  #arriving = true

  constructor(
    setup: SimulationSetup,
    createGuard: GuardFactory,
    timeout: number,
    clock: VirtualClock = new VirtualClock(),
  ) {
    this.clock = clock
    const { seed, traffic, schedule } = setup
    this.#setup = setup
    this.timeout = timeout
    this.timeoutError = new CallTimeoutError('simulated', timeout)
    this.abort = traffic.aborts ? this.timeoutError : undefined
    this.dependency = new SimulatedDependency(setup.dependency, schedule)
    const recorder = new Recorder(setup)
    this.#recorder = recorder
    this.#arrivals = randomStream(seed, 'arrivals')
    this.#service = randomStream(seed, 'service')
    this.#backoff = randomStream(seed, 'backoff')
    this.#inFlight = new Int32Array(traffic.clients)
    this.#guards = Array.from({ length: traffic.shared ? 1 : traffic.clients }, (_, client) =>
      createGuard({
        clock,
        client,
        timeout,
        random: randomStream(seed, `policy ${client}`),
        changed: (transition) => recorder.changed(client, clock.now(), transition),
      }),
    )
    this.#scheduleArrival(0)
  }

  /** Lets the next event happen; false when everything is over. */
  step(): boolean {
    if (!this.#arriving && this.#pending === 0) return false
    const { next } = this.clock
    if (next === undefined || next > this.#setup.duration + this.timeout + PATIENCE) return false
    this.clock.step()
    return true
  }

  result(): SimulationResult {
    return this.#recorder.result()
  }

  // ── arrivals ──────────────────────────────────────────────────────────────────────────────────

  #scheduleArrival(now: number): void {
    const { schedule, traffic, duration } = this.#setup
    const mean = 1_000 / (traffic.clients * traffic.callsPerSecond)
    let wait = exponential(this.#arrivals) * mean
    let at = now
    // The load is constant within a phase: what is left of the wait goes over into the next one.
    for (;;) {
      const { loadFactor = 1, to } = schedule.at(at)
      if (at + wait / loadFactor <= to) {
        at += wait / loadFactor
        break
      }
      wait -= (to - at) * loadFactor
      at = to
    }
    this.#arriving = at < duration
    if (this.#arriving) this.clock.setTimer(at - now, () => this.#arrive())
  }

  #arrive(): void {
    const now = this.clock.now()
    const { traffic, schedule } = this.#setup
    const client = Math.floor(this.#arrivals() * traffic.clients)
    const draw = this.#service
    const draws: Draws[] = []
    for (let i = 0; i <= traffic.retries; i++) draws.push([draw(), draw(), draw(), draw()])
    const phase = this.#recorder.phases[schedule.at(now).index] as PhaseResult & { offered: number }
    phase.offered++
    this.#pending++
    this.#scheduleArrival(now)
    this.attempt(new Demand(this, client, draws, phase))
  }

  attempt(demand: Demand): void {
    const guard = this.#guards[this.#setup.traffic.shared ? 0 : demand.client] as Guard
    guard.request(new Attempt(this, demand, this.clock.now()))
  }

  // ── what becomes of an attempt ────────────────────────────────────────────────────────────────

  started(attempt: Attempt): void {
    const { client } = attempt.demand
    const inFlight = (this.#inFlight[client] as number) + 1
    this.#inFlight[client] = inFlight
    if (inFlight > this.#recorder.peakInFlight) this.#recorder.peakInFlight = inFlight
    this.clock.add(attempt)
  }

  refused({ demand, askedAt }: Attempt): void {
    demand.phase.rejected++
    this.#recorder.waited(this.clock.now() - askedAt)
    this.#pending--
  }

  ended({ demand, askedAt }: Attempt, failed: boolean): void {
    const { client, phase } = demand
    this.#inFlight[client] = (this.#inFlight[client] as number) - 1
    if (!failed) {
      phase.succeeded++
      this.#pending--
      return
    }
    phase.failed++
    this.#recorder.waited(this.clock.now() - askedAt)
    const { retries, retryDelay } = this.#setup.traffic
    if (demand.attempt >= retries) {
      this.#pending--
      return
    }
    demand.at = this.clock.now() + retryDelay * 2 ** demand.attempt * (0.5 + this.#backoff())
    demand.attempt++
    this.clock.add(demand)
  }
}
