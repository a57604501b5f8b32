import type { StateName } from '../src/index.ts'
import type { Call } from './traffic.ts'

/** What happened in one slice of time, drawn as one character. */
export interface Column {
  ok: number
  failed: number
  rejected: number
  /** Calls waiting for an answer, on average over the slice. */
  inFlight: number
}

/** How a stretch of time is cut into columns: the whole length over the width, the past drawn. */
export interface Scale {
  lengthMs: number
  width: number
  now: number
}

/** The breaker's state from `at` on, in ms since the start. */
export interface Change {
  at: number
  state: StateName
}

const notability = { closed: 0, open: 1, 'half-open': 2 }

/** Cuts the calls made so far into columns. */
export function callColumns(calls: readonly Call[], scale: Scale): Column[] {
  const columnMs = scale.lengthMs / scale.width
  const columns = Array.from({ length: columnsPast(scale) }, () => ({
    ok: 0,
    failed: 0,
    rejected: 0,
    inFlight: 0,
  }))
  for (const { startedAt, endedAt = scale.now, result } of calls) {
    const last = columnOf(endedAt, scale)
    for (let index = columnOf(startedAt, scale); index <= last; index += 1) {
      const column = columns[index]
      if (!column) break
      const shared =
        Math.min(endedAt, (index + 1) * columnMs) - Math.max(startedAt, index * columnMs)
      column.inFlight += Math.max(0, shared) / columnMs
      if (index === last && result !== undefined) column[result] += 1
    }
  }
  return columns
}

/** The state of each column; of several, the rarest, so that a probe of a millisecond is seen. */
export function stateColumns(changes: readonly Change[], scale: Scale): StateName[] {
  const columns: StateName[] = []
  let state: StateName = 'closed'
  let next = 0
  for (let column = 0; column < columnsPast(scale); column += 1) {
    let notable = state
    for (let change = changes[next]; change && columnOf(change.at, scale) <= column; ) {
      state = change.state
      if (notability[state] > notability[notable]) notable = state
      next += 1
      change = changes[next]
    }
    columns.push(notable)
  }
  return columns
}

/** How many columns are over; one that is not would look like a drop. */
export function columnsPast({ lengthMs, width, now }: Scale): number {
  return Math.max(0, Math.min(width, Math.floor((now / lengthMs) * width)))
}

export function columnOf(at: number, { lengthMs, width }: Scale): number {
  return Math.max(0, Math.min(width - 1, Math.floor((at / lengthMs) * width)))
}
