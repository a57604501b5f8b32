/** What a process says of itself with its exchanges, to those who operate the fleet. */
export interface ProcessReport {
  /** As in its asks. */
  readonly process: string
  /** What runs in it, and in which version; empty where it does not say. */
  readonly service: string
  readonly version: string
  /** For how long it has been in the fleet, ms. */
  readonly uptime: number
  /** How many breakers of the fleet it has. */
  readonly breakers: number
  /** It has heard of every change up to this stamp. */
  readonly heard: number
  /** For how long it could not reach the store, ms, if this is the first that it says since; otherwise 0. */
  readonly degraded: number
  /** Breakers that it has opened by itself; some of them, if there are many. */
  readonly alone: readonly OpenAlone[]
  /** Of breakers for which another process has another policy: its own, as `policyText` has it; some of them. */
  readonly policies: readonly OwnPolicy[]
}

/** A breaker that one process has opened by itself. */
export interface OpenAlone {
  readonly name: string
  /** Why, as in its transition, and how long ago, ms. */
  readonly reason: string
  readonly age: number
  /** Of a rule about calls: how many of how many calls it was about; otherwise 0. */
  readonly hits: number
  readonly calls: number
}

export interface OwnPolicy {
  readonly name: string
  readonly policy: string
}

/** A process as the store knows it. */
export interface ProcessStatus extends ProcessReport {
  /** When it last exchanged, ms by the clock of the store. */
  readonly seenAt: number
}

/** A process that says nothing for so long is none any more, ms. */
export const PROCESS_GONE = 60_000
/** So many of them are forgotten with one exchange. */
const MOST_FORGOTTEN = 100
/** So many breakers a process says something about. */
export const MOST_SAID = 8

/** The processes of a fleet, and when they were last seen. */
export class Processes {
  readonly #seen = new Map<string, ProcessStatus>()

  /** Takes what one says with an exchange, and forgets those that are gone. */
  note(report: ProcessReport, nowMs: number): void {
    this.#seen.set(report.process, { ...report, seenAt: nowMs })
    const gone = [...this.#seen.values()]
      .filter(({ seenAt }) => seenAt <= nowMs - PROCESS_GONE)
      .sort(oldestFirst)
    for (const { process } of gone.slice(0, MOST_FORGOTTEN)) this.#seen.delete(process)
  }

  /** Those that are there, by name. */
  list(nowMs: number): ProcessStatus[] {
    return living([...this.#seen.values()], nowMs)
  }
}

function oldestFirst(a: ProcessStatus, b: ProcessStatus): number {
  return a.seenAt - b.seenAt || (a.process < b.process ? -1 : 1)
}

/** Those that have been seen lately, by name. */
export function living(processes: readonly ProcessStatus[], nowMs: number): ProcessStatus[] {
  return processes
    .filter(({ seenAt }) => seenAt > nowMs - PROCESS_GONE)
    .sort((a, b) => (a.process < b.process ? -1 : 1))
}
