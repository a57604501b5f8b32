import type { OverrideMode, Snapshot } from '../index.ts'
import type { Operation } from './routes.ts'
import type { Write } from './write-request.ts'

/** What takes back what was done: the operation to ask for, and its body. */
export interface Undo {
  readonly operation: Operation
  readonly body: Write
}

const OPERATION_OF: Readonly<Record<OverrideMode, Operation>> = {
  'forced-open': 'force-open',
  'forced-closed': 'force-closed',
  disabled: 'disable',
}

export function reasonOfUndo(reason: string): string {
  return `Undo: ${reason}`.slice(0, 500)
}

/** What takes it back, where `override` was there before; null for what can't be taken back. */
export function undoOf(
  operation: Operation,
  override: Snapshot['override'],
  reason: string,
  wall: number,
): Undo | null {
  const why = reasonOfUndo(reason)
  if (operation === 'trip') return { operation: 'reset', body: { reason: why } }
  if (operation === 'reset' || (operation === 'release' && override === null)) return null
  if (override === null) return { operation: 'release', body: { reason: why } }
  const { mode, until } = override
  const left = until === null ? null : Math.max(1, Math.round(until - wall))
  return { operation: OPERATION_OF[mode], body: { reason: override.reason ?? why, for: left } }
}
