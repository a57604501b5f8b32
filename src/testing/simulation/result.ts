/** The results of the calls that were made in one phase of the script. */
export interface PhaseResult {
  /** When it began, ms. */
  readonly from: number
  /** When it ended, or the calls did; ms. */
  readonly to: number
  readonly offered: number
  readonly succeeded: number
  /** Attempts that failed. */
  readonly failed: number
  /** Attempts that a breaker rejected. */
  readonly rejected: number
}

/** One opening of one client's breaker by a rule; re-openings by probes are not counted. */
export interface SimulatedTrip {
  readonly client: number
  /** When, in ms since the simulation began. */
  readonly at: number
  readonly reason: string
  /** When it was closed again; `null` when it was not. */
  readonly closedAt: number | null
}

/** The result of a simulation: plain data, byte for byte the same for the same options. */
export interface SimulationResult {
  readonly seed: number
  /** How long calls were made, ms. */
  readonly duration: number
  /** Calls that users wanted to make. */
  readonly offered: number
  /** How many of them got an answer, possibly after retries. */
  readonly succeeded: number
  /** Attempts that failed, retries included. */
  readonly failed: number
  /** Attempts that a breaker rejected. */
  readonly rejected: number
  /** `succeeded` as a share of `offered`. */
  readonly goodput: number
  /** How long callers waited in total for attempts that failed, in seconds. */
  readonly secondsWaited: number
  /** The most calls that one client had in flight at a time. */
  readonly peakInFlight: number
  readonly trips: readonly SimulatedTrip[]
  /** From the beginning of the first fault to the first trip after it, ms; `null` without one. */
  readonly timeToTrip: number | null
  /**
   * From the end of the last fault until every breaker was closed, ms; `null` when one was still
   * not, or when there was no fault.
   */
  readonly timeToRecover: number | null
  readonly phases: readonly PhaseResult[]
}
