import type { SimulatedTransition } from './guard.ts'
import { isFaulty } from './phase.ts'
import type { PhaseResult, SimulatedTrip, SimulationResult } from './result.ts'
import type { SimulationSetup } from './setup.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Counts what happens in a simulation. */
export class Recorder {
  readonly #setup: SimulationSetup
  readonly phases: Writable<PhaseResult>[]
  readonly #trips: Writable<SimulatedTrip>[] = []
  /** The trip that each client's breaker has not recovered from yet. */
  readonly #ongoing = new Map<number, Writable<SimulatedTrip>>()
  #waited = 0
  peakInFlight = 0

  constructor(setup: SimulationSetup) {
    this.#setup = setup
    this.phases = setup.schedule.phases
      .filter(({ from }) => from < setup.duration)
      .map(({ from, to }) => ({
        from,
        to: Math.min(to, setup.duration),
        offered: 0,
        succeeded: 0,
        failed: 0,
        rejected: 0,
      }))
  }

  /** Callers have waited that many ms for nothing. */
  waited(ms: number): void {
    this.#waited += ms
  }

  changed(client: number, now: number, { from, to, reason }: SimulatedTransition): void {
    if (from === 'closed' && to !== 'closed') {
      const trip = { client, at: now, reason, closedAt: null }
      this.#trips.push(trip)
      this.#ongoing.set(client, trip)
    }
    if (to !== 'closed') return
    const trip = this.#ongoing.get(client)
    if (trip === undefined) return
    trip.closedAt = now
    this.#ongoing.delete(client)
  }

  result(): SimulationResult {
    const sum = (key: 'offered' | 'succeeded' | 'failed' | 'rejected'): number =>
      this.phases.reduce((total, phase) => total + phase[key], 0)
    const offered = sum('offered')
    const succeeded = sum('succeeded')
    return {
      seed: this.#setup.seed,
      duration: this.#setup.duration,
      offered,
      succeeded,
      failed: sum('failed'),
      rejected: sum('rejected'),
      goodput: offered === 0 ? 1 : succeeded / offered,
      secondsWaited: this.#waited / 1_000,
      peakInFlight: this.peakInFlight,
      trips: this.#trips,
      timeToTrip: this.#timeToTrip(),
      timeToRecover: this.#timeToRecover(),
      phases: this.phases,
    }
  }

  #timeToTrip(): number | null {
    const first = this.#setup.schedule.phases.find(isFaulty)
    const trip = first && this.#trips.find(({ at }) => at >= first.from)
    return first === undefined || trip === undefined ? null : trip.at - first.from
  }

  #timeToRecover(): number | null {
    const { schedule, duration } = this.#setup
    const last = schedule.phases.findLast(isFaulty)
    if (last === undefined || last.to >= duration) return null
    let recovered = 0
    for (const { at, closedAt } of this.#trips) {
      if (closedAt === null) return null
      if (at < last.to) recovered = Math.max(recovered, closedAt - last.to)
    }
    return recovered
  }
}
