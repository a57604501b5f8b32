import type { BreakerReading, CircuitRegistry } from '../index.ts'
import { nextTurn } from './platform.ts'

/** So many breakers are read at once: well under a millisecond, so that calls do not wait for it. */
const PART = 100

/** Reads all breakers, or those that are named, in parts of `size`; yields between them where there are many. */
export function* readAll(
  registry: CircuitRegistry,
  visit: (reading: BreakerReading) => void,
  { names, size = PART }: { names?: readonly string[]; size?: number } = {},
): Generator<void> {
  let part: string[] = []
  // No more than there are now, as some may be added meanwhile.
  let left = names?.length ?? registry.size
  for (const name of names ?? registry.names()) {
    if (left-- <= 0) break
    part.push(name)
    if (part.length < size) continue
    registry.read(visit, part)
    part = []
    yield
  }
  registry.read(visit, part)
}

/** Visits items; yields after each `size` of them. */
export function* inParts<T>(
  items: Iterable<T>,
  size: number,
  visit: (item: T) => void,
): Generator<void> {
  let left = size
  for (const item of items) {
    if (left-- === 0) {
      yield
      left = size - 1
    }
    visit(item)
  }
}

/** Lets other work have its turn whenever `work` yields. Undefined if it has ended without. */
export function inTurns(work: Generator<void>): Promise<void> | undefined {
  return work.next().done ? undefined : rest(work)
}

async function rest(work: Generator<void>): Promise<void> {
  do await nextTurn()
  while (!work.next().done)
}
