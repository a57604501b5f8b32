import type { Machine } from '../core/machine.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import type { TransitionReason } from '../core/transition.ts'
import { overrideText } from './override.ts'
import { whyOpen } from './trip.ts'

/** What the error of a rejected call says. */
export interface Rejected {
  readonly reason: TransitionReason | RejectReason
  readonly message: string
}

/** Why a call was rejected, for its error: what keeps the circuit open now. */
export function describeRejection(
  name: string,
  reason: RejectReason,
  { state, override }: Machine,
): Rejected {
  if (reason === 'forced-open' && override !== undefined) {
    return { reason, message: `circuit "${name}" is ${overrideText(override)}` }
  }
  // A listener may have moved the circuit on since the call was rejected.
  if (state.name === 'closed') return { reason, message: `circuit "${name}" was ${reason}` }
  const why = whyOpen(state)
  const message =
    reason === 'half-open'
      ? `circuit "${name}" is half-open with all probes in flight; it opened because ${why.text}`
      : `circuit "${name}" is open because ${why.text}`
  return { reason: why.reason, message }
}
