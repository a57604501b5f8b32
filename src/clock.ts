/**
 * The only source of time of a breaker. Pass your own to control time in tests, such as the
 * `ManualClock` of `short-circuit/testing`. Without one, the fake timers of test runners control
 * breakers as well, provided they replace `Date`, which is their default.
 */
export interface Clock {
  /** Monotonic milliseconds from any origin. A step back counts as no time at all. */
  now(): number
  /** Milliseconds since 1970. Used for display only. */
  wall(): number
  /**
   * Calls `fn` once, `ms` from now; 0 means after the events that have already arrived. Returns a
   * function that cancels the timer. A pending timer keeps the process alive.
   */
  setTimer(ms: number, fn: () => void): () => void
}

/** With longer delays, the timers of every runtime fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

const RealDate = Date
const realNow = /* @__PURE__ */ performance.now.bind(performance)

/** The time of the process: the default clock of a breaker. */
export const systemClock: Clock = {
  // Fake timers that replace `performance` replace `Date` as well. Looking up `performance`, which is
  // an accessor, would make each reading half as long again.
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
