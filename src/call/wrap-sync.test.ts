import { describe, expect, it, vi } from 'vitest'
import { createBreaker, open, RESET_TIMEOUT, record } from '../../test/helpers/public.ts'
import { CircuitFullError, CircuitOpenError } from '../errors.ts'

/** The same promises hold whether or not a call needs a permit of its own. */
const paths = [
  ['', {}],
  [' of a breaker with a callTimeout', { callTimeout: 1_000 }],
] as const

describe.each(paths)('breaker.sync(fn)%s', (_, options) => {
  it('returns the result itself and passes `this` and the arguments', () => {
    const { breaker } = createBreaker(options)
    const guarded = breaker.sync(function (this: { base: number }, a: number) {
      return this.base + a
    })

    expect(guarded.call({ base: 1 }, 2)).toBe(3)
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('throws what the function throws and counts a failure', () => {
    const { breaker } = createBreaker({ ...options, maxFailures: 1 })
    const guarded = breaker.sync((): number => {
      throw new Error('down')
    })

    expect(guarded).toThrow('down')
    expect(breaker.state).toBe('open')
  })

  it.each([undefined, null, 0, ''])('throws even %s as it is', (thrown) => {
    const { breaker } = createBreaker({ ...options, maxFailures: 1 })
    const caught = vi.fn()

    try {
      breaker.sync((): number => {
        throw thrown
      })()
    } catch (error) {
      caught(error)
    }

    expect(caught).toHaveBeenCalledWith(thrown)
    expect(breaker.state).toBe('open')
  })

  it('throws CircuitOpenError without running while open', async () => {
    const { breaker } = createBreaker(options)
    const action = vi.fn(() => 1)
    await open(breaker)

    expect(breaker.sync(action)).toThrow(CircuitOpenError)
    expect(action).not.toHaveBeenCalled()
  })

  it('makes the call after the open time a probe', async () => {
    const { breaker, clock } = createBreaker(options)
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    expect(breaker.sync(() => 'answer')()).toBe('answer')
    expect(breaker.state).toBe('closed')
  })

  it('counts a nested call', () => {
    const { breaker } = createBreaker({ ...options, maxConcurrent: 1 })
    const inner = breaker.sync(() => 1)

    expect(breaker.sync(() => inner())).toThrow(CircuitFullError)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1 } })
  })

  it('follows a promise that such a function returns after all', async () => {
    const { breaker } = createBreaker({ ...options, maxFailures: 1 })
    const guarded = breaker.sync((() => Promise.reject(new Error('later'))) as () => unknown)

    await expect(guarded()).rejects.toThrow('later')
    expect(breaker.state).toBe('open')
  })
})

describe('breaker.sync(fn)', () => {
  it('is not interrupted by the call timeout', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 10 })

    const result = breaker.sync(() => {
      clock.set(1_000)
      return 'answer'
    })()

    expect(result).toBe('answer')
    expect(clock.timers).toBe(0)
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
  })

  it('returns the value of the fallback when the function throws or the call is rejected', async () => {
    const fallback = vi.fn((_error: unknown, n: number) => -n)
    const { breaker } = createBreaker({ maxFailures: 1, fallback })
    const guarded = breaker.sync((_n: number): number => {
      throw new Error('down')
    })

    expect([guarded(1), guarded(2)]).toEqual([-1, -2])
    expect(fallback.mock.calls).toEqual([
      [expect.objectContaining({ message: 'down' }), 1],
      [expect.any(CircuitOpenError), 2],
    ])
  })

  it('throws what the fallback throws, with the original as cause', () => {
    const down = new Error('down')
    const { breaker } = createBreaker({
      fallback: () => {
        throw new Error('fallback failed')
      },
    })

    expect(
      breaker.sync((): number => {
        throw down
      }),
    ).toThrow(expect.objectContaining({ message: 'fallback failed', cause: down }))
  })

  it('takes the rejection after the caller aborted for no evidence', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const guarded = breaker.sync((options: { signal: AbortSignal }) =>
      options.signal.throwIfAborted(),
    )
    const events = record(breaker, 'failure')

    breaker.configure({ fallback: (error: unknown) => Promise.reject(error) })
    expect(() => guarded({ signal: AbortSignal.abort('stop') })).toThrow('stop')

    expect(breaker.snapshot().counts.cancelled).toBe(1)
    expect(events).toEqual([])
  })

  it.each([
    [async () => 1, 'got an AsyncFunction; use breaker(fn)'],
    [function* () {}, 'got a GeneratorFunction'],
    [async function* () {}, 'got an AsyncGeneratorFunction; use breaker.stream(fn)'],
  ])('rejects %s', (fn, message) => {
    const { breaker } = createBreaker()
    const guard = () => breaker.sync(fn as () => unknown)

    expect(guard).toThrow(TypeError)
    expect(guard).toThrow(`breaker.sync takes a synchronous function, ${message}`)
  })

  it.each([0, 1])('returns a proxy that objects to every question, with %i arguments', (count) => {
    const { breaker } = createBreaker()
    const refuse = (): never => {
      throw new Error('no questions')
    }
    const proxy = new Proxy({}, { get: refuse, getPrototypeOf: refuse })

    const result = breaker.sync((..._: unknown[]) => proxy)(...Array(count).fill('id'))

    // By identity, as a matcher would ask.
    expect(result === proxy).toBe(true)
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it.each([undefined, 42, {}, class Users {}])('throws a TypeError for %s', (value) => {
    const { breaker } = createBreaker()

    expect(() => breaker.sync(value as () => unknown)).toThrow(TypeError)
  })

  it('can be taken off the breaker', () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { sync } = breaker

    expect(sync(() => 5)()).toBe(5)
    breaker.trip()
    expect(sync(() => 5)).toThrow(CircuitOpenError)
  })
})
