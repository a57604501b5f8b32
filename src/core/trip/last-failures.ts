import type { RecordedFailure } from '../outcome.ts'

/** Failures kept to explain a trip. */
const KEPT = 5

/** Adds a failure to the last ones, which are oldest first. */
export function keepFailure(failures: RecordedFailure[], failure: RecordedFailure): void {
  if (failures.length === KEPT) failures.shift()
  failures.push(failure)
}

/** Those to go on from. */
export function lastFailures(failures: readonly RecordedFailure[]): RecordedFailure[] {
  return failures.slice(-KEPT)
}
