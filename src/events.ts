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

interface Subscription {
  readonly listener: AnyListener
  readonly off: () => void
}

/** Listeners by event, called in order of publication: one that publishes more is not overtaken. */
export class Emitter {
  readonly #subscriptions = new Map<EventName, readonly Subscription[]>()
  readonly #queue: { name: EventName; event: unknown }[] = []
  #draining = false
  /** Those of the registries that the breaker is in. */
  #audiences: readonly Audience[]

  constructor(audiences: readonly Audience[] = []) {
    this.#audiences = audiences
  }

  /** Lets a registry hear everything, too. */
  join(audience: Audience): void {
    this.#audiences = [...this.#audiences, audience]
  }

  leave(audience: Audience): void {
    this.#audiences = this.#audiences.filter((other) => other !== audience)
  }

  /** False once nobody listens any more. */
  get heard(): boolean {
    return this.#subscriptions.size > 0
  }

  /** A function that is subscribed twice is called twice. */
  on(name: EventName, listener: AnyListener): () => void {
    const off = (): void => {
      const rest = this.#of(name).filter((other) => other !== subscription)
      if (rest.length === 0) this.#subscriptions.delete(name)
      else this.#subscriptions.set(name, rest)
      this.unsubscribed()
    }
    const subscription = { listener, off }
    this.#subscriptions.set(name, [...this.#of(name), subscription])
    return off
  }

  protected unsubscribed(): void {}

  #of(name: EventName): readonly Subscription[] {
    return this.#subscriptions.get(name) ?? []
  }

  hears(name: EventName): boolean {
    return this.#subscriptions.has(name) || this.#audiences.some((it) => it.hears(name))
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
    for (const { listener } of this.#of(name)) {
      try {
        const result: unknown = listener(event as never)
        if (isThenable(result)) {
          Promise.resolve(result).catch((error: unknown) => this.#failed(name, event, error))
        }
      } catch (error) {
        this.#failed(name, event, error)
      }
    }
    for (const audience of this.#audiences) if (audience.hears(name)) audience.publish(name, event)
  }

  #failed(name: EventName, { breaker }: BreakerEvent, error: unknown): void {
    const event = { breaker, error, source: `listener of "${name}"` }
    // A listener of listenerError that throws must not be told about itself for ever.
    if (name === 'listenerError') printListenerError(event)
    else this.publish('listenerError', event)
  }
}

/**
 * The listeners of a registry. A member that has none of its own publishes here directly, so that
 * being heard takes no memory a member.
 */
export class Audience extends Emitter {
  readonly #onSilence: () => void

  /** `onSilence` is told when nobody listens any more. */
  constructor(onSilence: () => void) {
    super()
    this.#onSilence = onSilence
  }

  protected override unsubscribed(): void {
    if (!this.heard) this.#onSilence()
  }
}

/** The emitter of a breaker that gets a listener of its own. */
export function ownEmitter(current: Emitter | undefined): Emitter {
  if (current === undefined) return new Emitter()
  return current instanceof Audience ? new Emitter([current]) : current
}

/** The emitter of a breaker that a registry begins to hear. */
export function joined(current: Emitter | undefined, audience: Audience): Emitter {
  if (current === undefined || current === audience) return audience
  const own = ownEmitter(current)
  own.join(audience)
  return own
}

/** The emitter of a breaker that a registry no longer hears. */
export function left(current: Emitter | undefined, audience: Audience): Emitter | undefined {
  if (current === audience) return undefined
  current?.leave(audience)
  return current
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** Where an error of a listener ends when nobody listens to `listenerError`. */
export function printListenerError(event: BreakerEvent<'listenerError'>): void {
  try {
    console.error(`short-circuit: circuit "${event.breaker}": ${event.source} threw`, event.error)
  } catch {
    // A console that can't print must not change anybody's result either.
  }
}
