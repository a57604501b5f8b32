import { nearest, show, wrongType } from '../options/validate.ts'
import type { Emitter } from './emitter.ts'

export interface ListenOptions {
  /** Aborting it unsubscribes. */
  readonly signal?: AbortSignal | undefined
}

/** Subscribes to an event that is among `known`, and gives what unsubscribes. */
export function listen(
  emitter: () => Emitter,
  known: readonly string[],
  event: string,
  listener: unknown,
  { signal }: ListenOptions = {},
): () => void {
  if (!known.includes(event)) {
    const near = nearest(String(event), known)
    throw new TypeError(
      `unknown event ${show(event)}; ${near === undefined ? `known are ${known.join(', ')}` : `did you mean ${show(near)}?`}`,
    )
  }
  if (typeof listener !== 'function') throw wrongType('listener', 'a function', listener)
  if (signal?.aborted) return () => {}
  const off = emitter().on(event as never, listener as never)
  if (signal === undefined) return off
  const abort = weakly(off)
  signal.addEventListener('abort', abort, { once: true })
  dropped.register(off, { signal: new WeakRef(signal), abort }, off)
  return () => {
    dropped.unregister(off)
    signal.removeEventListener('abort', abort)
    off()
  }
}

/**
 * A signal that lives for long must not keep the breaker, which holds `off`. Made in a scope of its
 * own: engines let all functions of one scope keep what any of them refers to.
 */
function weakly(off: () => void): () => void {
  const weak = new WeakRef(off)
  return () => weak.deref()?.()
}

/** Takes from a signal what was to unsubscribe from a breaker that is gone. */
const dropped = /* @__PURE__ */ new FinalizationRegistry<{
  readonly signal: WeakRef<AbortSignal>
  readonly abort: () => void
}>(({ signal, abort }) => signal.deref()?.removeEventListener('abort', abort))
