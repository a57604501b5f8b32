import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CircuitBreaker, type Clock } from '../../src/index.ts'

// Consecutive failures need no time, so that calls that succeed need not ask for it.

let breaker: CircuitBreaker
let clock: Clock

describe('a closed circuit that counts consecutive failures', () => {
  beforeEach(() => {
    clock = { now: vi.fn(() => 0), wall: vi.fn(() => 0), setTimer: vi.fn(() => () => {}) }
    breaker = new CircuitBreaker({ maxFailures: 3, resetTimeout: 1000, clock })
    vi.mocked(clock.now).mockClear()
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each<[string, () => unknown]>([
    ['breaker.run', () => breaker.run(() => 'answer')],
    ['breaker.run with a signal in the action', () => breaker.run((signal) => signal.aborted)],
    ['a wrapped function', () => breaker(() => 'answer')()],
    ['a wrapped async function', () => breaker(async () => 'answer')()],
    ['a wrapped synchronous function', () => breaker.sync(() => 'answer')()],
    ['reading the state', () => breaker.state],
  ])('reads no clock, sets no timer and adds no listener for %s', async (_, call) => {
    watchGlobals()
    for (let i = 0; i < 100; i++) await call()

    expect(clock.now).not.toHaveBeenCalled()
    expect(clock.wall).not.toHaveBeenCalled()
    expect(clock.setTimer).not.toHaveBeenCalled()
    expect(performance.now).not.toHaveBeenCalled()
    expect(Date.now).not.toHaveBeenCalled()
    expect(setTimeout).not.toHaveBeenCalled()
    expect(setImmediate).not.toHaveBeenCalled()
    expect(queueMicrotask).not.toHaveBeenCalled()
    expect(AbortSignal.prototype.addEventListener).not.toHaveBeenCalled()
  })

  it('reads the clock for a failure, and sets a timer for a call with a timeout', async () => {
    watchGlobals()
    await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
    expect(clock.now).toHaveBeenCalled()

    await breaker.run(() => 'answer', { timeout: 10, signal: new AbortController().signal })
    expect(vi.mocked(clock.setTimer).mock.calls.map(([ms]) => ms)).toEqual([10, 0])
    expect(AbortSignal.prototype.addEventListener).toHaveBeenCalledOnce()
  })
})

/** Within the test: the test runner uses some of them around it. */
function watchGlobals(): void {
  vi.spyOn(performance, 'now')
  vi.spyOn(Date, 'now')
  vi.spyOn(globalThis, 'setTimeout')
  vi.spyOn(globalThis, 'setImmediate')
  vi.spyOn(globalThis, 'queueMicrotask')
  vi.spyOn(AbortSignal.prototype, 'addEventListener')
}
