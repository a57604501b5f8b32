import { type LatencyBaseline, SHORTEST_OVERDUE } from './measure/latency-baseline.ts'
import type { Permit } from './permit.ts'
import { firstDeadline, type Recovery } from './recovery/recovery.ts'
import type { Closed } from './state/closed.ts'
import type { State } from './state/state.ts'
import type { Finding } from './trip/record.ts'

/** When time alone moves the state; `Infinity` for never. Overdue calls of a closed one aside. */
export function dueAt(state: State, baseline: LatencyBaseline): number {
  if (state.name === 'open') return state.until
  if (state.name === 'closed') return Infinity
  const { recovery } = state
  const deadline = firstDeadline(recovery.inFlight)?.deadline ?? Infinity
  if (recovery.overdue === undefined) return deadline
  const overdue = recovery.inFlight.map((probe) => probe.startedAt + baseline.overdueAfter)
  return Math.min(deadline, ...overdue)
}

/** True when the next call would find another state, or evidence, than what is there. */
export function isDue(state: State, baseline: LatencyBaseline, now: number): boolean {
  if (state.name !== 'closed') return now >= dueAt(state, baseline)
  const { inFlight, rules } = state
  const oldest = inFlight?.first?.startedAt ?? Infinity
  if (oldest <= now - baseline.overdueAfter) return true
  return rules?.evidence?.findingOfOverdue(now) !== undefined
}

/** False when no call of a closed circuit can be overdue, nor one that was speak for opening it. */
export function mayBeOverdue({ inFlight, rules }: Closed, now: number): boolean {
  if (inFlight === null) return false
  const { first } = inFlight
  if (first !== undefined && first.startedAt <= now - SHORTEST_OVERDUE) return true
  return rules?.evidence?.hasOverdue === true
}

/** Charges the calls that should long have ended, before they do; gives what that is enough for. */
export function chargeOverdue(
  state: Closed,
  baseline: LatencyBaseline,
  now: number,
): Finding | undefined {
  const { inFlight, rules } = state
  if (inFlight === null || rules?.evidence === undefined) return undefined
  const limit = now - baseline.overdueAfter
  for (
    let oldest = inFlight.first;
    oldest !== undefined && oldest.startedAt <= limit;
    oldest = inFlight.first
  ) {
    inFlight.remove(oldest)
    oldest.overdue = true
    rules.evidence.overdue(now)
  }
  return rules.evidence.findingOfOverdue(now)
}

/** The same for probes, which become orphans; and when the circuit has to open again for it. */
export function chargeOverdueProbes(
  recovery: Recovery,
  { overdueAfter }: LatencyBaseline,
  now: number,
): { readonly at: number | undefined; readonly detachedProbes: readonly Permit[] } {
  const detachedProbes: Permit[] = []
  for (const probe of [...recovery.inFlight]) {
    const at = probe.startedAt + overdueAfter
    if (at > now) continue
    probe.overdue = true
    detachedProbes.push(probe)
    if (recovery.overdue?.(probe, now) === 'reopen') return { at, detachedProbes }
  }
  return { at: undefined, detachedProbes }
}
