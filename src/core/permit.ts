/** A state under which calls are let through; `name` tells which of the two. */
export interface AdmittingState {
  readonly name: 'closed' | 'half-open'
  readonly generation: number
}

/** When a probe must have ended, ms. */
interface Expiry {
  /** When its result is expected at the latest. */
  readonly due: number
  /** When it expires. Later than {@link due} where the call has a timer of its own. */
  deadline: number
}

/**
 * What an admitted call holds. The state it was admitted under is its generation: a transition
 * replaces the state object, so `permit.state !== machine.state` tells a stale result.
 */
export class Permit {
  readonly state: AdmittingState | null
  readonly startedAt: number
  /** Apart, as only probes have one: 50 bytes less for every other call. */
  readonly expiry: Expiry | undefined
  /** False once settled or expired; whatever comes later does nothing. */
  open = true
  /** When a first part of the answer was there: from then on the caller may take its time. */
  deliveredAt: number | undefined = undefined
  /** True once it was counted as hung, before its end. */
  overdue = false
  /** The list of calls in flight that it is in, and its neighbours there. */
  list: PermitList | undefined = undefined
  previous: Permit | undefined = undefined
  next: Permit | undefined = undefined

  /** Of a probe, where `due` is given. */
  constructor(state: AdmittingState | null, startedAt: number, due?: number, backstop = 0) {
    this.state = state
    this.startedAt = startedAt
    this.expiry = due === undefined ? undefined : { due, deadline: due + backstop }
  }

  get probe(): boolean {
    return this.expiry !== undefined
  }

  /** `Infinity` for anything but a probe, as its {@link deadline}. */
  get due(): number {
    return this.expiry?.due ?? Infinity
  }

  get deadline(): number {
    return this.expiry?.deadline ?? Infinity
  }

  get shared(): false {
    return false
  }

  /** At its deadline, a probe that has delivered has succeeded. */
  get delivered(): boolean {
    return this.deliveredAt !== undefined
  }

  /** A first part of the answer is there: the call's own timer no longer limits the whole. */
  deliver(now: number): void {
    this.deliveredAt = now
    if (this.expiry !== undefined) this.expiry.deadline = this.expiry.due
    if (this.list !== undefined) this.list.delivered++
  }

  /** How long the target took; the time after the delivery is the caller's. */
  duration(now: number): number {
    return (this.deliveredAt ?? now) - this.startedAt
  }

  clone(state: AdmittingState | null): Permit {
    const { due, deadline } = this.expiry ?? {}
    const copy = new Permit(state, this.startedAt, due, (deadline ?? 0) - (due ?? 0))
    copy.open = this.open
    copy.deliveredAt = this.deliveredAt
    copy.overdue = this.overdue
    return copy
  }
}

/** Permits in the order in which they were added. Adding and removing take constant time. */
export class PermitList {
  first: Permit | undefined = undefined
  last: Permit | undefined = undefined
  size = 0
  /** Those of them that have delivered a part of their answer. */
  delivered = 0

  add(permit: Permit): void {
    permit.list = this
    permit.previous = this.last
    if (this.last === undefined) this.first = permit
    else this.last.next = permit
    this.last = permit
    this.size++
    if (permit.delivered) this.delivered++
  }

  remove(permit: Permit): void {
    // It may have been admitted before this list was kept, and be in an earlier one.
    if (permit.list !== this) return
    const { previous, next } = permit
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    permit.list = permit.previous = permit.next = undefined
    this.size--
    if (permit.delivered) this.delivered--
  }

  /** Fills a copy with copies. */
  copyTo<T extends PermitList>(copy: T, rename: (permit: Permit) => Permit): T {
    for (let permit = this.first; permit !== undefined; permit = permit.next) {
      copy.add(rename(permit))
    }
    return copy
  }
}

/**
 * What all calls of a closed state hold that measures no durations. It never closes, and knows no
 * more than its state: a breaker needs one after its first call, and there may be a million breakers.
 */
export class SharedPermit {
  readonly state: AdmittingState

  constructor(state: AdmittingState) {
    this.state = state
  }

  get shared(): true {
    return true
  }

  get open(): true {
    return true
  }

  get probe(): false {
    return false
  }
}

export type AnyPermit = Permit | SharedPermit

function closedPermit(): Permit {
  const permit = new Permit(null, 0)
  permit.open = false
  return Object.freeze(permit)
}

/** Held by calls that a disabled breaker lets pass: they are not recorded at all. */
export const UNRECORDED: Permit = /* @__PURE__ */ closedPermit()

/** Held by calls that only a forced-closed override lets pass: their results are no evidence. */
export const UNENFORCED: Permit = /* @__PURE__ */ closedPermit()
