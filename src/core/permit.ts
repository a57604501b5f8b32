import type { Closed, HalfOpen } from './state.ts'

/**
 * What an admitted call holds. The state it was admitted under is its generation: a transition
 * replaces the state object, so `permit.era !== machine.state` tells a stale result.
 */
export class Permit {
  readonly era: Closed | HalfOpen | null
  readonly startedAt: number
  /** Past it a probe is given up; `Infinity` for every other call. */
  readonly deadline: number
  /** False once settled or expired; whatever comes later does nothing. */
  held = true
  /** True once a stream has given its first item: at its deadline such a probe has succeeded. */
  delivered = false
  /** True once it was counted as hung, before its end. */
  overdue = false
  /** Its neighbours in the line of calls in flight. */
  previous: Permit | undefined = undefined
  next: Permit | undefined = undefined

  constructor(era: Closed | HalfOpen | null, startedAt: number, deadline: number) {
    this.era = era
    this.startedAt = startedAt
    this.deadline = deadline
  }

  get probe(): boolean {
    return this.deadline !== Infinity
  }

  clone(era: Closed | HalfOpen): Permit {
    const copy = new Permit(era, this.startedAt, this.deadline)
    copy.held = this.held
    copy.delivered = this.delivered
    copy.overdue = this.overdue
    return copy
  }
}

function nothingHeld(): Permit {
  const permit = new Permit(null, 0, Infinity)
  permit.held = false
  return Object.freeze(permit)
}

/** Held by calls that a disabled breaker lets pass: they are not recorded at all. */
export const UNRECORDED: Permit = /* @__PURE__ */ nothingHeld()

/** Held by calls that only a forced-closed override lets pass: their results are no evidence. */
export const UNENFORCED: Permit = /* @__PURE__ */ nothingHeld()
