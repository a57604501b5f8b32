import type { Emitter } from './events.ts'
import { nearest, show, wrongType } from './validate.ts'

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
  // Weakly: a signal that lives for long must not keep the breaker, which holds `off`.
  const weak = new WeakRef(off)
  const abort = (): void => weak.deref()?.()
  signal.addEventListener('abort', abort, { once: true })
  return () => {
    signal.removeEventListener('abort', abort)
    off()
  }
}
