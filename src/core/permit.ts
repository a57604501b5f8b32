import type { Closed, HalfOpen } from './state.ts'

/**
 * What an admitted call holds. The state it was admitted under is its generation: a transition
 * replaces the state object, so `permit.era !== machine.state` tells a stale result.
 */
export class Permit {
  /** False once settled or expired; whatever comes later does nothing. */
  held = true
  /** True once a stream has given its first item: at its deadline such a probe has succeeded. */
  delivered = false

  readonly era: Closed | HalfOpen | null
  /** Past it a probe is given up; `Infinity` for every other call. */
  readonly deadline: number

  constructor(era: Closed | HalfOpen | null, deadline: number) {
    this.era = era
    this.deadline = deadline
  }

  get probe(): boolean {
    return this.deadline !== Infinity
  }

  clone(era: HalfOpen): Permit {
    const copy = new Permit(era, this.deadline)
    copy.held = this.held
    copy.delivered = this.delivered
    return copy
  }
}

function nothingHeld(): Permit {
  const permit = new Permit(null, Infinity)
  permit.held = false
  return Object.freeze(permit)
}

/** Held by calls that a disabled breaker lets pass: they are not recorded at all. */
export const UNRECORDED: Permit = /* @__PURE__ */ nothingHeld()

/** Held by calls that only a forced-closed override lets pass: their results are no evidence. */
export const UNENFORCED: Permit = /* @__PURE__ */ nothingHeld()
