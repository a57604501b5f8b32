import type { Permit } from '../core/permit.ts'

/** A timer that is so late, ms, has ended with its request. */
const LATE = 1_000

/** The calls in flight whose timers may end with the request that has armed them, as in Workers. */
export class LosableCalls {
  readonly #deadlines = new Map<Permit, number>()

  /** Those that have ended since are among them until they are looked through. */
  get size(): number {
    return this.#deadlines.size
  }

  add(permit: Permit, deadline: number): void {
    this.#deadlines.set(permit, deadline)
  }

  /** Takes out those that no timer ends any more. */
  takeLost(now: number): Permit[] {
    const lost: Permit[] = []
    for (const [permit, deadline] of this.#deadlines) {
      // One that has delivered is ended by who reads it.
      const isWaiting = permit.open && !permit.delivered
      if (isWaiting && now < deadline + LATE) continue
      this.#deadlines.delete(permit)
      if (isWaiting) lost.push(permit)
    }
    return lost
  }
}
