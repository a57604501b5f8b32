import { OpenBackoff } from './recovery/open-duration.ts'
import type { StateName } from './transition.ts'
import { TripHistory } from './trip/history.ts'
import type { TripRecord } from './trip/record.ts'

/** What is remembered of states that are over. A breaker in its first state has none. */
export class History {
  history: TripHistory
  openings: OpenBackoff = new OpenBackoff()
  /** Ms spent in each state before the one that is there. */
  timeInState: Record<StateName, number> = { closed: 0, open: 0, 'half-open': 0 }
  /** Successes and failures before the circuit last closed. */
  countsAtClose: { readonly success: number; readonly failure: number } = { success: 0, failure: 0 }

  constructor(history: number) {
    this.history = new TripHistory(history)
  }

  /** Enters in `copies` which record became which. */
  clone(copies: Map<TripRecord, TripRecord>): History {
    const copy = new History(0)
    copy.history = this.history.clone(copies)
    copy.openings = this.openings.clone()
    copy.timeInState = { ...this.timeInState }
    copy.countsAtClose = this.countsAtClose
    return copy
  }
}
