import { Openings } from './recovery/open-duration.ts'
import type { StateName } from './transition.ts'
import { TripHistory } from './trip/history.ts'
import type { TripRecord } from './trip/record.ts'

/** What is remembered of states that are over. A breaker in its first state has none. */
export class Past {
  history: TripHistory
  openings: Openings = new Openings()
  /** Ms spent in each state before the one that is there. */
  spent: Record<StateName, number> = { closed: 0, open: 0, 'half-open': 0 }
  /** Successes and failures before the circuit last closed. */
  before: { readonly success: number; readonly failure: number } = { success: 0, failure: 0 }

  constructor(history: number) {
    this.history = new TripHistory(history)
  }

  /** Enters in `copies` which record became which. */
  clone(copies: Map<TripRecord, TripRecord>): Past {
    const copy = new Past(0)
    copy.history = this.history.clone(copies)
    copy.openings = this.openings.clone()
    copy.spent = { ...this.spent }
    copy.before = this.before
    return copy
  }
}
