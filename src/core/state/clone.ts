import type { LatencyBaseline } from '../measure/latency-baseline.ts'
import type { Permit } from '../permit.ts'
import type { TripRecord } from '../trip/record.ts'
import type { Closed } from './closed.ts'
import type { HalfOpen } from './half-open.ts'
import type { State } from './state.ts'

/** A state that shares nothing with the original that either of them will change. */
export function cloneState(
  state: State,
  tripOf: (trip: TripRecord) => TripRecord,
  baseline: LatencyBaseline,
): State {
  switch (state.name) {
    case 'open':
      return { ...state, trip: tripOf(state.trip) }
    case 'closed': {
      const copy: Closed = {
        ...state,
        failures: state.failures?.clone() ?? null,
        rules: state.rules?.clone() ?? null,
      }
      copy.inFlight = state.inFlight?.clone((permit) => permit.clone(copy)) ?? null
      return copy
    }
    case 'half-open': {
      const copy: HalfOpen = { ...state, trip: tripOf(state.trip) }
      const rename = (probe: Permit): Permit => probe.clone(copy)
      copy.recovery = state.recovery.clone(rename, baseline)
      return copy
    }
  }
}
