import type { FleetReading } from '../../fleet/index.ts'
import { breakerRow, type FleetRow, isNotable } from './breakers.ts'
import { commandsOf, madeAt } from './commands.ts'
import { policiesOf } from './policies.ts'
import { byDifference, type ProcessRow, type ProcessState, processRow } from './processes.ts'

/** The fleet as the store has it. */
export interface FleetView {
  /** The clock of the store, ms. */
  readonly now: number
  readonly processes: readonly ProcessRow[]
  readonly breakers: readonly FleetRow[]
}

/** A process is given so much time to say that it has heard of something, ms. */
const GRACE = 1_000

/** What a reading of the store says, in the words of operators. */
export function fleetView({ nowMs, processes, breakers }: FleetReading): FleetView {
  const commands = breakers.flatMap((breaker) => commandsOf(breaker))
  const due = commands.filter(({ stamp }) => madeAt(stamp) <= nowMs - GRACE)
  const policies = policiesOf(processes)
  return {
    now: nowMs,
    processes: processes.map((process) => processRow(process, due, breakers, policies, nowMs)),
    breakers: breakers.map((breaker) => breakerRow(breaker, processes, due, nowMs)),
  }
}

/** What an overview says: breakers that people should know of, and processes that differ, or all of them. */
export interface FleetSummary {
  readonly now: number
  readonly counts: {
    readonly processes: number
    /** Of each state, as far as there are any. */
    readonly byState: Readonly<Partial<Record<ProcessState, number>>>
    /** How many processes run what, those that there are most of first; empty for what does not say. */
    readonly services: readonly (readonly [service: string, processes: number])[]
    readonly breakers: number
    readonly overrides: number
    readonly endless: number
  }
  /** Those that differ first; no more than 1 000. */
  readonly processes: readonly ProcessRow[]
  readonly breakers: readonly FleetRow[]
}

const MOST_PROCESSES = 1_000

export function summaryOf(reading: FleetReading, all: boolean): FleetSummary {
  const { now, processes, breakers } = fleetView(reading)
  const count = <T>(items: readonly T[]): Map<T, number> => {
    const counts = new Map<T, number>()
    for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
    return counts
  }
  const held = breakers.filter(({ override }) => override !== null)
  const services = count(processes.map(({ service }) => service))
  return {
    now,
    counts: {
      processes: processes.length,
      byState: Object.fromEntries(count(processes.map(({ state }) => state))),
      services: [...services].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)),
      breakers: breakers.length,
      overrides: held.length,
      endless: held.filter(({ override }) => override?.until === null).length,
    },
    processes: byDifference(processes)
      .filter(({ state }) => all || state !== 'up to date')
      .slice(0, MOST_PROCESSES),
    breakers: breakers.filter(isNotable),
  }
}
