/** What is told that a signal was aborted. */
export interface AbortListener {
  onAbort(reason: unknown): void
}

interface SignalListeners {
  readonly listeners: Set<AbortListener>
  readonly notify: () => void
}

/** However many calls share a signal, they have one listener on it. */
const known = /* @__PURE__ */ new WeakMap<AbortSignal, SignalListeners>()

/** Calls `listener.onAbort` once the signal is aborted, until {@link removeAbortListener}. */
export function addAbortListener(signal: AbortSignal, listener: AbortListener): void {
  let all = known.get(signal)
  if (all === undefined) {
    all = createListeners(signal)
    known.set(signal, all)
  }
  const { listeners, notify } = all
  listeners.add(listener)
  if (listeners.size === 1) tryOn(signal, 'addEventListener', notify)
}

export function removeAbortListener(signal: AbortSignal, listener: AbortListener): void {
  const all = known.get(signal)
  if (all?.listeners.delete(listener) && all.listeners.size === 0) {
    tryOn(signal, 'removeEventListener', all.notify)
  }
}

/** A stub or a proxy in place of a signal may lack a method or throw: no call loses its permit by that. */
function tryOn(
  signal: AbortSignal,
  method: 'addEventListener' | 'removeEventListener',
  notify: () => void,
): void {
  try {
    signal[method]('abort', notify, { once: true })
  } catch {
    // It aborts nothing then.
  }
}

function createListeners(signal: AbortSignal): SignalListeners {
  const listeners = new Set<AbortListener>()
  const notify = (): void => {
    // One that is removed meanwhile is not called any more.
    for (const listener of listeners) {
      listeners.delete(listener)
      listener.onAbort(signal.reason)
    }
  }
  return { listeners, notify }
}
