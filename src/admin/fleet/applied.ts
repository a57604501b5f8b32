import type { FleetReading } from '../../fleet/index.ts'
import { madeAt } from './commands.ts'

/** How far something has got in a fleet that was done by hand. */
export interface Applied {
  /** To ask for it again by `operations/`. */
  readonly id: string
  /** How many processes have heard of it, of how many. */
  readonly applied: number
  readonly of: number
  readonly done: boolean
  /** How long ago it was done, ms. */
  readonly took: number
  /** Those that have not heard of it, and how long ago they were last seen, ms; at most 100. */
  readonly missing: readonly { readonly process: string; readonly age: number }[]
}

/** In the time in which processes usually say that they have heard of something, ms. */
export const USUALLY = 300
const LOOK_AGAIN = 25
const MOST_MISSING = 100

/** Which processes have heard of what has this stamp. */
export function appliedOf({ nowMs, processes }: FleetReading, stamp: number): Applied {
  const missing = processes.filter(({ heard }) => heard < stamp)
  return {
    id: `${stamp}`,
    applied: processes.length - missing.length,
    of: processes.length,
    done: missing.length === 0,
    took: Math.max(0, nowMs - madeAt(stamp)),
    missing: missing
      .slice(0, MOST_MISSING)
      .map(({ process, seenAt }) => ({ process, age: Math.max(0, nowMs - seenAt) })),
  }
}

/** Looks until all processes have heard of it, or for so many ms. */
export async function untilApplied(
  look: () => Promise<Applied>,
  ms: number,
  time: { now(): number; sleep(ms: number): Promise<void> },
): Promise<Applied> {
  const end = time.now() + ms
  for (;;) {
    const applied = await look()
    if (applied.done || time.now() >= end) return applied
    await time.sleep(LOOK_AGAIN)
  }
}
