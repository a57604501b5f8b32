import type { FleetBreaker, ProcessStatus } from '../../fleet/index.ts'

/** The stamp of something that was done by hand: who has not heard of it is behind. */
export interface Command {
  readonly name: string
  readonly stamp: number
  readonly what: string
}

const PER_MS = 1024
const BY_HAND = ['trip', 'halfOpen', 'reset']

/** True for a reason of the automatic state that is something that was done by hand. */
export function isByHand(reason: string): boolean {
  return BY_HAND.includes(reason)
}

/** When something was done, ms by the clock of the store. */
export function madeAt(stamp: number): number {
  return Math.floor(stamp / PER_MS)
}

/** What was last done to a breaker by hand. */
export function commandsOf({ name, registers: { automatic, override } }: FleetBreaker): Command[] {
  const commands: Command[] = []
  // Without a name it has lifted itself, in every process.
  if (override.stamp > 0 && !(override.mode === null && override.by === '')) {
    const what = override.mode === null ? 'its release' : override.mode.replace('-', ' ')
    commands.push({ name, stamp: override.stamp, what })
  }
  if (isByHand(automatic.reason)) {
    commands.push({ name, stamp: automatic.stamp, what: automatic.reason })
  }
  return commands
}

/** Which processes have heard of what has this stamp. */
export function appliedBy(
  processes: readonly ProcessStatus[],
  stamp: number,
): { readonly applied: number; readonly of: number; readonly missing: readonly ProcessStatus[] } {
  const missing = processes.filter(({ heard }) => heard < stamp)
  return { applied: processes.length - missing.length, of: processes.length, missing }
}
