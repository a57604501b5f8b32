import { type Clock, sharedClock } from '../clock.ts'
import type { Permit } from '../core/permit.ts'
import type { ResolvedOptions } from '../options.ts'

/** A process that was stopped for longer than this has lost its connections anyway, ms. */
const LONGEST_STALL = 60_000

/** A timer that is so late, ms, has ended with its request. */
const LATE = 1_000

/**
 * How much later than its deadline a probe expires that has a timer of its own, ms. That timer decides where it is the
 * shorter one, a turn after it fires. The deadline that other calls see must not come first: however long the event
 * loop was blocked, an answer that waits in the socket wins. Where timers may be lost, there is only the deadline.
 */
export function backstopOf(
  clock: Clock,
  timeout: number | undefined,
  { recovery }: ResolvedOptions,
): number {
  const decides = timeout !== undefined && timeout <= recovery.timeout
  return decides && sharedClock(clock) !== undefined ? LONGEST_STALL : 0
}

/** The calls in flight that expire by the clock as well: the end of a request may take their timers, as in Workers. */
export class ExpiringCalls {
  readonly #deadlines = new Map<Permit, number>()

  /** Those that have ended since are among them until they are looked through. */
  get size(): number {
    return this.#deadlines.size
  }

  add(permit: Permit, deadline: number): void {
    this.#deadlines.set(permit, deadline)
  }

  /** Takes out those that no timer has ended in time. */
  takeExpired(now: number): Permit[] {
    const expired: Permit[] = []
    for (const [permit, deadline] of this.#deadlines) {
      // One that has delivered is ended by who reads it.
      const isWaiting = permit.open && !permit.delivered
      if (isWaiting && now < deadline + LATE) continue
      this.#deadlines.delete(permit)
      if (isWaiting) expired.push(permit)
    }
    return expired
  }
}
