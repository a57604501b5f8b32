import type { RejectReason } from '../core/measure/counters.ts'
import type { Classification } from '../core/outcome.ts'
import type { Change, Override } from '../core/state/override.ts'
import type { CallTimeoutError } from '../errors.ts'
import type { BreakerEvents, EventName } from '../events.ts'
import type { Emitter } from './emitter.ts'
import type { AdmittedPermit } from './settle-handlers.ts'

/** What has events. */
interface Source {
  readonly name: string
  /** Undefined while nothing listens. */
  readonly emitter: Emitter | undefined
}

/** What knows how long calls took. */
interface TimedSource extends Source {
  durationOf(permit: AdmittedPermit): number | undefined
}

export function publish<E extends EventName>(
  { name: breaker, emitter }: Source,
  name: E,
  event: BreakerEvents[E],
): void {
  // Events without listeners are not even created, but errors are printed then.
  if (emitter === undefined || !(emitter.hasListeners(name) || name === 'listenerError')) return
  emitter.publish(name, { breaker, ...event })
}

// Success, failure and rejection create their event, once, only when something listens.

export function publishSuccess(
  source: TimedSource,
  permit: AdmittedPermit,
  generation: number,
): void {
  if (!source.emitter?.hasListeners('success')) return
  const { name: breaker, emitter } = source
  const duration = source.durationOf(permit)
  emitter.publish('success', { breaker, generation, probe: permit.probe, duration })
}

function publishFailure(
  source: TimedSource,
  error: unknown,
  permit: AdmittedPermit,
  generation: number,
): void {
  if (!source.emitter?.hasListeners('failure')) return
  const { name: breaker, emitter } = source
  const duration = source.durationOf(permit)
  emitter.publish('failure', { breaker, error, generation, probe: permit.probe, duration })
}

/** How a call has ended. */
export function publishOutcome(
  source: TimedSource,
  { timedOut, outcome, error: cause }: Classification,
  error: unknown,
  permit: AdmittedPermit,
  generation: number,
): void {
  if (timedOut) {
    const { timeout } = error as CallTimeoutError
    publish(source, 'timeout', { timeout, generation, probe: permit.probe })
  }
  if (outcome === 'success') publishSuccess(source, permit, generation)
  else if (outcome === 'failure') publishFailure(source, cause, permit, generation)
}

/** A call was rejected as described, or without a description would have been but for an override. */
export function publishReject(
  source: Source,
  reason: RejectReason | 'closed',
  rejected: { readonly retryAfter: number | undefined } | undefined,
): void {
  const { name: breaker, emitter } = source
  if (!emitter?.hasListeners('reject')) return
  emitter.publish('reject', {
    breaker,
    reason: reason === 'closed' ? 'full' : reason,
    retryAfter: rejected?.retryAfter,
    enforced: rejected !== undefined,
  })
}

/** What the machine has done. */
export function publishChange(source: Source, change: Change): void {
  if (source.emitter === undefined) return
  if ('to' in change) publish(source, 'transition', change)
  else {
    const { override, lifted = {} } = change
    const { mode, reason, by, since, until } = (override ?? lifted) as Override
    // NaN for one that is lifted.
    const ms = until - since
    publish(source, 'override', { mode, reason, by, for: ms < Infinity ? ms : undefined })
  }
}
