import type { RejectReason } from './core/measure/counters.ts'
import type { OverrideMode } from './core/state/override.ts'
import type { Transition } from './core/transition.ts'

/** What a breaker tells its listeners. Every event carries the breaker's name. */
export interface BreakerEvents {
  /** The automatic state has moved; `enforced` is false while an override decides instead. */
  transition: Transition
  /** A call was refused; `enforced` is false when a forced-closed override let it run anyway. */
  reject: {
    readonly reason: RejectReason
    readonly retryAfter: number | undefined
    readonly enforced: boolean
  }
  /** A call counted as a success; not published for stale results. */
  success: { readonly generation: number; readonly probe: boolean }
  /** A call counted as a failure: `error` is what it threw, or the value that counts as failed. */
  failure: { readonly error: unknown; readonly generation: number; readonly probe: boolean }
  /** A call took longer than its timeout; `failure` follows, unless it was classified otherwise. */
  timeout: { readonly timeout: number; readonly generation: number; readonly probe: boolean }
  /** An override was set, or lifted (`mode` is undefined then). */
  override: {
    readonly mode: OverrideMode | undefined
    readonly reason: string | undefined
    readonly by: string | undefined
  }
  /** Options were changed live: the new values by name, and what was lost, in words. */
  configure: {
    readonly changed: Readonly<Record<string, unknown>>
    readonly lost: readonly string[]
  }
  /** A listener, `classify` or `retryAfter` threw; nobody's result was changed by it. */
  listenerError: { readonly error: unknown; readonly source: string }
}

export const EVENT_NAMES = [
  'transition',
  'reject',
  'success',
  'failure',
  'timeout',
  'override',
  'configure',
  'listenerError',
] as const
export type EventName = (typeof EVENT_NAMES)[number]

/** The payload of one event as a listener gets it. */
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

export const REGISTRY_EVENT_NAMES: readonly RegistryEventName[] = [...EVENT_NAMES, 'evict']
