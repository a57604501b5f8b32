import type { Machine } from './machine.ts'
import type { Closed } from './state/closed.ts'

/**
 * Records by `settle` the success that is presumed of an answer that was not looked at. Returns what
 * goes on with the failures that it has ended, should the answer fail later; undefined where there were none.
 */
export function presumeSuccess(machine: Machine, settle: () => void): (() => void) | undefined {
  const { state, counters } = machine
  const { success, known } = counters
  const goOn = state.name === 'closed' ? checkpoint(machine, state, known) : undefined
  settle()
  if (counters.success > success) counters.rare.presumed++
  return goOn
}

/** What it returns does nothing in another state, or once a call is known to have succeeded. */
function checkpoint(machine: Machine, state: Closed, known: number): (() => void) | undefined {
  const failures = state.consecutiveFailures
  if (failures === 0) return undefined
  const rules = state.rules?.map((rule) => rule.checkpoint?.())
  return () => {
    if (machine.state !== state || machine.counters.known !== known) return
    state.consecutiveFailures = Math.max(state.consecutiveFailures, failures)
    for (const goOn of rules ?? []) goOn?.()
  }
}
