import type { BreakerReading, CircuitRegistry } from '../index.ts'
import { nextTurn } from './platform.ts'

/** So many breakers are read at once: about a millisecond, so that calls do not wait for it. */
const PART = 250

/** Reads all breakers; yields between parts where there are many. */
export function* readAll(
  registry: CircuitRegistry,
  visit: (reading: BreakerReading) => void,
): Generator<void> {
  for (const names of inParts(registry.names(), registry.size)) {
    registry.read(visit, names)
    if (names.length === PART) yield
  }
}

/** Items in parts, as they come: no more than that, as some may be added meanwhile. */
function* inParts<T>(items: Iterable<T>, most: number): Generator<T[]> {
  let part: T[] = []
  let left = most
  for (const item of items) {
    if (left-- <= 0) break
    part.push(item)
    if (part.length < PART) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}

/** Lets other work have its turn whenever `work` yields. Undefined if it has ended without. */
export function inTurns(work: Generator<void>): Promise<void> | undefined {
  return work.next().done ? undefined : rest(work)
}

async function rest(work: Generator<void>): Promise<void> {
  do await nextTurn()
  while (!work.next().done)
}
