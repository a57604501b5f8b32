import {
  type BreakerEvent,
  EVENT_NAMES,
  type EventName,
  type RegistryEventName as Name,
  type RegistryEvent,
} from '../events.ts'
import { isThenable } from '../options/validate.ts'

type Subscriptions = { [E in EventName]: readonly Subscription[] | undefined } & {
  evict?: readonly Subscription[] | undefined
}

/** All names, so that emitters have one shape whatever is listened to. */
const NONE = /* @__PURE__ */ Object.fromEntries(
  EVENT_NAMES.map((name) => [name, undefined]),
) as Subscriptions

/**
 * Calls the listeners of each event, in order of publication: an event that a listener publishes
 * waits until all listeners have been called for the current one.
 */
export class Emitter {
  readonly #subscriptions: Subscriptions = { ...NONE }
  /** Delivers the events that were published during a delivery. */
  readonly #waiting: (() => void)[] = []
  #delivering = false
  /** Every event is published to the listeners of these too. */
  registries: readonly Emitter[]

  constructor(registries: readonly Emitter[] = []) {
    this.registries = registries
  }

  /** The emitter for the listeners of one breaker, whose current emitter this is. */
  forBreaker(): Emitter {
    return this
  }

  on(name: Name, listener: AnyListener): () => void {
    const off = (): void => {
      const before = this.#subscriptions[name]
      if (!before?.includes(subscription)) return
      const rest = before.filter((other) => other !== subscription)
      this.#subscriptions[name] = rest.length === 0 ? undefined : rest
    }
    const subscription = { listener, off }
    this.#subscriptions[name] = [...(this.#subscriptions[name] ?? []), subscription]
    return off
  }

  hasListeners(name: Name): boolean {
    return this.#subscriptions[name] !== undefined || this.#registryHas(name)
  }

  #registryHas(name: Name): boolean {
    const { registries } = this
    for (let i = 0; i < registries.length; i++) if (registries[i]?.hasListeners(name)) return true
    return false
  }

  /** Whether anything is told how calls end, and how long they took. */
  get hearsEnds(): boolean {
    return this.hasListeners('success') || this.hasListeners('failure')
  }

  publish<E extends EventName>(name: E, event: BreakerEvent<E>): void
  publish(name: 'evict', event: RegistryEvent<'evict'>): void
  publish(name: Name, event: RegistryEvent): void {
    if (name === 'listenerError' && !this.hasListeners(name)) {
      printListenerError(event as BreakerEvent<'listenerError'>)
    } else this.#publish(name, event)
  }

  #publish(name: Name, event: RegistryEvent): void {
    if (this.#delivering) {
      this.#postpone(name, event)
      return
    }
    this.#delivering = true
    try {
      this.#deliver(name, event)
      // Testing the length, which is nearly always 0, is cheaper than an empty shift.
      while (this.#waiting.length > 0) this.#waiting.shift()?.()
    } finally {
      this.#delivering = false
    }
  }

  /** Separate from `#publish`, where a closure would take memory for every event. */
  #postpone(name: Name, event: RegistryEvent): void {
    this.#waiting.push(() => this.#deliver(name, event))
  }

  #deliver(name: Name, event: RegistryEvent): void {
    const subscriptions = this.#subscriptions[name]
    if (subscriptions !== undefined) {
      for (const { listener } of subscriptions) this.#call(listener, name, event)
    }
    for (const registry of this.registries) registry.#publish(name, event)
  }

  #call(listener: AnyListener, name: Name, event: RegistryEvent): void {
    try {
      const result: unknown = listener(event as never)
      if (isThenable(result)) {
        Promise.resolve(result).catch((error: unknown) => this.#failed(name, event, error))
      }
    } catch (error) {
      this.#failed(name, event, error)
    }
  }

  #failed(name: Name, { breaker }: RegistryEvent, error: unknown): void {
    const event = { breaker, error, source: `listener of "${name}"` }
    // A listener of listenerError that throws would otherwise be called for ever.
    if (name === 'listenerError') printListenerError(event)
    else this.publish('listenerError', event)
  }
}

/** Returns the emitter for a breaker's listeners, and creates it for the first one. */
export function emitterOf(circuit: { emitter: Emitter | undefined }): Emitter {
  circuit.emitter = circuit.emitter?.forBreaker() ?? new Emitter()
  return circuit.emitter
}

/** Reports a listener's error when `listenerError` has no listeners. */
export function printListenerError(event: BreakerEvent<'listenerError'>): void {
  try {
    console.error(`short-circuit: circuit "${event.breaker}": ${event.source} threw`, event.error)
  } catch {
    // A console that can't print must not change the result of a call either.
  }
}

/** A new object for each subscription: a function that is subscribed twice is called twice. */
export interface Subscription {
  readonly listener: AnyListener
  /** Keeps the function alive as long as the subscription: an abort signal refers to it weakly. */
  readonly off: () => void
}

export type AnyListener = (event: never) => void
