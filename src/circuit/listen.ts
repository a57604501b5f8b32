import type { RegistryEventName } from '../events.ts'
import { checkCall } from '../options/check-options.ts'
import { callable, show, suggestion } from '../options/validate.ts'
import type { AnyListener, Emitter } from './emitter.ts'

export interface ListenOptions {
  /** Aborting it unsubscribes. */
  readonly signal?: AbortSignal | undefined
  /**
   * Unsubscribes with the first event.
   * @defaultValue `false`
   */
  readonly once?: boolean | undefined
}

/** Subscribes to an event that is among `known` and returns the function that unsubscribes. */
export function listen(
  emitter: () => Emitter,
  known: readonly RegistryEventName[],
  event: RegistryEventName,
  listener: AnyListener,
  options: ListenOptions = {},
): () => void {
  if (!known.includes(event)) {
    throw new TypeError(`unknown event ${show(event)}${suggestion(String(event), known)}`)
  }
  callable('listener', listener)
  checkCall('on', options)
  const { signal, once } = options
  if (signal?.aborted) return () => {}
  const onlyOnce: AnyListener = (payload) => {
    stop()
    return listener(payload)
  }
  const off = emitter().on(event, once ? onlyOnce : listener)
  const stop = signal === undefined ? off : offWith(signal, off)
  return stop
}

/** Lets a signal unsubscribe as well; returns what does both. */
function offWith(signal: AbortSignal, off: () => void): () => void {
  const abort = dropped === undefined ? off : weakly(off)
  signal.addEventListener('abort', abort, { once: true })
  dropped?.register(off, { signal: new WeakRef(signal), abort }, off)
  return () => {
    dropped?.unregister(off)
    signal.removeEventListener('abort', abort)
    off()
  }
}

/**
 * A long-lived signal must not keep the breaker alive, which `off` refers to. This is a separate
 * function because in V8 every closure of a scope keeps what any of them refers to.
 */
function weakly(off: () => void): () => void {
  const weak = new WeakRef(off)
  return () => weak.deref()?.()
}

/**
 * Removes the abort listener from a signal once its breaker has been collected. Undefined on older
 * edge platforms, where a breaker lives as long as the signals it was given.
 */
const dropped = /* @__PURE__ */ (() =>
  typeof WeakRef === 'function' && typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry<{
        readonly signal: WeakRef<AbortSignal>
        readonly abort: () => void
      }>(({ signal, abort }) => signal.deref()?.removeEventListener('abort', abort))
    : undefined)()
