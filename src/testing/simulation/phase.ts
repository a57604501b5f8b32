/** What a dependency does for a while. A phase with no more than `for` is healthy. */
export interface Phase {
  /** How long, ms. Only the last phase may go on for ever: `Infinity`. */
  readonly for: number
  /** Accepts calls and never answers them; those in flight get no answer either. */
  readonly hang?: boolean
  /** Fails every call at once, and those in flight when it begins. */
  readonly refuse?: boolean
  /** Fails the calls in flight when the phase begins, once. */
  readonly reset?: boolean
  /** This share of the calls, from 0 to 1, ends in an error, after the usual time. */
  readonly errorRate?: number
  /** Answers arrive that many times later, but the dependency can do as much as before. */
  readonly latencyFactor?: number
  /** Answers arrive that many ms later, but the dependency can do as much as before. */
  readonly delay?: number
  /** Every call is that many times more work, so the dependency can do that much less. */
  readonly workFactor?: number
  /** As `workFactor`, but a cold cache: it wears off as calls are served. */
  readonly coldFactor?: number
  /** That many times as many calls arrive. Of use in a simulation only. */
  readonly loadFactor?: number
  /** Only that many shards have the fault. Of use in a simulation with several shards only. */
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
