import { describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, record, turn } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { CallTimeoutError } from '../errors.ts'
import type { CircuitBreakerOptions } from '../options.ts'
import { ManualClock } from '../testing/manual-clock.ts'

/** A call of a guarded function, with what ends it. */
function begin(options: CircuitBreakerOptions<unknown> = {}): {
  readonly breaker: CircuitBreaker<unknown>
  readonly clock: ManualClock
  readonly result: Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
} {
  const { breaker, clock } = createBreaker<unknown>({ callTimeout: 100, ...options })
  const { promise, resolve, reject } = withResolvers()
  const result = breaker(() => promise)()
  result.catch(() => {})
  return { breaker: breaker as CircuitBreaker<unknown>, clock, result, resolve, reject }
}

function withResolvers(): {
  promise: Promise<unknown>
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
} {
  let settle: [(value: unknown) => void, (error: unknown) => void] | undefined
  const promise = new Promise((resolve, reject) => {
    settle = [resolve, reject]
  })
  const [resolve, reject] = settle as NonNullable<typeof settle>
  return { promise, resolve, reject }
}

describe.each([
  ['of consecutive failures', {}],
  ['that know durations', { statistics: true }],
])('a guarded function with a timeout under rules %s', (_, options) => {
  it('resolves with the value of an action that ends in time', async () => {
    const { breaker, clock, result, resolve } = begin(options)

    await clock.advance(99)
    resolve('answer')

    expect(await result).toBe('answer')
    await clock.advance(1_000)
    expect(breaker.snapshot()).toMatchObject({
      inFlight: 0,
      counts: { settled: 1, success: 1, timeout: 0 },
    })
    expect(clock.timers).toBe(0)
  })

  it('rejects with the very error of an action that fails in time', async () => {
    const { breaker, result, reject } = begin(options)
    const down = new Error('down')

    reject(down)

    expect(await reasonOf(result)).toBe(down)
    expect(breaker.snapshot().counts).toMatchObject({ settled: 1, failure: 1, timeout: 0 })
  })

  it.each(['resolve', 'reject'] as const)(
    'ends when its time is up, and lets the action %s without effect',
    async (late) => {
      const call = begin(options)
      const events = record(call.breaker as CircuitBreaker, 'timeout', 'failure')
      const unhandled = vi.fn()
      process.on('unhandledRejection', unhandled)

      await call.clock.advance(100)
      const error = await reasonOf(call.result)
      call[late](new Error('late'))
      await turn()
      process.off('unhandledRejection', unhandled)

      expect(error).toBeInstanceOf(CallTimeoutError)
      expect(call.breaker.snapshot()).toMatchObject({
        inFlight: 0,
        counts: { settled: 1, failure: 1, timeout: 1, stale: 0 },
      })
      expect(events).toEqual([
        ['timeout', expect.objectContaining({ timeout: 100, probe: false })],
        ['failure', expect.objectContaining({ error })],
      ])
      expect(unhandled).not.toHaveBeenCalled()
    },
  )

  it('counts a timeout as what classify says', async () => {
    const { breaker, clock, result } = begin({ ...options, classify: () => 'neutral' })

    await clock.advance(100)

    expect(await reasonOf(result)).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().counts).toMatchObject({ neutral: 1, failure: 0, timeout: 1 })
  })

  it('counts a timeout that comes after a transition as stale', async () => {
    const { breaker, clock, result } = begin(options)
    breaker.trip()

    await clock.advance(100)

    expect(await reasonOf(result)).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().counts).toMatchObject({ settled: 1, stale: 1, failure: 0 })
  })

  it('opens the circuit by its timeouts', async () => {
    const { breaker, clock } = begin({ ...options, maxFailures: 1 })

    await clock.advance(100)

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().trips[0]?.failures).toMatchObject([{ name: 'CallTimeoutError' }])
  })

  it('takes what is thrown at once, a plain value and a thenable as what they are', async () => {
    const { breaker } = createBreaker<unknown>({ callTimeout: 100, ...options })
    const error = new Error('at once')

    const thrown = breaker((): Promise<unknown> => {
      throw error
    })()
    const value = breaker(() => 7 as never)()
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
    const thenable = breaker(() => ({ then: (done: (n: number) => void) => done(8) }) as never)()

    expect(await reasonOf(thrown)).toBe(error)
    expect(await Promise.all([value, thenable])).toEqual([7, 8])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 2, failure: 1 } })
  })

  it('has no timer left a turn after its last call', async () => {
    const { breaker, clock, result, resolve } = begin(options)
    const inFlight = clock.timers
    resolve(1)
    await result
    await turn()

    const atRest = clock.timers
    const again = reasonOf(breaker(() => new Promise(() => {}))())
    const inFlightAgain = clock.timers
    await clock.advance(100)

    expect([inFlight, atRest, inFlightAgain]).toEqual([1, 0, 1])
    expect(await again).toBeInstanceOf(CallTimeoutError)
  })
})

describe('calls of several breakers with the same timeout', () => {
  it('share one timer also after a time of rest', async () => {
    const clock = new ManualClock()
    const [first, second] = [1, 2].map(() => new CircuitBreaker({ callTimeout: 100, clock }))
    const hang = (breaker: CircuitBreaker | undefined): Promise<unknown> =>
      reasonOf(breaker?.(() => new Promise(() => {}))() as Promise<unknown>)
    await first?.(async () => 1)()
    await turn()

    const calls = [hang(second), hang(first)]
    const { timers } = clock
    await clock.advance(100)

    expect(timers).toBe(1)
    for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(CallTimeoutError)
  })
})

describe('callTimeout that is configured live', () => {
  it('holds for the next call and not for one in flight', async () => {
    const { breaker, clock, result } = begin()
    breaker.configure({ callTimeout: 50 })
    const next = reasonOf(breaker(() => new Promise(() => {}))())

    await clock.advance(50)

    expect(await next).toMatchObject({ timeout: 50 })
    expect(breaker.snapshot().inFlight).toBe(1)
    await clock.advance(50)
    expect(await reasonOf(result)).toMatchObject({ timeout: 100 })
  })
})
