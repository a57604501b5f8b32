import type { Refusal } from './core/counts.ts'
import type { OverrideMode } from './core/override.ts'
import type { Transition } from './core/state.ts'

/** What a breaker tells its listeners. Every event carries the breaker's name. */
export interface BreakerEvents {
  /** The automatic state has moved; `enforced` is false while an override decides instead. */
  transition: Transition
  /** A call was refused; `enforced` is false when a forced-closed override let it run anyway. */
  reject: {
    readonly reason: Refusal
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

export type EventName = keyof BreakerEvents

/** The payload of one event as a listener gets it. */
export type BreakerEvent<E extends EventName = EventName> = BreakerEvents[E] & {
  readonly breaker: string
}

export type Listener<E extends EventName = EventName> = (event: BreakerEvent<E>) => void

export const EVENT_NAMES: readonly EventName[] = [
  'transition',
  'reject',
  'success',
  'failure',
  'timeout',
  'override',
  'configure',
  'listenerError',
]

type AnyListener = (event: never) => void

/** Listeners by event, called in order of publication: one that publishes more is not overtaken. */
export class Emitter {
  readonly #listeners = new Map<EventName, readonly AnyListener[]>()
  readonly #queue: { name: EventName; event: unknown }[] = []
  #draining = false

  on(name: EventName, listener: AnyListener): () => void {
    // One wrapper a subscription, so that subscribing a function twice makes two of them.
    const entry: AnyListener = (event) => listener(event)
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), entry])
    return () => {
      const rest = (this.#listeners.get(name) ?? []).filter((other) => other !== entry)
      if (rest.length === 0) this.#listeners.delete(name)
      else this.#listeners.set(name, rest)
    }
  }

  hears(name: EventName): boolean {
    return this.#listeners.has(name)
  }

  publish<E extends EventName>(name: E, event: BreakerEvent<E>): void {
    if (!this.hears(name)) {
      if (name === 'listenerError') printListenerError(event as BreakerEvent<'listenerError'>)
      return
    }
    this.#queue.push({ name, event })
    if (this.#draining) return
    this.#draining = true
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#deliver(next.name, next.event as BreakerEvent)
      }
    } finally {
      this.#draining = false
    }
  }

  #deliver(name: EventName, event: BreakerEvent): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        const result: unknown = listener(event as never)
        if (isThenable(result)) {
          result.then(undefined, (error: unknown) => this.#failed(name, event, error))
        }
      } catch (error) {
        this.#failed(name, event, error)
      }
    }
  }

  #failed(name: EventName, { breaker }: BreakerEvent, error: unknown): void {
    const event = { breaker, error, source: `listener of "${name}"` }
    // A listener of listenerError that throws must not be told about itself for ever.
    if (name === 'listenerError') printListenerError(event)
    else this.publish('listenerError', event)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value instanceof Promise
}

/** Where an error of a listener ends when nobody listens to `listenerError`. */
export function printListenerError(event: BreakerEvent<'listenerError'>): void {
  console.error(`short-circuit: circuit "${event.breaker}": ${event.source} threw`, event.error)
}
