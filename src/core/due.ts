import { type Baseline, SHORTEST_OVERDUE } from './baseline.ts'
import { lapsed, type Recovery } from './recovery/recovery.ts'
import type { Closed, State } from './state.ts'
import type { Finding } from './trip/record.ts'

/** True when the next call would find another state than the one that is there. */
export function isDue(state: State, overdueAfter: number, now: number): boolean {
  switch (state.name) {
    case 'open':
      return now >= state.until
    case 'half-open':
      return lapsed(state.recovery, now) || hasOverdue(state.recovery, overdueAfter, now)
    case 'closed': {
      const overdue = state.inFlight?.olderThan(overdueAfter, now) ?? 0
      return state.rules?.evidence?.withOverdue(overdue, now) !== undefined
    }
  }
}

function hasOverdue(recovery: Recovery, overdueAfter: number, now: number): boolean {
  const isOverdue = (startedAt: number): boolean => now - startedAt > overdueAfter
  return (
    recovery.overdue !== undefined && recovery.outstanding.some((it) => isOverdue(it.startedAt))
  )
}

/** Charges the calls that should long have ended, before they do; gives what that is enough for. */
export function chargeOverdue(era: Closed, baseline: Baseline, now: number): Finding | undefined {
  const { inFlight, rules } = era
  if (inFlight === null || rules?.evidence === undefined) return undefined
  const first = inFlight.first
  if (first === undefined || now - first.startedAt <= SHORTEST_OVERDUE) {
    return rules.evidence.findingOfOverdue(now)
  }
  const { overdueAfter } = baseline
  for (
    let oldest = inFlight.first;
    oldest !== undefined && now - oldest.startedAt > overdueAfter;
    oldest = inFlight.first
  ) {
    inFlight.remove(oldest)
    oldest.overdue = true
    rules.evidence.overdue(now)
  }
  return rules.evidence.findingOfOverdue(now)
}

/** The same for probes; gives when the circuit has to open again for it. */
export function chargeOverdueProbes(
  recovery: Recovery,
  overdueAfter: number,
  now: number,
): number | undefined {
  if (recovery.overdue === undefined) return undefined
  for (const probe of [...recovery.outstanding]) {
    if (now - probe.startedAt <= overdueAfter) continue
    probe.overdue = true
    if (recovery.overdue(probe, now) === 'reopen') return probe.startedAt + overdueAfter
  }
  return undefined
}
