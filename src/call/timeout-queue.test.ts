import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, hang, turn } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { type Clock, systemClock } from '../clock.ts'
import { CallTimeoutError } from '../errors.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { startTimeout, timeLimit } from './timeout-queue.ts'

/** A clock whose readings are off by `step.ms`; `timers` fires its timers. */
function createSteppingClock(start = 0): {
  clock: Clock
  timers: ManualClock
  step: { ms: number }
} {
  const timers = new ManualClock(start)
  const step = { ms: 0 }
  const clock = {
    now: () => timers.now() + step.ms,
    wall: () => timers.now(),
    setTimer: (ms: number, fn: () => void) => timers.setTimer(ms, fn),
  }
  return { clock, timers, step }
}

describe('timeLimit', () => {
  it('arms one timer for all calls of one duration', async () => {
    const clock = new ManualClock()

    const stops = Array.from({ length: 1_000 }, () => timeLimit(clock, 100, () => {}))

    expect(clock.timers).toBe(1)
    for (const stop of stops) stop()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('arms one timer for each distinct duration', async () => {
    const clock = new ManualClock()

    const stops = [100, 200, 100, 300].map((ms) => timeLimit(clock, ms, () => {}))

    expect(clock.timers).toBe(3)
    for (const stop of stops) stop()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('ends each call at its own time, in the order in which they began', async () => {
    const clock = new ManualClock()
    const ended: [string, number][] = []
    const start = (name: string): unknown =>
      timeLimit(clock, 100, () => ended.push([name, clock.now()]))

    start('first')
    await clock.advance(40)
    start('second')
    start('third')
    for (let i = 0; i < 10; i++) await clock.advance(20)

    expect(ended).toEqual([
      ['first', 100],
      ['second', 140],
      ['third', 140],
    ])
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('decides a turn after the timer', async () => {
    const clock = new ManualClock()
    const expire = vi.fn()
    timeLimit(clock, 100, expire)

    const advanced = clock.advance(100)
    const atTheTimer = expire.mock.calls.length
    await advanced

    expect([atTheTimer, expire.mock.calls.length]).toEqual([0, 1])
  })

  it('ends nothing that was stopped between the timer and that decision', async () => {
    const clock = new ManualClock()
    const expire = vi.fn()
    const stop = timeLimit(clock, 100, expire)

    const advanced = clock.advance(100)
    stop()
    await advanced

    expect(expire).not.toHaveBeenCalled()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it.each([0, -1_000, 1e12])(
    'goes on with the others when the call it was armed for has ended, by a clock that starts at %d',
    async (start) => {
      const clock = new ManualClock(start)
      const expire = vi.fn()
      const stop = timeLimit(clock, 100, () => {})
      await clock.advance(50)
      timeLimit(clock, 100, expire)
      stop()

      await clock.advance(99)
      expect(expire).not.toHaveBeenCalled()
      await clock.advance(1)

      expect(expire).toHaveBeenCalledOnce()
    },
  )

  it('ends the others when one was stopped between the timer and that decision', async () => {
    const clock = new ManualClock()
    const expire = vi.fn()
    const stop = timeLimit(clock, 100, () => {})
    await clock.advance(40)
    timeLimit(clock, 100, expire)

    const advanced = clock.advance(60)
    stop()
    await advanced
    await clock.advance(40)

    expect(expire).toHaveBeenCalledOnce()
  })

  it('ends nothing that is stopped by what follows from the end of another', async () => {
    const clock = new ManualClock()
    const expire = vi.fn()
    let stop = (): void => {}
    timeLimit(clock, 100, () => stop())
    stop = timeLimit(clock, 100, expire)

    await clock.advance(100)

    expect(expire).not.toHaveBeenCalled()
  })

  it('takes one turn for that decision, though the call that the timer was armed for has ended', async () => {
    const clock = new ManualClock()
    const expire = vi.fn()
    const stop = timeLimit(clock, 100, () => {})
    await clock.advance(40)
    timeLimit(clock, 100, expire)
    stop()

    void clock.advance(100)
    await turn()

    expect(expire).toHaveBeenCalledOnce()
  })

  it.each([140, 200])(
    'takes one more turn for a call whose time is up at %i, while others are decided about',
    async (time) => {
      const clock = new ManualClock()
      const ended: string[] = []
      timeLimit(clock, 100, () => ended.push('first'))
      await clock.advance(40)
      timeLimit(clock, 100, () => ended.push('second'))

      void clock.advance(60)
      clock.set(time)
      await turn()
      expect(ended).toEqual(['first'])
      await turn()

      expect(ended).toEqual(['first', 'second'])
    },
  )

  it('ends calls that began at the same time together, by a timer that fires early', async () => {
    const { clock, timers, step } = createSteppingClock()
    const ended: string[] = []
    for (const name of ['first', 'second']) timeLimit(clock, 100, () => ended.push(name))

    step.ms = -0.5
    await timers.advance(100)

    expect(ended).toEqual(['first', 'second'])
  })

  it('may be stopped more than once, and in any order', async () => {
    const clock = new ManualClock()
    const [first, second, third] = [1, 2, 3].map(() => timeLimit(clock, 100, () => {}))

    for (const stop of [second, second, third, first, first]) stop?.()

    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('takes new calls while it decides about old ones', async () => {
    const clock = new ManualClock()
    const later = vi.fn()
    timeLimit(clock, 100, () => timeLimit(clock, 100, later))

    await clock.advance(100)
    await clock.advance(100)

    expect(later).toHaveBeenCalledOnce()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it('makes no call wait longer when the clock steps back', async () => {
    const clock = new ManualClock(10_000)
    const expired: string[] = []
    timeLimit(clock, 100, () => expired.push('before the step'))

    clock.set(0)
    const stop = timeLimit(clock, 100, () => expired.push('after the step'))
    clock.set(10_000)
    await clock.advance(100)
    await clock.advance(100)
    stop()

    expect(expired).toContain('before the step')
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })
})

describe('the timer of all calls of one duration', () => {
  /** A clock that counts the timers that are set by it; turns are none. */
  function createCountingClock(): { clock: ManualClock; timersSet: () => number } {
    const clock = new ManualClock()
    const setTimer = vi.spyOn(clock, 'setTimer')
    return { clock, timersSet: () => setTimer.mock.calls.filter(([ms]) => ms > 0).length }
  }

  it('stays for a call that begins as soon as the last one has ended', async () => {
    const { clock, timersSet } = createCountingClock()

    for (let i = 0; i < 10; i++) timeLimit(clock, 100, () => {})()
    const { timers } = clock
    await clock.advance(0)

    expect(timersSet()).toBe(1)
    // One turn for all of them.
    expect(timers).toBe(2)
    expect(clock.timers).toBe(0)
  })

  it('is cleared after the last call also where it stayed for one before', async () => {
    const clock = new ManualClock()
    timeLimit(clock, 100, () => {})()
    const stop = timeLimit(clock, 100, () => {})
    await clock.advance(0)

    stop()
    await clock.advance(0)

    expect(clock.timers).toBe(0)
  })

  it('is the only one while one of several is stopped', () => {
    const clock = new ManualClock()
    const [stop] = [1, 2].map(() => timeLimit(clock, 100, () => {}))

    stop?.()

    expect(clock.timers).toBe(1)
  })

  it('is not armed for a call that begins while others are decided about', async () => {
    const { clock, timersSet } = createCountingClock()
    timeLimit(clock, 100, () => {})

    const advanced = clock.advance(100)
    timeLimit(clock, 100, () => {})
    expect(clock.timers).toBe(1)
    await advanced

    expect(timersSet()).toBe(2)
    expect(clock.timers).toBe(1)
  })

  it('is armed once for calls that begin as others end', async () => {
    const clock = new ManualClock()
    const start = (expire: () => void): void => {
      const entry = { deadline: 0, previous: undefined, next: undefined, queue: undefined, expire }
      startTimeout(clock, 100, entry)
    }
    start(() => start(() => {}))

    await clock.advance(100)

    expect(clock.timers).toBe(1)
  })

  it('runs outside of the async context of the call that it is armed by', () => {
    const clock = new ManualClock()
    const context = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const setTimer = clock.setTimer.bind(clock)
    vi.spyOn(clock, 'setTimer').mockImplementation((ms, fn) => {
      seen.push(context.getStore())
      return setTimer(ms, fn)
    })

    const stop = context.run('a call', () => timeLimit(clock, 100, () => {}))

    expect(seen).toEqual([undefined])
    stop()
  })
})

describe('callTimeout of several breakers', () => {
  it.each([40, 100, 700])(
    'ends no call early that began after the clock had stepped back by %i ms',
    async (ms) => {
      const { clock, timers, step } = createSteppingClock(1_000)
      const ended: [string, number][] = []
      const start = (name: string) => timeLimit(clock, 100, () => ended.push([name, timers.now()]))

      start('before')
      await timers.advance(60)
      step.ms = -ms
      start('after')
      await timers.advance(20)
      start('later')
      for (let i = 0; i < 30; i++) await timers.advance(5)

      expect(ended).toEqual([
        ['before', 1_100],
        ['after', 1_160],
        ['later', 1_180],
      ])
    },
  )

  it('ends no call early though the one before the step has ended', async () => {
    const { clock, timers, step } = createSteppingClock(1_000)
    const expire = vi.fn()
    const stop = timeLimit(clock, 100, () => {})
    await timers.advance(60)
    step.ms = -700
    timeLimit(clock, 100, expire)
    stop()

    await timers.advance(99)
    expect(expire).not.toHaveBeenCalled()
    await timers.advance(1)

    expect(expire).toHaveBeenCalledOnce()
  })

  it('shares the timer between those with one clock and one duration', async () => {
    const clock = new ManualClock()
    const { breaker: one } = createBreaker({ clock, callTimeout: 100 })
    const { breaker: other } = createBreaker({ clock, callTimeout: 100 })
    const calls = [hang(one), hang(one), hang(other)]

    expect(clock.timers).toBe(1)
    for (const call of calls) await call.release()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })
})

describe('callTimeout on the system clock', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('ends a call by the timers of the process', async () => {
    const breaker = new CircuitBreaker({ callTimeout: 100 })
    const call = hang(breaker)

    await vi.advanceTimersByTimeAsync(100)
    await turn()

    expect(await call.result).toBeInstanceOf(CallTimeoutError)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('holds timers only while calls are in flight', async () => {
    const breaker = new CircuitBreaker({ callTimeout: 100 })
    const atRest = vi.getTimerCount()
    const calls = [hang(breaker), hang(breaker)] as const

    const inFlight = vi.getTimerCount()
    await calls[0].release()
    await calls[1].release()

    await turn()
    // Fake timers are not shared: they may be taken away from a call.
    expect([atRest, inFlight, vi.getTimerCount()]).toEqual([0, 2, 0])
  })

  it('clears a timer that is not shared as soon as its call has ended', () => {
    const stop = timeLimit(systemClock, 100, () => {})

    stop()

    expect(vi.getTimerCount()).toBe(0)
  })

  it('lets answers win that a blocked event loop has kept waiting', async () => {
    const breaker = new CircuitBreaker({ callTimeout: 100 })
    const call = hang(breaker)
    setImmediate(() => void call.release('has waited in the socket'))

    vi.advanceTimersByTime(5_000)

    expect(await call.result).toBe('has waited in the socket')
  })
})

describe('calls that began at different times', () => {
  it('all time out in one advance that is long enough for them', async () => {
    const clock = new ManualClock()
    const breaker = new CircuitBreaker({ maxFailures: 9, callTimeout: 50, clock })
    for (let i = 0; i < 3; i++) {
      hang(breaker).result.catch(() => {})
      await clock.advance(1)
    }

    await clock.advance(1_000)

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { timeout: 3 } })
  })
})
