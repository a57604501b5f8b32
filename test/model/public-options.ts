import type { CircuitBreakerOptions, Settled } from '../../src/index.ts'
import { listed } from './pair.ts'
import type { Heard } from './reference-model.ts'
import type { ModelSettings } from './settings.ts'

export interface PublicSettings {
  readonly settings: ModelSettings
  readonly callTimeout: number | undefined
  /** Listeners of every event that throw, and one that asks for a permit at each opening. */
  readonly listeners: 'none' | 'throwing' | 'meddling'
}

/** What a call of the tests ends with; `as` is its outcome. */
export interface Tagged {
  readonly as: Heard['outcome']
  readonly retryAfter: number | undefined
}

/** The options of a breaker that is to do as the model does. */
export function optionsOf({ settings, callTimeout }: PublicSettings): CircuitBreakerOptions {
  const { consecutiveFailures, failureCount, failureRate, slowCallRate } = settings
  const { openTime, probes, successes, concurrent } = settings
  const { probeTimeout: timeout, maxConcurrent, history } = settings
  const tagOf = (settled: Settled): Tagged | undefined =>
    (settled.status === 'fulfilled' ? settled.value : settled.reason) as Tagged | undefined
  return {
    trip: { consecutiveFailures, failureCount, failureRate, slowCallRate },
    resetTimeout: typeof openTime === 'object' && 'list' in openTime ? listed(openTime) : openTime,
    recovery: { probes, successes, concurrent, timeout },
    maxConcurrent: maxConcurrent === Infinity ? undefined : maxConcurrent,
    callTimeout,
    history,
    classify: (settled) => tagOf(settled)?.as,
    retryAfter: (settled) => tagOf(settled)?.retryAfter,
  }
}
