import type { Finding } from './record.ts'
import type { ClosedView, RuleType, Totals, TripRule } from './rule.ts'

/** What a custom rule may look at: the closed circuit, just after a call has settled. */
export interface WhenView {
  /** Failures in a row. */
  readonly consecutiveFailures: number
  /** Since the circuit closed. */
  readonly successes: number
  /** Since the circuit closed. */
  readonly failures: number
  /** Calls in flight. */
  readonly inFlight: number
  /** Ms since the circuit closed. */
  readonly closedFor: number
  /** Whether the call that has just settled failed. */
  readonly failed: boolean
}

/** A custom rule: returning true opens the circuit. */
export type TripPredicate = (view: WhenView) => boolean

class When implements TripRule<TripPredicate, undefined> {
  #predicate: TripPredicate
  #failed = false

  constructor(predicate: TripPredicate) {
    this.#predicate = predicate
  }

  get name(): 'when' {
    return 'when'
  }

  /** The predicate decides after every call. */
  get needsTime(): boolean {
    return true
  }

  record(failed: boolean): void {
    this.#failed = failed
  }

  recordUntimedSuccess(): void {}

  finding(
    now: number,
    { consecutiveFailures, since }: ClosedView,
    { counters, history }: Totals,
  ): Finding | undefined {
    const opens = this.#predicate({
      consecutiveFailures,
      successes: counters.success - (history?.countsAtClose.success ?? 0),
      failures: counters.failure - (history?.countsAtClose.failure ?? 0),
      inFlight: counters.inFlight,
      closedFor: now - since,
      failed: this.#failed,
    })
    return opens ? { rule: 'when', observed: 1, threshold: 1 } : undefined
  }

  status(): undefined {}

  configure(predicate: TripPredicate): undefined {
    this.#predicate = predicate
  }

  clone(): When {
    return new When(this.#predicate)
  }

  save(): undefined {}
}

export const when: RuleType<TripPredicate, undefined> = {
  name: 'when',
  needsDuration: false,
  evidence: undefined,
  create: (predicate) => new When(predicate),
  restore: (predicate) => new When(predicate),
}
