/** What a platform may lack. */
interface Platform {
  readonly setTimeout: (fn: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  readonly setImmediate?: (fn: () => void) => unknown
  readonly clearImmediate: (immediate: unknown) => void
}

const platform = globalThis as unknown as Platform

/** Runs one turn of the event loop later, after the events that have arrived. Returns what cancels it. */
export function inNextTurn(fn: () => void): () => void {
  // Next.js puts functions that throw in the place of those that its edge runtime does not have.
  if (platform.setImmediate === undefined || 'EdgeRuntime' in platform) {
    const timer = platform.setTimeout(fn, 0)
    return () => platform.clearTimeout(timer)
  }
  const immediate = platform.setImmediate(fn)
  return () => platform.clearImmediate(immediate)
}
