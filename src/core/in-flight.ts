import { type Permit, PermitList } from './permit.ts'
import type { OverdueRule } from './trip/rule.ts'

/** The calls of one closed state that are in flight and not yet overdue, oldest first. */
export class InFlight extends PermitList {
  /** The rule that charges those that become overdue. */
  readonly rule: OverdueRule<unknown>

  constructor(rule: OverdueRule<unknown>) {
    super()
    this.rule = rule
  }

  /** A list of copies that `rule` charges. */
  clone(rename: (permit: Permit) => Permit, rule: OverdueRule<unknown>): InFlight {
    return this.copyTo(new InFlight(rule), rename)
  }
}
