import type { Machine } from './machine.ts'
import type { AnyPermit, Permit } from './permit.ts'
import { type Closed, learns } from './state/closed.ts'
import { recordUntimedSuccess } from './trip/rules.ts'

// Nearly every call finds a closed circuit and succeeds. These two handle such a call without reading
// a clock, and leave every other one to the machine.

/**
 * As {@link Machine.admit}, for a closed circuit that measures no durations: its calls share a
 * permit. False for any other, which must ask the machine.
 */
export function tryAdmit({ state, override, measures, counters, settings }: Machine): boolean {
  if (state.name !== 'closed' || measures || override !== undefined) return false
  if (counters.inFlight >= settings.maxConcurrent) return false
  counters.admitted++
  return true
}

/**
 * As {@link Machine.settle} with a success, which here needs no time and changes no state. False if
 * nothing was recorded: settle it.
 */
export function trySettle(machine: Machine, permit: AnyPermit): boolean {
  const { state, counters } = machine
  if (permit.state !== state || state.name !== 'closed') return false
  if (!permit.shared && !needsNoDuration(machine, state, permit)) return false
  if (state.rules !== null && !recordUntimedSuccess(state.rules)) return false
  if (!permit.shared) {
    permit.open = false
    state.inFlight?.remove(permit)
    if (learns(state, machine.settings)) machine.baseline?.skipSample()
  }
  counters.ended++
  counters.success++
  state.consecutiveFailures = 0
  return true
}

/** True while the call counts as in flight and its latency is not needed. */
function needsNoDuration(machine: Machine, state: Closed, permit: Permit): boolean {
  if (!permit.open || permit.overdue || machine.statistics !== null) return false
  return !learns(state, machine.settings) || machine.baseline?.wantsSample === false
}
