import type { Answer, FleetBreaker, FleetCommand } from '../../fleet/index.ts'
import { MODES, type Operation } from '../routes.ts'
import type { CheckedWrite } from '../write-request.ts'

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

/** What is done to a whole fleet. */
export function commandOf(
  operation: Exclude<Operation, 'configure'>,
  { reason, ms = 0 }: Pick<CheckedWrite, 'reason' | 'ms'>,
  by: string | undefined,
): FleetCommand {
  const said = { reason, by: by ?? '' }
  if (operation === 'reset') return { kind: 'reset', ...said }
  if (operation === 'trip') return { kind: 'trip', for: ms, ...said }
  return { kind: 'override', mode: MODES[operation] ?? null, for: ms, ...said }
}

/** The stamp of what a command has done. */
export function stampOf(
  { kind }: FleetCommand,
  { registers: { automatic, override } }: Answer,
): number {
  return kind === 'override' ? override.stamp : automatic.stamp
}
