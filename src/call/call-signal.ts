import { type AbortListener, addAbortListener, removeAbortListener } from './abort-listeners.ts'

/**
 * The signal of one call: aborted by its timeout and, from `follow` to `unfollow`, by the caller's signal.
 *
 * `AbortSignal.any` would keep it, with all that listens to it, for as long as the caller's signal
 * lives. Here a listener that an action forgets to remove is released with its call.
 */
export class CallSignal implements AbortListener {
  readonly caller: AbortSignal | undefined
  readonly #controller = new AbortController()
  #listener: AbortListener = this

  constructor(caller: AbortSignal | undefined) {
    this.caller = caller
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** An abort by the caller aborts this signal, or calls `listener`, which may do so. */
  follow(listener: AbortListener = this): void {
    const { caller } = this
    if (caller === undefined) return
    this.#listener = listener
    if (caller.aborted) listener.onAbort(caller.reason)
    else addAbortListener(caller, listener)
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  onAbort(reason: unknown): void {
    this.abort(reason)
  }

  unfollow(): void {
    if (this.caller !== undefined) removeAbortListener(this.caller, this.#listener)
  }

  /** An abort by the caller aborts what is read from the result of the call, after its end. */
  followFor(result: unknown): void {
    const { caller } = this
    if (caller === undefined || caller.aborted) return
    const sources = sourcesOf(result)
    if (sources.length > 0) followWhileUsed(caller, this.#controller, sources)
  }
}

/** The signal of a call that a timer may end, in place of its caller's; undefined where it has none. */
export function ownSignal(
  caller: AbortSignal | undefined,
  timeout: number | undefined,
): CallSignal | undefined {
  if (caller === undefined || timeout === undefined) return undefined
  const own = new CallSignal(caller)
  own.follow()
  return own
}

/** Under these names results carry what is read later: undici, AWS, axios. */
const SOURCE_PROPERTIES = ['body', 'Body', 'data'] as const

/** What may be read after the call: the result if it is more than plain data, and its body. */
function sourcesOf(result: unknown): object[] {
  if (typeof result !== 'object' || result === null) return []
  try {
    const hasBody =
      isPlain(result) || Object.prototype.toString.call(result) === '[object Response]'
    const members = hasBody
      ? SOURCE_PROPERTIES.map((name) => (result as never)[name] as unknown)
      : []
    return [result, ...members].filter(isSource)
  } catch {
    // A proxy or getter that objects to being asked.
    return []
  }
}

function isSource(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isPlain(value)
}

/** True for `{ … }`, of any realm. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * Lets the caller abort what is still being read. The link lasts as long as the signal of the call or
 * one of the sources is in use, and keeps none of them.
 */
function followWhileUsed(
  caller: AbortSignal,
  controller: AbortController,
  sources: readonly object[],
): void {
  // Not in every worker.
  if (typeof WeakRef !== 'function' || typeof FinalizationRegistry !== 'function') return
  for (const user of [controller.signal, ...sources]) controllers.set(user, controller)
  const listener = weakly(controller)
  addAbortListener(caller, listener)
  unused ??= new FinalizationRegistry((link) => removeAbortListener(link.caller, link.listener))
  unused.register(controller, { caller, listener })
}

/** Keeps a controller for as long as something can still be aborted by it. */
const controllers = /* @__PURE__ */ new WeakMap<object, AbortController>()

let unused: FinalizationRegistry<{ caller: AbortSignal; listener: AbortListener }> | undefined

/** Separate, because in V8 every closure of a scope keeps what any of them refers to. */
function weakly(controller: AbortController): AbortListener {
  const weak = new WeakRef(controller)
  return { onAbort: (reason) => weak.deref()?.abort(reason) }
}
