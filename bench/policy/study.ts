import { policyNamed } from './policies.ts'
import { runPolicy } from './run-policy.ts'
import { type FaultType, scenarioOf } from './scenarios.ts'

/** What one policy made of one scenario, per 1000 calls that users wanted to make. */
export interface Outcome {
  readonly policy: string
  readonly seed: number
  readonly fault: FaultType
  /** Calls without an answer in the end. */
  readonly lost: number
  /** Attempts that were made and failed. */
  readonly failed: number
  /** Seconds that callers waited for attempts that failed. */
  readonly waited: number
  readonly trips: number
  readonly peakInFlight: number
}

/** What a failed attempt and a second of waiting for one cost, in lost calls. */
export interface Weights {
  readonly failed: number
  readonly waited: number
}

export const WEIGHTS: Weights = { failed: 0.1, waited: 0.2 }
/** Differences below it are not worth speaking of. */
export const MARGIN = 3

export function cost(outcome: Outcome, { failed, waited }: Weights): number {
  return outcome.lost + failed * outcome.failed + waited * outcome.waited
}

export async function runScenario(seed: number, names: readonly string[]): Promise<Outcome[]> {
  const { fault, ...scenario } = scenarioOf(seed)
  const outcomes: Outcome[] = []
  for (const name of names) {
    const result = await runPolicy(policyNamed(name), scenario)
    const thousands = Math.max(1, result.offered) / 1_000
    outcomes.push({
      policy: name,
      seed,
      fault,
      lost: (result.offered - result.succeeded) / thousands,
      failed: result.failed / thousands,
      waited: result.secondsWaited / thousands,
      trips: result.trips.length,
      peakInFlight: result.peakInFlight,
    })
  }
  return outcomes
}
