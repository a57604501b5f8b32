import type { StateName } from '../../src/index.ts'
import type { Change } from '../columns.ts'
import type { Fault } from '../faults.ts'
import type { News } from '../frame.ts'
import { type Now, seconds } from '../time.ts'
import type { Call } from '../traffic.ts'
import { hostTime, type Report } from './messages.ts'

/** A transition, and whether the process followed the fleet or decided by itself. */
export interface FleetChange extends Change {
  byFleet: boolean
}

/** A call that was let through by a breaker that was not closed. */
export interface Probe extends Call {
  process: number
}

/** All that has happened, in ms since the start. */
export interface FleetHistory {
  changes: FleetChange[][]
  /** Since when each process has reached Redis, or not. */
  connections: { at: number; connected: boolean }[][]
  calls: Call[]
  probes: Probe[]
  /** The longest time for which a process could not run, ms. */
  longestStall: number
  upstream: Fault[]
  redis: Fault[]
  news: News[]
}

const looks = { closed: 'green', open: 'red', 'half-open': 'yellow' } as const

/** Puts together what the processes tell. */
export class Historian {
  readonly history: FleetHistory
  #start = hostTime()
  #toldState: StateName = 'closed'
  #toldStateAt = 0
  #toldConnected = true

  constructor(processes: number) {
    const each = <T>() => Array.from({ length: processes }, (): T[] => [])
    this.history = {
      changes: each(),
      connections: each(),
      calls: [],
      probes: [],
      longestStall: 0,
      upstream: [],
      redis: [],
      news: [],
    }
  }

  /** Returns the clock of the history, which begins now. */
  begin(): Now {
    this.#start = hostTime()
    this.history.news = []
    this.history.longestStall = 0
    return () => hostTime() - this.#start
  }

  hear(report: Report, process: number): void {
    const { history } = this
    if (report.kind === 'ready') return
    if (report.kind === 'change') {
      const { state, byFleet } = report
      history.changes[process]?.push({ at: report.at - this.#start, state, byFleet })
      if (state !== 'half-open') this.#tellState(state)
    } else if (report.kind === 'connection') {
      const { connected } = report
      history.connections[process]?.push({ at: report.at - this.#start, connected })
      this.#tellConnection(connected)
    } else if (report.kind === 'calls') {
      history.longestStall = Math.max(history.longestStall, report.stall)
      history.calls.push(...report.calls.map((call) => this.#since(call)))
      for (const call of report.probes) this.#probed({ ...this.#since(call), process })
    }
  }

  #since(call: Call): Call {
    const { startedAt, endedAt = startedAt } = call
    return { ...call, startedAt: startedAt - this.#start, endedAt: endedAt - this.#start }
  }

  #probed(probe: Probe): void {
    this.history.probes.push(probe)
    const { process, startedAt: at, result } = probe
    const opened = this.history.changes[process]?.findLast(({ state }) => state === 'open')
    if (!opened?.byFleet) return
    this.tell(at, `process ${process + 1}`, `probes for all: ${result}`, 'yellow')
  }

  /** Once, when the last of them has come to it. */
  #tellState(state: StateName): void {
    if (state === this.#toldState || !allAre(this.history, state)) return
    const { changes } = this.history
    const since = this.#toldStateAt
    const reached = changes
      .map((of) => of.find((change) => change.state === state && change.at > since))
      .filter((change) => change !== undefined)
    const alone = reached.filter(({ byFleet }) => !byFleet).length
    const how =
      alone === 0
        ? 'by the word of the fleet'
        : alone === reached.length
          ? 'each by itself'
          : `${alone} of them by themselves`
    const { at, spread } = within(reached.map(({ at }) => at))
    this.#toldState = state
    this.#toldStateAt = at
    const text = `all ${changes.length} ${state}, ${how}, within ${milliseconds(spread)}`
    this.tell(at, 'fleet', text, looks[state])
  }

  #tellConnection(connected: boolean): void {
    const { connections } = this.history
    if (connected === this.#toldConnected || !allConnected(this.history, connected)) return
    this.#toldConnected = connected
    const { at } = within(connections.map((of) => of.at(-1)?.at ?? 0))
    const text = connected
      ? `all ${connections.length} report to Redis`
      : `all ${connections.length} are without Redis, and go on by themselves`
    this.tell(at, 'fleet', text, 'bold')
  }

  tell(at: number, who: string, text: string, style: NonNullable<News['style']>): void {
    this.history.news.push({ at, who, text, style })
  }
}

function isConnected({ connections }: FleetHistory, process: number): boolean {
  return connections[process]?.at(-1)?.connected ?? false
}

export function allConnected(history: FleetHistory, connected: boolean): boolean {
  return history.connections.every((_, process) => isConnected(history, process) === connected)
}

export function allAre({ changes }: FleetHistory, state: StateName): boolean {
  return changes.every((of) => (of.at(-1)?.state ?? 'closed') === state)
}

/** The last of these moments, and how long after the first it was. */
export function within(times: readonly number[]): { at: number; spread: number } {
  const at = Math.max(...times)
  return { at, spread: at - Math.min(...times) }
}

export function milliseconds(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${seconds(ms, 2)} s`
}
