import { type BreakerEvent, EVENT_NAMES, type EventName } from '../events.ts'

/** Listeners by event, called in order of publication: one that publishes more is not overtaken. */
export class Emitter {
  readonly #subscriptions: {
    [E in EventName]: readonly Subscription[] | undefined
  } = {
    transition: undefined,
    reject: undefined,
    success: undefined,
    failure: undefined,
    timeout: undefined,
    override: undefined,
    configure: undefined,
    listenerError: undefined,
  }
  /** What was published while something was being delivered. */
  readonly #waiting: Published[] = []
  #delivering = false
  /** Those of the registries that the breaker is in. */
  #registries: readonly RegistryEmitter[]

  constructor(registries: readonly RegistryEmitter[] = []) {
    this.#registries = registries
  }

  /** Lets a registry hear everything, too. */
  join(registry: RegistryEmitter): void {
    this.#registries = [...this.#registries, registry]
  }

  leave(registry: RegistryEmitter): void {
    this.#registries = this.#registries.filter((other) => other !== registry)
  }

  /** False once nobody listens any more. */
  get hasAnyListener(): boolean {
    return EVENT_NAMES.some((name) => this.#subscriptions[name] !== undefined)
  }

  on(name: EventName, listener: AnyListener): () => void {
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

  hasListeners(name: EventName): boolean {
    if (this.#subscriptions[name] !== undefined) return true
    for (const registry of this.#registries) if (registry.hasListeners(name)) return true
    return false
  }

  publish<E extends EventName>(name: E, event: BreakerEvent<E>): void {
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
      // Asked for its length, which nearly always is 0: that is cheaper than an empty shift.
      while (this.#waiting.length > 0) {
        const next = this.#waiting.shift() as Published
        this.#deliver(next.name, next.event)
      }
    } finally {
      this.#delivering = false
    }
  }

  #deliver(name: EventName, event: BreakerEvent): void {
    const subscriptions = this.#subscriptions[name]
    if (subscriptions !== undefined) {
      for (const { listener } of subscriptions) this.#call(listener, name, event)
    }
    for (const registry of this.#registries)
      if (registry.hasListeners(name)) registry.publish(name, event)
  }

  #call(listener: AnyListener, name: EventName, event: BreakerEvent): void {
    try {
      const result: unknown = listener(event as never)
      if (isThenable(result)) {
        Promise.resolve(result).catch((error: unknown) => this.#failed(name, event, error))
      }
    } catch (error) {
      this.#failed(name, event, error)
    }
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
export class RegistryEmitter extends Emitter {
  readonly #onLastListenerRemoved: () => void

  /** `onSilence` is told when nobody listens any more. */
  constructor(onLastListenerRemoved: () => void) {
    super()
    this.#onLastListenerRemoved = onLastListenerRemoved
  }

  protected override onUnsubscribed(): void {
    if (!this.hasAnyListener) this.#onLastListenerRemoved()
  }
}

/** The emitter of a breaker that gets a listener of its own. */
export function ownEmitter(current: Emitter | undefined): Emitter {
  if (current === undefined) return new Emitter()
  return current instanceof RegistryEmitter ? new Emitter([current]) : current
}

/** The emitter of a breaker that a registry begins to hear. */
export function attach(current: Emitter | undefined, registry: RegistryEmitter): Emitter {
  if (current === undefined || current === registry) return registry
  const own = ownEmitter(current)
  own.join(registry)
  return own
}

/** The emitter of a breaker that a registry no longer hears. */
export function detach(
  current: Emitter | undefined,
  registry: RegistryEmitter,
): Emitter | undefined {
  if (current === registry) return undefined
  current?.leave(registry)
  return current
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
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

/** An object of its own, so that a function that is subscribed twice is called twice. */
export interface Subscription {
  readonly listener: AnyListener
  /** Kept here for a signal, which refers to it weakly. */
  readonly off: () => void
}

export interface Published {
  readonly name: EventName
  readonly event: BreakerEvent
}

export type AnyListener = (event: never) => void
