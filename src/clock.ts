/**
 * The only way the library sees time. Give your own to drive a breaker by hand, as
 * `ManualClock` of `short-circuit/testing` does. Without one, the fake timers of test runners govern
 * breakers as well, if they replace `Date`, as they do unless told otherwise.
 */
export interface Clock {
  /** Monotonic milliseconds from any origin. Steps back are survived, and count as zero. */
  now(): number
  /** Milliseconds since 1970, for display only. */
  wall(): number
  /**
   * Calls `fn` once, `ms` from now; 0 means after everything that has already arrived was handled.
   * Gives a function that cancels. A pending timer holds the process.
   */
  setTimer(ms: number, fn: () => void): () => void
}

/** Longer delays make timers of every runtime fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

const RealDate = Date
const realNow = /* @__PURE__ */ performance.now.bind(performance)

/** The time of the running process; what the breaker uses unless told otherwise. */
export const systemClock: Clock = {
  // Whoever replaces `performance` replaces `Date`, too. To look `performance` up each time takes half
  // as long again as the reading, as it is an accessor.
  now: () => (Date === RealDate ? realNow() : performance.now()),
  wall: () => Date.now(),
  setTimer: (ms, fn) => {
    if (ms <= 0) return nextTurn(fn)
    const timer = setTimeout(fn, Math.min(ms, LONGEST_TIMER))
    return () => clearTimeout(timer)
  },
}

declare const setImmediate: ((fn: () => void) => number) | undefined
declare const clearImmediate: (immediate: number) => void

/**
 * Runs `fn` one turn of the event loop later. In Node an immediate runs after the poll phase, so
 * answers that wait in the sockets are handled first; a timer of 0 ms would run before them.
 */
function nextTurn(fn: () => void): () => void {
  if (typeof setImmediate === 'function') {
    const immediate = setImmediate(fn)
    return () => clearImmediate(immediate)
  }
  const { port1, port2 } = new MessageChannel()
  const received = (): void => {
    port1.close()
    fn()
  }
  port1.addEventListener('message', received)
  port1.start()
  port2.postMessage(undefined)
  return () => port1.close()
}
