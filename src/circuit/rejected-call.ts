import type { Machine } from '../core/machine.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import type { Override } from '../core/state/override.ts'
import { CircuitFullError, CircuitOpenError, type ShortCircuitError } from '../errors.ts'
import { explainRejection } from '../inspect/rejection.ts'
import type { ResolvedOptions } from '../options.ts'
import { noteRejection } from './probe-context.ts'

/** What calls are told that are rejected for the same reason. */
export interface RejectionDetails {
  readonly reason: RejectReason
  readonly generation: number
  readonly override: Override | undefined
  /** It has no stack trace: calls are rejected in great numbers. */
  readonly error: (retryAfter: number | undefined) => ShortCircuitError
}

interface Host {
  readonly name: string
  readonly machine: Machine
  readonly options: ResolvedOptions
}

/**
 * Describes why calls are rejected now, with all that may have changed when an error is created. `last`
 * is the description before, which mostly serves again: without it, an open circuit with a fallback
 * takes 167 ns in place of 130.
 */
export function describeRejection(
  circuit: Host,
  reason: RejectReason,
  last: RejectionDetails | undefined,
): RejectionDetails {
  const { name, machine, options } = circuit
  const { state, override, counters } = machine
  const { generation } = state
  if (last?.generation === generation && last.reason === reason && last.override === override) {
    return last
  }
  const same = { reason, generation, override }
  if (reason === 'full') {
    const maxConcurrent = options.maxConcurrent ?? counters.inFlight
    return { ...same, error: () => new CircuitFullError(name, maxConcurrent) }
  }
  const why = explainRejection(name, reason, machine)
  const about = {
    breaker: name,
    state: reason === 'half-open' ? reason : ('open' as const),
    reason: why.reason,
    cause: state.name === 'closed' ? undefined : state.cause,
    redact: options.redact,
  }
  return {
    ...same,
    error: (retryAfter) => {
      const error = new CircuitOpenError(why.message, { ...about, retryAfter })
      if (reason === 'half-open') noteRejection(circuit, error)
      return error
    },
  }
}

/** A call that was rejected. Its error is created only where it is needed, when the breaker may have moved on. */
export class RejectedCall implements FailedCall {
  readonly retryAfter: number | undefined
  readonly #details: RejectionDetails

  constructor(details: RejectionDetails, retryAfter: number | undefined) {
    this.#details = details
    this.retryAfter = retryAfter
  }

  createError(): ShortCircuitError {
    return this.#details.error(this.retryAfter)
  }
}

/** What a fallback stands in for. */
export interface FailedCall {
  createError(): unknown
}
