import { admits } from '../recovery/recovery.ts'
import type { Override } from './override.ts'
import type { State } from './state.ts'

/** Ms until a call may pass; `undefined` when it may now, or when nobody can know. */
export function retryAfter(
  state: State,
  override: Override | undefined,
  now: number,
): number | undefined {
  const automatic = untilAutomatic(state, now)
  if (override === undefined) return automatic
  if (override.mode !== 'forced-open') return undefined
  return override.until === Infinity ? undefined : Math.max(override.until - now, automatic ?? 0)
}

function untilAutomatic(state: State, now: number): number | undefined {
  if (state.name === 'open') return Math.max(0, state.until - now)
  if (state.name === 'closed' || admits(state.recovery)) return undefined
  return Math.max(0, state.recovery.wait(now))
}
