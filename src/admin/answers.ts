import type { Explanation, Snapshot } from '../index.ts'
import type { BandPart } from './changes.ts'
import type { Counts } from './entry.ts'
import type { FleetSummary } from './fleet/view.ts'
import type { History } from './history/recorder.ts'
import type { LogEntry } from './log.ts'
import type { Undo } from './operations.ts'
import type { Row } from './row.ts'

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

/** How far something has got in a fleet that was done by hand. */
export interface Applied {
  /** To ask for it again by `operations/`. */
  readonly id: string
  /** How many processes have heard of it, of how many. */
  readonly applied: number
  readonly of: number
  readonly done: boolean
  /** How long ago it was done, ms. */
  readonly took: number
  /** Those that have not heard of it, and how long ago they were last seen, ms; at most 100. */
  readonly missing: readonly { readonly process: string; readonly age: number }[]
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
