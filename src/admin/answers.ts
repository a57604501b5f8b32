import type { Explanation, Snapshot } from '../index.ts'
import type { BandPart } from './changes.ts'
import type { Counts } from './entry.ts'
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
