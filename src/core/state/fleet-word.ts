import type { MachineSettings } from '../settings.ts'
import type { ManualOptions, StateName } from '../transition.ts'
import type { State } from './state.ts'

/** What the fleet says about its state: why it changed, by whom, and what this machine is to do. */
export interface FleetWord extends ManualOptions {
  readonly state: StateName
  /** While it is open: for how much longer, ms. */
  readonly for?: number | undefined
  /** It was closed by hand: then a circuit closes, too, that has opened by itself. */
  readonly reset?: boolean | undefined
}

/** Said when the fleet can't be heard any more while its word is in force. */
export const UNHEARD: ManualOptions = /* @__PURE__ */ Object.freeze({
  reason: 'the store cannot be reached',
})

/**
 * What a machine does to follow the fleet. Without a word the fleet can't be heard: an open time that has begun
 * goes on, and probes are local ones again. So they are in a fleet that has closed, where the machine recovers by a
 * slow start: all processes at once could be too much for the target.
 */
export function follow(
  state: State,
  word: FleetWord | undefined,
  now: number,
  { recovery }: MachineSettings,
): 'close' | 'open' | 'probe' | undefined {
  const follows = state.name !== 'closed' && state.fleet
  if (word === undefined) {
    if (state.name === 'open') state.fleet = false
    return follows && state.name === 'half-open' ? 'probe' : undefined
  }
  if (word.state === 'closed') {
    if (follows && !word.reset && recovery.kind === 'slowStart') return 'probe'
    return follows || word.reset || state.name === 'closed' ? 'close' : undefined
  }
  if (word.state === 'open' || !follows) return 'open'
  if (state.name === 'open') state.until = Math.min(state.until, now)
  return undefined
}
