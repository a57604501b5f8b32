import type {
  BreakerSetup,
  BreakerState,
  TestedAction,
  TestedBreaker,
} from '../../src/testing/conformance/index.ts'
import type { Flaw } from './flaw.ts'
import type { ToyClock } from './toy-clock.ts'

/** What two breakers built from one options object must not share. */
export interface Shared {
  failures: number
}

interface Permit {
  readonly generation: number
  readonly probe: boolean
  readonly startedAt: number
}

type Outcome = 'success' | 'failure' | 'neutral' | 'cancelled'

const PROBE_TIMEOUT = 30_000

/** The shortest breaker that gives every case its right answer, and can be told to get one of them wrong. */
export class FlawedBreaker implements TestedBreaker {
  readonly #setup: BreakerSetup
  readonly #clock: ToyClock
  readonly #flaw: Flaw | undefined
  readonly #streak: Shared
  readonly #probes = new Set<Permit>()
  readonly #waiting: (() => void)[] = []
  readonly #listeners: (() => void)[] = []
  #results: { at: number; failed: boolean }[] = []
  #state: BreakerState = 'closed'
  #generation = 0
  #openedAt = 0
  #successes = 0
  #extra = 0
  #inFlight = 0
  #queue: Promise<unknown> = Promise.resolve()

  constructor(setup: BreakerSetup, clock: ToyClock, flaw?: Flaw, shared: Shared = { failures: 0 }) {
    this.#setup = setup
    this.#clock = clock
    this.#flaw = flaw
    this.#streak = shared
    if (flaw === 'everything is kept') clock.setTimer(1e12, () => this.#open(), { holds: false })
  }

  get target(): object {
    return this
  }

  state(): BreakerState {
    const lazily = this.#flaw !== 'recovers by a timer'
    const over = this.#now() - this.#openedAt >= this.#setup.resetTimeout
    return this.#state === 'open' && lazily && over ? 'half-open' : this.#state
  }

  async call(action: TestedAction, signal?: AbortSignal): Promise<unknown> {
    if (this.#flaw !== 'one call at a time') return this.#call(action, signal)
    const turn = this.#queue.then(() => this.#call(action, signal))
    this.#queue = turn.catch(() => {})
    return turn
  }

  async *stream(produce: () => AsyncIterable<unknown>): AsyncGenerator<unknown> {
    const permit = this.#admit()
    if (permit === undefined) throw new Error('open')
    let outcome: Outcome = this.#flaw === 'leaving early is a failure' ? 'failure' : 'success'
    if (this.#flaw === 'streams are done when they start') this.#settle(permit, 'success')
    try {
      yield* produce()
    } catch (error) {
      outcome = 'failure'
      throw error
    } finally {
      if (this.#flaw !== 'streams are done when they start') this.#settle(permit, outcome)
    }
  }

  acquire(): { cancel(): void } | undefined {
    const permit = this.#admit()
    return permit && { cancel: () => this.#settle(permit, 'cancelled') }
  }

  onSuccess(listener: () => void): void {
    this.#listeners.push(listener)
  }

  trip(): void {
    this.#open()
  }

  reset(): void {
    this.#close()
  }

  async #call(action: TestedAction, signal?: AbortSignal): Promise<unknown> {
    for (;;) {
      const permit = this.#admit()
      if (permit !== undefined) return this.#run(permit, action, signal)
      if (this.#flaw === 'rejections are in the rate') this.#extra++
      if (this.#flaw !== 'callers wait for the probe' || this.#state !== 'half-open') break
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
    throw new Error('open')
  }

  async #run(permit: Permit, action: TestedAction, signal?: AbortSignal): Promise<unknown> {
    let running: unknown
    try {
      running = action(signal)
    } catch (error) {
      if (this.#flaw !== 'sync throws are not counted') this.#settle(permit, 'failure')
      throw error
    }
    const thenable = typeof (running as PromiseLike<unknown> | undefined)?.then === 'function'
    try {
      if (!thenable && this.#flaw === 'results must be promises') throw new TypeError('no promise')
      const value = await running
      this.#publish()
      this.#settle(permit, 'success')
      return value
    } catch (error) {
      this.#settle(permit, this.#outcomeOf(error, signal))
      throw error
    }
  }

  #outcomeOf(error: unknown, signal: AbortSignal | undefined): Outcome {
    if (this.#flaw === 'async failures are successes') return 'success'
    if (this.#setup.ignore?.(error)) return 'neutral'
    if (signal?.aborted && this.#flaw !== 'aborts are failures') return 'cancelled'
    return 'failure'
  }

  #publish(): void {
    for (const listener of this.#listeners) {
      if (this.#flaw === 'listeners decide results') listener()
      try {
        listener()
      } catch (error) {
        if (this.#flaw === 'listener errors escape') this.#clock.escaped.push(error)
      }
    }
  }

  #now(): number {
    const wall =
      this.#flaw === 'reads the wall clock' ||
      this.#flaw === 'the window stalls when time steps back'
    return wall ? this.#clock.wall() : this.#clock.now()
  }

  #admit(): Permit | undefined {
    this.#expireProbes()
    if (this.state() === 'half-open' && this.#state === 'open') this.#enter('half-open')
    if (this.#state === 'open') return undefined
    const permit = {
      generation: this.#generation,
      probe: this.#state === 'half-open',
      startedAt: this.#now(),
    }
    if (permit.probe) {
      if (this.#probes.size >= this.#limit()) return undefined
      this.#probes.add(permit)
    }
    this.#inFlight++
    return permit
  }

  #limit(): number {
    const { probes = 1 } = this.#setup
    if (this.#flaw === 'every call probes') return Number.POSITIVE_INFINITY
    return this.#flaw === 'one more probe than asked for' && probes > 1 ? probes + 1 : probes
  }

  #expireProbes(): void {
    if (this.#flaw === 'probes never expire' || this.#flaw === 'callers wait for the probe') return
    for (const probe of this.#probes) {
      if (this.#now() - probe.startedAt < PROBE_TIMEOUT) continue
      this.#open()
      this.#openedAt = probe.startedAt + PROBE_TIMEOUT
    }
  }

  #settle(permit: Permit, outcome: Outcome): void {
    this.#inFlight--
    if (permit.generation !== this.#generation && !this.#countsLate(permit, outcome)) return
    const probing = this.#state === 'half-open'
    this.#probes.delete(permit)
    if (outcome === 'cancelled') return
    if (outcome === 'failure') {
      this.#record(true)
      if (probing || this.#tooMany()) this.#open()
      return
    }
    if (outcome === 'success') this.#record(false)
    if (probing && ++this.#successes >= (this.#setup.probes ?? 1)) this.#close()
  }

  #countsLate(permit: Permit, outcome: Outcome): boolean {
    switch (this.#flaw) {
      case 'late results count':
        return !permit.probe
      case 'late failures re-open':
        return !permit.probe && outcome === 'failure'
      case 'late probes count':
        return permit.probe && this.#state === 'half-open'
      case 'late successes close':
        if (!permit.probe && outcome === 'success') this.#close()
        return false
      case 'cancelled calls close':
        if (outcome === 'cancelled') this.#close()
        return false
      case 'late results make room':
        if (!permit.probe)
          for (const probe of [...this.#probes].slice(0, 1)) this.#probes.delete(probe)
        return false
      default:
        return false
    }
  }

  #record(failed: boolean): void {
    this.#streak.failures = failed ? this.#streak.failures + 1 : 0
    const at = this.#now()
    const stalled = this.#flaw === 'the window stalls when time steps back'
    if (stalled && at < (this.#results.at(-1)?.at ?? 0)) return
    this.#results.push({ at, failed })
  }

  #tooMany(): boolean {
    const { maxFailures, failureRate } = this.#setup
    if (failureRate === undefined) return this.#streak.failures >= (maxFailures ?? 1)
    const aged =
      this.#flaw === 'the window never ages' ? Number.POSITIVE_INFINITY : failureRate.duration
    const recent = this.#results.filter(({ at }) => this.#now() - at < aged)
    const inFlight = this.#flaw === 'calls in flight are in the rate' ? this.#inFlight : 0
    const total = recent.length + this.#extra + inFlight
    const failed = recent.filter((result) => result.failed).length
    return total >= failureRate.minimumCalls && failed / total >= failureRate.threshold
  }

  #open(): void {
    this.#enter('open')
    this.#openedAt = this.#now()
    if (this.#flaw === 'a timer holds the process') {
      this.#clock.setTimer(this.#setup.resetTimeout, () => {}, { holds: true })
    }
    if (this.#flaw === 'recovers by a timer' || this.#flaw === 'the timer survives a reset') {
      this.#clock.setTimer(this.#setup.resetTimeout, () => this.#enter('half-open'), {
        holds: false,
      })
    }
  }

  #close(): void {
    this.#enter('closed')
    this.#streak.failures = 0
    if (this.#flaw !== 'the rate survives a recovery') this.#results = []
  }

  #enter(state: BreakerState): void {
    this.#state = state
    this.#generation++
    this.#probes.clear()
    this.#successes = 0
    for (const resume of this.#waiting.splice(0)) resume()
  }
}
