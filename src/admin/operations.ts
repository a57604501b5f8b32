import type { CircuitBreaker, OverrideMode, Snapshot } from '../index.ts'
import type { LogKind, NewEntry } from './log.ts'
import { invalid } from './problem.ts'
import type { Operation } from './routes.ts'
import { span } from './text.ts'
import { type CheckedWrite, patchOf, type Write } from './write-request.ts'

/** What takes back what was done: the operation to ask for, and its body. */
export interface Undo {
  readonly operation: Operation
  readonly body: Write
}

/** What has been done. */
export interface Done {
  readonly entry: NewEntry
  readonly undo: Undo | null
}

const MODES: Readonly<Partial<Record<Operation, OverrideMode>>> = {
  'force-open': 'forced-open',
  'force-closed': 'forced-closed',
  disable: 'disabled',
}
const OPERATION_OF: Readonly<Record<OverrideMode, Operation>> = {
  'forced-open': 'force-open',
  'forced-closed': 'force-closed',
  disabled: 'disable',
}
const KINDS: Readonly<Partial<Record<Operation, LogKind>>> = {
  trip: 'trip',
  reset: 'reset',
  release: 'release',
  configure: 'configure',
}

/**
 * Does to a breaker what was asked for.
 *
 * @param wall the wall clock, by which an override ends
 * @throws Problem for a patch that is wrong; then nothing has changed
 */
export function perform(
  breaker: CircuitBreaker,
  operation: Operation,
  { reason, ms, patch }: CheckedWrite,
  by: string | undefined,
  wall: number,
): Done {
  const before = breaker.snapshot()
  const said = { reason, by }
  const lasting = { ...said, for: ms }
  let text = TEXTS[operation]
  if (operation === 'configure') {
    const { changed, lost } = configure(breaker, patch, said)
    text = `changed ${Object.keys(changed).join(', ') || 'nothing'}`
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
  const isOverride = MODES[operation] !== undefined
  if (ms !== undefined) text += ` for ${span(ms)}`
  else if (isOverride) text += ', no end'
  if (operation === 'release' && before.override === null) text = 'was not overridden'
  const until = isOverride && ms !== undefined ? wall + ms : null
  return {
    entry: entryOf(operation, before, breaker, text, reason, until),
    undo: undoOf(operation, before, reason, wall),
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

function undoOf(operation: Operation, before: Snapshot, reason: string, wall: number): Undo | null {
  const why = `Undo: ${reason}`.slice(0, 500)
  if (operation === 'trip') return { operation: 'reset', body: { reason: why } }
  const { override } = before
  if (operation === 'reset' || (operation === 'release' && override === null)) return null
  if (override === null) return { operation: 'release', body: { reason: why } }
  const { mode, until } = override
  const left = until === null ? null : Math.max(1, Math.round(until - wall))
  return { operation: OPERATION_OF[mode], body: { reason: override.reason ?? why, for: left } }
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
  const body = { reason: `Undo: ${reason}`.slice(0, 500), patch }
  return { operation: 'configure', body }
}
