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
  if (listeners.size === 0) signal.addEventListener('abort', notify, { once: true })
  listeners.add(listener)
}

export function removeAbortListener(signal: AbortSignal, listener: AbortListener): void {
  const all = known.get(signal)
  if (all?.listeners.delete(listener) && all.listeners.size === 0) {
    signal.removeEventListener('abort', all.notify)
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
