import type { Clock } from '../index.ts'
import { number, show } from './simulation/check.ts'

interface Timer {
  readonly at: number
  readonly fn: () => void
}

/**
 * A clock that moves only when a test says so, to test time-dependent code without waiting.
 *
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { ManualClock } from 'short-circuit/testing'
 *
 * const clock = new ManualClock()
 * const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 3_000, clock })
 * await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
 * await clock.advance(3_000)
 * console.assert(breaker.state === 'half-open')
 */
export class ManualClock implements Clock {
  #now: number
  /** Ordered by time, then by age. */
  #timers: Timer[] = []
  #turns = new Set<() => void>()

  /** @throws TypeError or RangeError for anything but a finite number of ms */
  constructor(start = 0) {
    this.#now = number('start', start, {})
  }

  now(): number {
    return this.#now
  }

  /** The same as {@link now}: this clock's time begins in 1970. */
  wall(): number {
    return this.#now
  }

  setTimer(ms: number, fn: () => void): () => void {
    if (ms <= 0) {
      const turn = (): void => {
        if (this.#turns.delete(turn)) fn()
      }
      this.#turns.add(turn)
      nextTurn(turn)
      return () => this.#turns.delete(turn)
    }
    const timer = { at: this.#now + ms, fn }
    const index = this.#timers.findIndex(({ at }) => at > timer.at)
    this.#timers.splice(index === -1 ? this.#timers.length : index, 0, timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** The number of pending timers. */
  get timers(): number {
    return this.#timers.length + this.#turns.size
  }

  /**
   * Moves time forward by `ms` and fires the timers that are due, in order, before it returns. Awaiting
   * the result also runs pending promise callbacks, and the timers that those have made due.
   *
   * @throws TypeError or RangeError for anything but a number of at least 0 ms; use {@link set} to step back
   */
  advance(ms: number): Promise<void> {
    if (typeof ms !== 'number') throw new TypeError(`ms must be a number, got ${show(ms)}`)
    if (!(ms >= 0)) throw new RangeError(`ms must be at least 0, got ${ms}; set() can step back`)
    const target = this.#now + ms
    for (
      let next = this.#timers[0];
      next !== undefined && next.at <= target;
      next = this.#timers[0]
    ) {
      this.#timers.shift()
      this.#now = Math.max(this.#now, next.at)
      next.fn()
    }
    // A timer may have moved the clock further.
    this.#now = Math.max(this.#now, target)
    return this.#settle()
  }

  /**
   * Sets the time, back or ahead, without firing any timer: a clock that steps.
   *
   * @throws TypeError or RangeError for anything but a finite number of ms
   */
  set(ms: number): void {
    this.#now = number('ms', ms, {})
  }

  async #settle(): Promise<void> {
    do {
      await new Promise<void>((resolve) => nextTurn(resolve))
    } while (this.#turns.size > 0)
  }
}

declare const setImmediate: ((fn: () => void) => void) | undefined
// Taken early: the fake timers of a test runner must not stop the turns of a manual clock.
const immediately = typeof setImmediate === 'function' ? setImmediate : undefined
const soon = globalThis.setTimeout as (fn: () => void, ms: number) => unknown

/** One real turn of the event loop. */
function nextTurn(fn: () => void): void {
  if (immediately !== undefined) {
    immediately(fn)
    return
  }
  if (typeof MessageChannel !== 'function') {
    soon(fn, 0)
    return
  }
  const { port1, port2 } = new MessageChannel()
  const received = (): void => {
    port1.close()
    fn()
  }
  port1.addEventListener('message', received)
  port1.start()
  port2.postMessage(undefined)
}
