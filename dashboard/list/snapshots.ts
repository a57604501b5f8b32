import { batch, effect, type ReadonlySignal, type Signal, signal, untracked } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { Row } from '../../src/admin/index.ts'
import { rowOf, sorted } from '../rows.ts'
import { now } from '../state.ts'
import { sizeOf } from './order.ts'

/** What was known of a breaker at a time. */
export interface Snapshot {
  readonly row: Row
  readonly at: number
}

/**
 * So many rows change in one frame, and the others in the next ones: where the processor is slow, all at once take 18 ms,
 * two of them 9.
 */
const PER_FRAME = 2

const followed = new Map<string, Signal<Snapshot>>()
const due = new Set<string>()
let frame = 0

effect(() => {
  void sorted.value
  for (const [name, snapshot] of followed) {
    // The list keeps room for how high it is now.
    const before = snapshot.peek().row
    const fresh = latest(name, before)
    if (sizeOf(fresh.row) !== sizeOf(before)) snapshot.value = fresh
    else due.add(name)
  }
  if (due.size === 0 || frame !== 0) return
  // After the frame in which the order changes.
  frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(showSome)
  })
})

function showSome(): void {
  frame = 0
  let left = PER_FRAME
  batch(() => {
    for (const name of due) {
      if (left <= 0) break
      due.delete(name)
      const snapshot = followed.get(name)
      if (snapshot === undefined) continue
      const before = snapshot.value.row
      snapshot.value = latest(name, before)
      // Another badge, another explanation, another band: as much as several rows of which some numbers change.
      left -= snapshot.value.row.state === before.state ? 1 : PER_FRAME
    }
  })
  if (due.size > 0) frame = requestAnimationFrame(showSome)
}

/** A breaker that is gone stays as it was, until its row is gone as well. */
function latest(name: string, before?: Row): Snapshot {
  return { row: untracked(() => rowOf(name)) ?? (before as Row), at: now.peek() }
}

/** What the row of a breaker shows. */
export function useSnapshot(name: string): ReadonlySignal<Snapshot> {
  const snapshot = useMemo(() => signal(latest(name)), [name])
  useEffect(() => {
    followed.set(name, snapshot)
    return () => {
      if (followed.get(name) === snapshot) followed.delete(name)
    }
  }, [snapshot])
  return snapshot
}
