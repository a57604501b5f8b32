import { afterEach, describe, expect, it, vi } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { Permit } from '../core/permit.ts'
import { CircuitFullError } from '../errors.ts'
import { ExpiringCalls } from './expiring-calls.ts'

const hang = (): Promise<never> => new Promise(() => {})

afterEach(() => {
  vi.useRealTimers()
})

/** A full breaker whose calls have timers that are gone, as after the end of a request of Workers. */
function fullWithoutTimers(timeout: number): CircuitBreaker {
  vi.useFakeTimers()
  const breaker = new CircuitBreaker({ maxConcurrent: 2, callTimeout: timeout })
  for (let i = 0; i < 2; i++) void breaker.run(hang)
  vi.clearAllTimers()
  return breaker
}

async function attempt(breaker: CircuitBreaker): Promise<unknown> {
  return breaker.run(async () => 'passed').catch((error: unknown) => error)
}

describe('a call whose timer was lost', () => {
  it('takes a slot until a second after it had to end', async () => {
    const breaker = fullWithoutTimers(200)

    vi.advanceTimersByTime(1_199)
    expect(await attempt(breaker)).toBeInstanceOf(CircuitFullError)
    vi.advanceTimersByTime(1)

    expect(await attempt(breaker)).toBe('passed')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 2, failure: 0 } })
  })

  it('counts once, though it ends after all', async () => {
    vi.useFakeTimers()
    const breaker = new CircuitBreaker({ maxConcurrent: 1, callTimeout: 200 })
    let resolve = (_: string): void => {}
    const call = breaker.run(
      () =>
        new Promise<string>((fulfil) => {
          resolve = fulfil
        }),
    )
    vi.clearAllTimers()
    vi.advanceTimersByTime(1_200)
    expect(await attempt(breaker)).toBe('passed')

    resolve('late')

    expect(await call).toBe('late')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1, success: 1 } })
  })

  it('keeps its permit as a stream that has begun', async () => {
    vi.useFakeTimers()
    const breaker = new CircuitBreaker({ maxConcurrent: 1, callTimeout: 200 })
    const items = breaker.stream(async function* () {
      yield 1
      await hang()
    })()
    expect(await items.next()).toEqual({ done: false, value: 1 })
    vi.clearAllTimers()
    vi.advanceTimersByTime(5_000)

    expect(await attempt(breaker)).toBe('passed')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 1, counts: { cancelled: 0 } })
  })
})

describe('maxConcurrent', () => {
  it('counts a call without a timeout until it ends, also where timers may be lost', async () => {
    vi.useFakeTimers()
    const breaker = new CircuitBreaker({ maxConcurrent: 1 })
    void breaker.run(hang)

    vi.advanceTimersByTime(60_000)

    expect(await attempt(breaker)).toBeInstanceOf(CircuitFullError)
  })

  it.each([
    ['', () => {}],
    [', with a listener', (breaker: CircuitBreaker) => breaker.on('success', () => {})],
  ])(
    'counts a call that is late until its own timer has ended it, where timers last%s',
    async (_, arrange) => {
      const { breaker, clock } = createBreaker({ maxConcurrent: 1, callTimeout: 200 })
      arrange(breaker)
      void breaker.run(hang).catch(() => {})

      // A blocked event loop: time has passed, and no timer has fired.
      clock.set(5_000)

      expect(await attempt(breaker)).toBeInstanceOf(CircuitFullError)
    },
  )
})

describe('a probe whose timer was lost', () => {
  it('gives its slot back at its timeout', async () => {
    vi.useFakeTimers()
    const breaker = new CircuitBreaker({ callTimeout: 200 })
    breaker.trip()
    breaker.halfOpen()
    void breaker.run(hang).catch(() => {})
    vi.clearAllTimers()

    vi.advanceTimersByTime(199)
    expect(breaker.snapshot()).toMatchObject({ state: 'half-open', probes: { inFlight: 1 } })
    vi.advanceTimersByTime(1)

    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0 })
  })
})

describe('ExpiringCalls', () => {
  it('takes out what is a second late, and forgets what has ended or delivered', () => {
    const calls = new ExpiringCalls()
    const [waiting, ended, delivered, late] = [0, 0, 0, 0].map(() => new Permit(null, 0)) as [
      Permit,
      Permit,
      Permit,
      Permit,
    ]
    for (const permit of [ended, delivered, late]) calls.add(permit, 100)
    calls.add(waiting, 101)
    ended.open = false
    delivered.deliver(50)
    const { size } = calls

    const expired = calls.takeExpired(1_100)

    expect(expired).toEqual([late])
    expect([size, calls.size]).toEqual([4, 1])
  })
})
