import type { Machine } from '../core/machine.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import type { Override } from '../core/state/override.ts'
import { CircuitFullError, CircuitOpenError, type ShortCircuitError } from '../errors.ts'
import { type Explained, explainRejection } from '../inspect/rejection.ts'
import type { ResolvedOptions } from '../options.ts'

/** In place of a reading: the time is what the machine has just been told. */
const JUST_NOW = Number.NaN

/** A call as it was rejected: the breaker may have moved on when its error is created. */
export interface RejectedCall {
  readonly reason: RejectReason
  readonly retryAfter: number | undefined
  readonly generation: number
  readonly override: Override | undefined
  /** Undefined for a full circuit. */
  readonly why: Explained | undefined
  /** It has no stack trace: calls are rejected in great numbers. */
  readonly error: () => ShortCircuitError
}

interface Host {
  readonly name: string
  readonly machine: Machine
  readonly options: ResolvedOptions
}

/** Describes a call that has just been rejected. `last` is one before, whose words may serve again. */
export function describeRejection(
  { name, machine, options }: Host,
  reason: RejectReason,
  last: RejectedCall | undefined,
): RejectedCall {
  const { state, override, counters } = machine
  const { generation } = state
  const same = { reason, generation, override }
  if (reason === 'full') {
    const maxConcurrent = options.maxConcurrent ?? counters.inFlight
    const error = () => new CircuitFullError(name, maxConcurrent)
    return { ...same, retryAfter: undefined, why: undefined, error }
  }
  const alike =
    last?.generation === generation && last.reason === reason && last.override === override
  const why = (alike ? last.why : undefined) ?? explainRejection(name, reason, machine)
  const retryAfter = machine.retryAfter(JUST_NOW)
  const about = {
    breaker: name,
    state: reason === 'half-open' ? reason : ('open' as const),
    reason: why.reason,
    retryAfter,
    cause: state.name === 'closed' ? undefined : state.cause,
    redact: options.redact,
  }
  return { ...same, retryAfter, why, error: () => new CircuitOpenError(why.message, about) }
}
