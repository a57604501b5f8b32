/** The behaviour of a dependency for a while. A phase with only `for` is healthy. */
export interface Phase {
  /** Its length, ms. `Infinity` is allowed for the last phase only. */
  readonly for: number
  /** Accepts calls and never answers them; those in flight get no answer either. */
  readonly hang?: boolean
  /** Fails every call at once, and those in flight when it begins. */
  readonly refuse?: boolean
  /** Fails the calls in flight when the phase begins, once. */
  readonly reset?: boolean
  /** This share of the calls, from 0 to 1, ends in an error, after the usual time. */
  readonly errorRate?: number
  /** How many times later answers arrive; the capacity stays the same. */
  readonly latencyFactor?: number
  /** How many ms later answers arrive; the capacity stays the same. */
  readonly delay?: number
  /** How many times more work each call is; the capacity falls accordingly. */
  readonly workFactor?: number
  /** Like `workFactor`, but for a cold cache: it decreases as calls are served. */
  readonly coldFactor?: number
  /** How many times as many calls arrive. For `simulate` only. */
  readonly loadFactor?: number
  /** How many shards have the fault. For `simulate` with several shards only. */
  readonly shards?: number
}
/** Whether anything is wrong in a phase; more traffic counts. */

export function isFaulty(phase: Phase): boolean {
  return (
    phase.hang === true ||
    phase.refuse === true ||
    phase.reset === true ||
    (phase.errorRate ?? 0) > 0 ||
    (phase.delay ?? 0) > 0 ||
    [phase.latencyFactor, phase.workFactor, phase.coldFactor].some((by) => (by ?? 1) > 1) ||
    (phase.loadFactor ?? 1) !== 1
  )
}
