import type {
  BreakerEvent,
  EventName,
  RegistryEventName as Name,
  RegistryEvent,
} from '../events.ts'

type Subscriptions = { [E in EventName]: readonly Subscription[] | undefined } & {
  evict?: readonly Subscription[] | undefined
}

/**
 * Calls the listeners of each event, in order of publication: an event that a listener publishes
 * waits until all listeners have been called for the current one.
 */
export class Emitter {
  readonly #subscriptions: Subscriptions = {
    transition: undefined,
    reject: undefined,
    success: undefined,
    failure: undefined,
    timeout: undefined,
    override: undefined,
    configure: undefined,
    listenerError: undefined,
  }
  /** Events published during a delivery. */
  readonly #waiting: Published[] = []
  #delivering = false
  #registries: readonly RegistryEmitter[]

  constructor(registries: readonly RegistryEmitter[] = []) {
    this.#registries = registries
  }

  /** Publishes every event to the registry's listeners too. */
  attach(registry: RegistryEmitter): void {
    this.#registries = [...this.#registries, registry]
  }

  detach(registry: RegistryEmitter): void {
    this.#registries = this.#registries.filter((other) => other !== registry)
  }

  get hasAnyListener(): boolean {
    return Object.values(this.#subscriptions).some((subscriptions) => subscriptions !== undefined)
  }

  on(name: Name, listener: AnyListener): () => void {
    const off = (): void => {
      const rest = this.#subscriptions[name]?.filter((other) => other !== subscription) ?? []
      this.#subscriptions[name] = rest.length === 0 ? undefined : rest
      this.onUnsubscribed()
    }
    const subscription = { listener, off }
    this.#subscriptions[name] = [...(this.#subscriptions[name] ?? []), subscription]
    return off
  }

  protected onUnsubscribed(): void {}

  hasListeners(name: Name): boolean {
    if (this.#subscriptions[name] !== undefined) return true
    for (const registry of this.#registries) if (registry.hasListeners(name)) return true
    return false
  }

  publish<E extends EventName>(name: E, event: BreakerEvent<E>): void
  publish(name: 'evict', event: RegistryEvent<'evict'>): void
  publish(name: Name, event: RegistryEvent): void {
    this.#publish(name, event)
  }

  #publish(name: Name, event: RegistryEvent): void {
    if (!this.hasListeners(name)) {
      if (name === 'listenerError') printListenerError(event as BreakerEvent<'listenerError'>)
      return
    }
    if (this.#delivering) {
      this.#waiting.push({ name, event })
      return
    }
    this.#delivering = true
    try {
      this.#deliver(name, event)
      // Testing the length, which is nearly always 0, is cheaper than an empty shift.
      while (this.#waiting.length > 0) {
        const next = this.#waiting.shift() as Published
        this.#deliver(next.name, next.event)
      }
    } finally {
      this.#delivering = false
    }
  }

  #deliver(name: Name, event: RegistryEvent): void {
    const subscriptions = this.#subscriptions[name]
    if (subscriptions !== undefined) {
      for (const { listener } of subscriptions) this.#call(listener, name, event)
    }
    for (const registry of this.#registries)
      if (registry.hasListeners(name)) registry.#publish(name, event)
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

/**
 * The listeners of a registry. A breaker without listeners publishes to it directly, so that being
 * in a registry with listeners takes no memory per breaker.
 */
export class RegistryEmitter extends Emitter {
  readonly #onLastListenerRemoved: () => void

  constructor(onLastListenerRemoved: () => void) {
    super()
    this.#onLastListenerRemoved = onLastListenerRemoved
  }

  protected override onUnsubscribed(): void {
    if (!this.hasAnyListener) this.#onLastListenerRemoved()
  }
}

/** Returns an emitter that belongs to the breaker alone: the current one, or a new one. */
function ownEmitter(current: Emitter | undefined): Emitter {
  if (current === undefined) return new Emitter()
  return current instanceof RegistryEmitter ? new Emitter([current]) : current
}

/** Returns the emitter for a breaker's listeners, and creates it for the first one. */
export function emitterOf(circuit: { emitter: Emitter | undefined }): Emitter {
  circuit.emitter = ownEmitter(circuit.emitter)
  return circuit.emitter
}

/** Adds a registry to a breaker's listeners and returns the emitter to use from now on. */
export function attach(current: Emitter | undefined, registry: RegistryEmitter): Emitter {
  if (current === undefined || current === registry) return registry
  const own = ownEmitter(current)
  own.attach(registry)
  return own
}

/** Removes a registry from a breaker's listeners and returns the emitter to use from now on. */
export function detach(
  current: Emitter | undefined,
  registry: RegistryEmitter,
): Emitter | undefined {
  if (current === registry) return undefined
  current?.detach(registry)
  return current
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
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

export interface Published {
  readonly name: Name
  readonly event: RegistryEvent
}

export type AnyListener = (event: never) => void
