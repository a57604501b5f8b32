import type { Permit } from './permit.ts'
import type { OverdueRule } from './trip/rule.ts'

/** The calls of one closed state that are in flight and not yet overdue, oldest first. */
export class InFlight {
  first: Permit | undefined = undefined
  #last: Permit | undefined = undefined
  /** The rule that charges those that become overdue. */
  readonly rule: OverdueRule<unknown>

  constructor(rule: OverdueRule<unknown>) {
    this.rule = rule
  }

  add(permit: Permit): void {
    permit.list = this
    permit.previous = this.#last
    if (this.#last === undefined) this.first = permit
    else this.#last.next = permit
    this.#last = permit
  }

  remove(permit: Permit): void {
    // It may have been admitted before this list was kept, and be in an earlier one.
    if (permit.list !== this) return
    const { previous, next } = permit
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    permit.list = permit.previous = permit.next = undefined
  }

  /** A list of copies that `rule` charges. */
  clone(rename: (permit: Permit) => Permit, rule: OverdueRule<unknown>): InFlight {
    const copy = new InFlight(rule)
    for (let permit = this.first; permit !== undefined; permit = permit.next) {
      copy.add(rename(permit))
    }
    return copy
  }
}
