import type { Explanation, Snapshot } from '../index.ts'
import type { BandPart } from './changes.ts'
import type { Counts } from './entry.ts'
import type { Applied } from './fleet/applied.ts'
import type { FleetSummary } from './fleet/view.ts'
import type { History } from './history/recorder.ts'
import type { LogEntry } from './log.ts'
import type { Row } from './row.ts'
import type { Undo } from './undo.ts'

/** Which process answers. */
export interface ProcessInfo {
  readonly id: string
  readonly name: string | null
  readonly environment: string | null
  readonly version: string | null
  /** When the admin was created in it, in milliseconds since 1970. */
  readonly startedAt: number
}

/** The answer to a write. */
export interface Result {
  readonly row: Row
  readonly entry: LogEntry
  /** Null for what can't be taken back. */
  readonly undo: Undo | null
  /** Of what was done to a whole fleet. */
  readonly applied?: Applied
}

/** The answer about a fleet, as the store has it, and how this process reaches that. */
export interface FleetAnswer extends FleetSummary {
  readonly process: { readonly id: string }
  readonly store: {
    readonly connected: boolean
    /** How long the last exchange took and how long ago it was, ms; null before the first. */
    readonly took: number | null
    readonly age: number | null
  }
}

/** The answer to a list. */
export interface List {
  readonly now: number
  readonly process: { readonly id: string }
  readonly counts: Counts
  readonly rows: readonly Row[]
  /** The parameter `after` for the rows that follow; null for the last ones. */
  readonly next: string | null
  /** Of the names that were asked for. */
  readonly missing?: readonly string[]
}

/** The answer about one breaker. */
export interface Detail {
  readonly row: Row
  readonly snapshot: Snapshot
  readonly explanation: Explanation
  readonly log: readonly LogEntry[]
}

export interface HistoryAnswer extends History {
  /** As in the row, for the whole window. */
  readonly band: readonly BandPart[]
}
