import type { RejectReason } from './core/measure/counters.ts'
import type { OverrideMode } from './core/state/override.ts'
import type { Transition } from './core/transition.ts'

/** The events of a breaker and their payloads; each payload also has the breaker's name. */
export interface BreakerEvents {
  /** The automatic state has changed; `enforced` is false while an override decides instead. */
  transition: Transition
  /**
   * A call was rejected without running. Where `enforced` is false it was not: it runs, because the
   * circuit is forced closed, and without that it would have been rejected. `retryAfter` is in whole
   * ms, `undefined` when unknown.
   */
  reject: {
    readonly reason: RejectReason
    readonly retryAfter: number | undefined
    readonly enforced: boolean
  }
  /**
   * A call counted as a success. Not published for results of an earlier generation. `duration` is how long
   * the target took, in ms: of a stream until its first item. Calls are timed while anything listens to
   * `success` or `failure`; it is `undefined` for one that began before.
   */
  success: {
    readonly generation: number
    readonly probe: boolean
    readonly duration: number | undefined
  }
  /**
   * A call counted as a failure; `error` is what it threw, or the value classified as a failure.
   * `duration` is that of `success`.
   */
  failure: {
    readonly error: unknown
    readonly generation: number
    readonly probe: boolean
    readonly duration: number | undefined
  }
  /** A call took longer than `timeout` ms. `failure` follows, unless `classify` decided otherwise. */
  timeout: { readonly timeout: number; readonly generation: number; readonly probe: boolean }
  /**
   * A fallback has ended that stood in for a call that failed or was rejected with `error`. Where it `failed`
   * itself, the call rejects with `failure`.
   */
  fallback: { readonly error: unknown; readonly failed: boolean; readonly failure: unknown }
  /**
   * An override was set, or lifted: then `mode` is `undefined`, and so are `reason` and `by` where its time was
   * over. `for` is its duration in ms; `undefined` for one that is lifted by hand only.
   */
  override: {
    readonly mode: OverrideMode | undefined
    readonly reason: string | undefined
    readonly by: string | undefined
    readonly for: number | undefined
  }
  /** `configure` changed options: the new values by name, a description of what was lost, why and by whom. */
  configure: {
    readonly changed: Readonly<Record<string, unknown>>
    readonly lost: readonly string[]
    readonly reason: string | undefined
    readonly by: string | undefined
  }
  /**
   * A listener, `classify`, `retryAfter`, a rule, the clock or `random` threw or returned what it must
   * not. The results of calls are not affected. Of a clock or `random`, only the first error is published.
   */
  listenerError: { readonly error: unknown; readonly source: string }
}

export const EVENT_NAMES = [
  'transition',
  'reject',
  'success',
  'failure',
  'timeout',
  'fallback',
  'override',
  'configure',
  'listenerError',
] as const
export type EventName = (typeof EVENT_NAMES)[number]

/** The payload of an event, as a listener receives it. */
export type BreakerEvent<E extends EventName = EventName> = BreakerEvents[E] & {
  readonly breaker: string
}

export type Listener<E extends EventName = EventName> = (event: BreakerEvent<E>) => void

/** What a registry tells its listeners: the events of its breakers, and one more. */
export interface RegistryEvents extends BreakerEvents {
  /**
   * A breaker was evicted to make room; `lost` names what was lost with it. Not published for a
   * breaker that had nothing to lose.
   */
  evict: { readonly lost: readonly string[] }
}

export type RegistryEventName = keyof RegistryEvents

/** The payload of one event as a listener of a registry gets it. */
export type RegistryEvent<E extends RegistryEventName = RegistryEventName> = RegistryEvents[E] & {
  readonly breaker: string
}
