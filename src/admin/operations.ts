import type { FleetCommand } from '../fleet/index.ts'
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

/** What is done to a whole fleet. */
export function commandOf(
  operation: Exclude<Operation, 'configure'>,
  { reason, ms = 0 }: CheckedWrite,
  by: string | undefined,
): FleetCommand {
  const said = { reason, by: by ?? '' }
  if (operation === 'reset') return { kind: 'reset', ...said }
  if (operation === 'trip') return { kind: 'trip', for: ms, ...said }
  return { kind: 'override', mode: MODES[operation] ?? null, for: ms, ...said }
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
  const undo = undoOf(operation, before, reason, wall)
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
