import type { CircuitBreaker, Snapshot } from '../index.ts'
import type { LogKind, NewEntry } from './log.ts'
import { invalid } from './problem.ts'
import { MODES, type Operation } from './routes.ts'
import { span } from './text.ts'
import { reasonOfUndo, type Undo, undoOf } from './undo.ts'
import { type CheckedWrite, patchOf } from './write-request.ts'

/** What has been done. */
export interface Done {
  readonly entry: NewEntry
  readonly undo: Undo | null
}

const KINDS: Readonly<Partial<Record<Operation, LogKind>>> = {
  trip: 'trip',
  reset: 'reset',
  release: 'release',
  configure: 'configure',
}

/**
 * Does to a breaker of this process what was asked for, and says what was done.
 *
 * @param wall the wall clock, by which an override ends
 * @throws Problem for a patch that is wrong; then nothing has changed
 */
export function perform(
  breaker: CircuitBreaker,
  operation: Operation,
  write: CheckedWrite,
  by: string | undefined,
  wall: number,
): Done {
  const { reason, ms, patch } = write
  const before = breaker.snapshot()
  const said = { reason, by }
  const lasting = { ...said, for: ms }
  if (operation === 'configure') {
    const { changed, lost } = configure(breaker, patch, said)
    let text = `changed ${Object.keys(changed).join(', ') || 'nothing'}`
    if (lost.length > 0) text += `; lost ${lost.join(', ')}`
    const undo = undoOfConfigure(breaker, reverse(before, patch, changed), reason)
    return { entry: entryOf(operation, before, breaker, text, reason, null), undo }
  }
  if (operation === 'trip') breaker.trip(lasting)
  else if (operation === 'reset') breaker.reset(said)
  else if (operation === 'release') breaker.release(said)
  else if (operation === 'force-open') breaker.forceOpen(lasting)
  else if (operation === 'force-closed') breaker.forceClosed(lasting)
  else breaker.disable(lasting)
  return doneOf(breaker, operation, before, write, wall)
}

/** What to say of a breaker to which something was done. */
export function doneOf(
  breaker: CircuitBreaker,
  operation: Operation,
  before: Snapshot,
  { reason, ms, scope }: CheckedWrite,
  wall: number,
): Done {
  const isOverride = MODES[operation] !== undefined
  let text = TEXTS[operation]
  if (ms !== undefined) text += ` for ${span(ms)}`
  else if (isOverride) text += ', no end'
  if (operation === 'release' && before.override === null) text = 'was not overridden'
  if (before.fleet !== null) {
    text += scope === 'fleet' ? ', in the whole fleet' : ', in this process only'
  }
  const until = isOverride && ms !== undefined ? wall + ms : null
  const undo = undoOf(operation, before.override, reason, wall)
  const isHere = before.fleet !== null && scope === 'process'
  return {
    entry: entryOf(operation, before, breaker, text, reason, until),
    undo: undo && isHere ? { ...undo, body: { ...undo.body, scope } } : undo,
  }
}

const TEXTS: Readonly<Record<Operation, string>> = {
  trip: 'tripped',
  reset: 'reset',
  release: 'released',
  'force-open': 'forced open',
  'force-closed': 'forced closed',
  disable: 'disabled',
  configure: 'configured',
}

function entryOf(
  operation: Operation,
  before: Snapshot,
  breaker: CircuitBreaker,
  text: string,
  reason: string,
  until: number | null,
): NewEntry {
  return {
    kind: KINDS[operation] ?? 'override',
    breaker: breaker.name,
    text,
    reason,
    until,
    before: shownOf(before),
    after: shownOf(breaker.snapshot()),
  }
}

function shownOf({ override, automatic }: Snapshot): string {
  return override?.mode ?? automatic
}

/** @throws Problem with what the library says of a patch that is wrong */
export function configure(
  breaker: CircuitBreaker,
  patch: CheckedWrite['patch'],
  options: { reason?: string; by?: string | undefined; dryRun?: boolean },
): ReturnType<CircuitBreaker['configure']> {
  try {
    return breaker.configure(patch, options)
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    throw invalid({ pointer: '/patch', message: error.message })
  }
}

/** A patch that puts back what has changed. */
function reverse({ options }: Snapshot, patch: object, changed: object): Record<string, unknown> {
  const keys = new Set([...Object.keys(patch), ...Object.keys(changed)])
  // What it stands for is among the rules.
  if (keys.has('trip')) keys.add('maxFailures')
  return Object.fromEntries(Array.from(keys, (key) => [key, options[key] ?? null]))
}

/** None if the options were functions, which JSON can't carry, or are not taken as they are shown. */
function undoOfConfigure(
  breaker: CircuitBreaker,
  patch: Record<string, unknown>,
  reason: string,
): Undo | null {
  const usable = patchOf(patch)
  try {
    breaker.configure(usable, { dryRun: true })
  } catch {
    return null
  }
  const body = { reason: reasonOfUndo(reason), patch }
  return { operation: 'configure', body }
}
