import type { SimulationOptions } from '../../src/testing/simulation/setup.ts'
import { policyNamed } from './policies.ts'
import { runPolicy } from './run-policy.ts'

type Scenario = Omit<SimulationOptions, 'policy'>

/** A hang that every client meets with the same patience. */
export const HANG: Scenario = {
  seed: 1,
  dependency: { script: 'ok for 30 s, hang for 30 s, ok for 60 s', capacity: 64 },
  traffic: { clients: 20, callsPerSecond: 10, timeout: 5_000 },
}

/** Sixty times later than usual, and healthy: nothing is lost by waiting. */
export const LATE: Scenario = {
  seed: 1,
  dependency: {
    script: 'ok for 30 s, latency x60 for 60 s, ok for 30 s',
    latency: 50,
    capacity: 64,
    queue: 1_000,
  },
  traffic: { clients: 1, callsPerSecond: 100, timeout: 10_000 },
}

export interface NamedResults {
  readonly hang: readonly {
    readonly policy: string
    /** From the beginning of the hang to the trip of a client's breaker, mean, ms. */
    readonly toTrip: number | null
    readonly toRecover: number | null
    readonly secondsWaited: number
    readonly peakInFlight: number
  }[]
  readonly late: readonly {
    readonly policy: string
    readonly kept: number
    readonly trips: number
  }[]
}

/** The scenarios that have a promise of their own. */
export async function runNamed(names: readonly string[]): Promise<NamedResults> {
  const hang = []
  const late = []
  const free = await runPolicy(policyNamed('no breaker'), LATE)
  for (const name of names) {
    const policy = policyNamed(name)
    const hung = await runPolicy(policy, HANG)
    const first = hung.trips.filter(({ at }) => at >= 30_000 && at < 60_000)
    const byClient = new Map(first.toReversed().map(({ client, at }) => [client, at - 30_000]))
    const times = [...byClient.values()]
    hang.push({
      policy: name,
      toTrip: times.length === 0 ? null : times.reduce((sum, ms) => sum + ms, 0) / times.length,
      toRecover: hung.timeToRecover,
      secondsWaited: hung.secondsWaited,
      peakInFlight: hung.peakInFlight,
    })
    const lateResult = await runPolicy(policy, LATE)
    late.push({
      policy: name,
      kept: lateResult.goodput / free.goodput,
      trips: lateResult.trips.length,
    })
  }
  return { hang, late }
}
