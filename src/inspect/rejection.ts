import type { Machine } from '../core/machine.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import type { TransitionReason } from '../core/transition.ts'
import { overrideText } from './override.ts'
import { whyOpen } from './trip.ts'

/** What the error of a rejected call says. */
export interface Explained {
  readonly reason: TransitionReason | RejectReason
  readonly message: string
}

/** Why a call was rejected, for its error: what keeps the circuit open now. */
export function explainRejection(
  name: string,
  reason: RejectReason,
  { state, override }: Machine,
): Explained {
  if (reason === 'forced-open' && override !== undefined) {
    return { reason, message: `circuit "${name}" is ${overrideText(override)}` }
  }
  if (state.name === 'closed') return { reason, message: `circuit "${name}" is ${reason}` }
  const why = whyOpen(state)
  const message =
    reason === 'half-open'
      ? `circuit "${name}" is half-open with all probes in flight; it opened because ${why.text}`
      : `circuit "${name}" is open because ${why.text}`
  return { reason: why.reason, message }
}
