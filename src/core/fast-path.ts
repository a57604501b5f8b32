import type { Machine } from './machine.ts'
import type { AdmittingState, AnyPermit, Permit } from './permit.ts'
import { type Closed, learns } from './state/closed.ts'
import { recordUntimedSuccess } from './trip/rules.ts'

// Nearly every call finds a closed circuit and succeeds. These two handle such a call without reading
// a clock, and leave every other one to the machine.

/**
 * As {@link Machine.admit}, under a closed state whose calls share a permit. False if the machine is
 * not in it, or has to decide.
 */
export function tryAdmit({ shared, counters, settings }: Machine, state: AdmittingState): boolean {
  if (state !== shared || counters.waiting >= settings.maxConcurrent) return false
  counters.admitted++
  return true
}

/**
 * As {@link Machine.settle} with a success, which here needs no time and changes no state. False if
 * nothing was recorded: settle it.
 */
export function trySettle(machine: Machine, permit: AnyPermit): boolean {
  if (!permit.shared) return trySettleOwn(machine, permit)
  return permit.state === machine.shared && countSuccess(machine, permit.state as Closed)
}

/** The same for a permit that no other call holds. */
function trySettleOwn(machine: Machine, permit: Permit): boolean {
  const { state, override } = machine
  if (override !== undefined || permit.state !== state || state.name !== 'closed') return false
  if (!needsNoDuration(machine, state, permit) || !countSuccess(machine, state, permit))
    return false
  state.inFlight?.remove(permit)
  if (learns(state, machine.settings)) machine.baseline?.skipSample()
  return true
}

function countSuccess({ counters }: Machine, state: Closed, permit?: Permit): boolean {
  if (state.rules !== null && !recordUntimedSuccess(state.rules)) return false
  counters.end(permit)
  counters.success++
  state.consecutiveFailures = 0
  return true
}

/** True while the call counts as in flight and its latency is not needed. */
function needsNoDuration(machine: Machine, state: Closed, permit: Permit): boolean {
  if (!permit.open || permit.overdue || machine.statistics !== null) return false
  return !learns(state, machine.settings) || machine.baseline?.wantsSample === false
}
