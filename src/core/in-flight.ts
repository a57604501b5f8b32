import type { Permit } from './permit.ts'

/** The calls of one closed state that are in flight and not yet overdue, oldest first. */
export class InFlight {
  first: Permit | undefined = undefined
  #last: Permit | undefined = undefined

  add(permit: Permit): void {
    permit.previous = this.#last
    if (this.#last === undefined) this.first = permit
    else this.#last.next = permit
    this.#last = permit
  }

  remove(permit: Permit): void {
    const { previous, next } = permit
    // It may have begun before anybody kept this line.
    if (previous === undefined && this.first !== permit) return
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    permit.previous = permit.next = undefined
  }

  /** With each call as `rename` gives it. */
  clone(rename: (permit: Permit) => Permit): InFlight {
    const copy = new InFlight()
    for (let value = this.first; value !== undefined; value = value.next) copy.add(rename(value))
    return copy
  }
}
