import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../../test/helpers/public.ts'
import { CallTimeoutError, CircuitFullError, CircuitOpenError } from '../errors.ts'

const down = new Error('down')
const failing = (..._args: unknown[]): Promise<string> => Promise.reject(down)

describe('fallback', () => {
  it('gets the error and the arguments when the call failed', async () => {
    const fallback = vi.fn((..._: unknown[]) => 'instead')
    const { breaker } = createBreaker({ fallback })

    expect(await breaker(failing)('id', 7)).toBe('instead')
    expect(fallback).toHaveBeenCalledExactlyOnceWith(down, 'id', 7)
  })

  it('gets the rejection and the arguments when the call was rejected', async () => {
    const fallback = vi.fn((..._: unknown[]) => 'instead')
    const { breaker } = createBreaker({ fallback })
    breaker.trip()

    expect(await breaker(failing)('id')).toBe('instead')
    expect(fallback).toHaveBeenCalledExactlyOnceWith(expect.any(CircuitOpenError), 'id')
  })

  it('gets CircuitFullError when there was no room', async () => {
    const fallback = vi.fn((_error: unknown) => 'instead')
    const { breaker } = createBreaker({ fallback, maxConcurrent: 1 })
    const caller = new AbortController()
    const call = breaker.run(() => new Promise(() => {}), { signal: caller.signal })

    expect(await breaker.run(() => 1)).toBe('instead')
    expect(fallback).toHaveBeenCalledWith(expect.any(CircuitFullError))
    caller.abort()
    await reasonOf(call)
  })

  it('changes nothing about what the call counts as', async () => {
    const { breaker } = createBreaker({ maxFailures: 1, fallback: () => 'instead' })

    await breaker(failing)()

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, success: 0 })
  })

  it('does not run for a call that succeeded, nor for a value classified as failure', async () => {
    const fallback = vi.fn(() => 'instead')
    const { breaker } = createBreaker({ fallback, classify: () => 'failure' })

    expect(await breaker(async () => 'a 500')()).toBe('a 500')
    expect(fallback).not.toHaveBeenCalled()
  })

  it.each(['success', 'neutral'] as const)(
    'does not run for an error classified as %s',
    async (as) => {
      const fallback = vi.fn(() => 'instead')
      const { breaker } = createBreaker({ fallback, classify: () => as })

      expect(await reasonOf(breaker(failing)())).toBe(down)
      expect(fallback).not.toHaveBeenCalled()
    },
  )

  it('runs for an error classified as cancelled', async () => {
    const { breaker } = createBreaker({ fallback: () => 'instead', classify: () => 'cancelled' })

    expect(await breaker(failing)()).toBe('instead')
  })

  it('may be asynchronous', async () => {
    const { breaker } = createBreaker({ fallback: async () => 'instead' })

    expect(await breaker(failing)()).toBe('instead')
    breaker.trip()
    expect(await breaker(failing)()).toBe('instead')
  })

  it.each([undefined, null, 0, ''])('may return %s', async (value) => {
    const { breaker } = createBreaker({ fallback: () => value })

    expect(await breaker(failing)()).toBe(value)
    breaker.trip()
    expect(await breaker(failing)()).toBe(value)
  })

  it('of run is taken instead of the one of the breaker', async () => {
    const { breaker } = createBreaker({ fallback: () => 'from the breaker' })

    expect(await breaker.run(failing, { fallback: () => 'from the call' })).toBe('from the call')
    expect(await breaker.run(failing, {})).toBe('from the breaker')
  })

  it('of run stands in for a timeout too', async () => {
    const { breaker, clock } = createBreaker()
    const fallback = vi.fn((error: unknown) => error)

    const result = breaker.run(() => new Promise(() => {}), { timeout: 50, fallback })
    await clock.advance(50)

    expect(await result).toBeInstanceOf(CallTimeoutError)
    expect(fallback).toHaveBeenCalledOnce()
  })

  it.each([
    ['an arrow function without parameters', () => () => 'instead'],
    ['an async arrow function without parameters', () => async () => 'instead'],
    [
      'a method',
      () =>
        ({
          fallback() {
            return 'instead'
          },
        }).fallback,
    ],
    ['a bound function', () => ((text: string) => text).bind(null, 'instead')],
    [
      'a function with rest parameters',
      () =>
        (...args: unknown[]) =>
          args.length ? 'instead' : '',
    ],
    [
      'a function that looks at `arguments`',
      () =>
        function () {
          // biome-ignore lint/complexity/noArguments: that it sees them is what is tested.
          return arguments.length === 2 ? 'instead' : ''
        },
    ],
    [
      'a function with a default',
      () =>
        (error: unknown = 'none') =>
          error === 'none' ? '' : 'instead',
    ],
    [
      'a function whose text has one without parameters in it',
      () => (error: unknown) => {
        const text = (): string => (error === undefined ? '' : 'instead')
        return text()
      },
    ],
  ])('may be %s', async (_, make) => {
    const { breaker } = createBreaker<unknown>({ fallback: make() })

    expect(await breaker(failing)('id')).toBe('instead')
    breaker.trip()
    expect(await breaker(failing)('id')).toBe('instead')
  })
})

describe('the failure of a fallback', () => {
  it.each([
    [
      'thrown',
      (error: Error) => () => {
        throw error
      },
    ],
    ['a rejection', (error: Error) => () => Promise.reject(error)],
    [
      'thrown by one that sees the error',
      (error: Error) => (_: unknown) => {
        throw error
      },
    ],
  ])('reaches the caller with the original as its cause, when it is %s', async (_, make) => {
    const own = new Error('no cache')
    const { breaker } = createBreaker({ fallback: make(own) })

    expect(await reasonOf(breaker(failing)())).toBe(own)
    expect(Object.getOwnPropertyDescriptor(own, 'cause')).toEqual(
      Object.getOwnPropertyDescriptor(new Error('', { cause: down }), 'cause'),
    )
  })

  it('carries the rejection as its cause when the call was rejected', async () => {
    const { breaker } = createBreaker({
      fallback: () => {
        throw new Error('no cache')
      },
    })
    breaker.trip()

    expect(await reasonOf(breaker(failing)())).toMatchObject({
      message: 'no cache',
      cause: { code: 'ERR_CIRCUIT_OPEN', reason: 'manual' },
    })
  })

  it('keeps a cause of its own', async () => {
    const cause = new Error('disk')
    const { breaker } = createBreaker({
      fallback: () => {
        throw new Error('no cache', { cause })
      },
    })

    expect(await reasonOf(breaker(failing)())).toMatchObject({ cause })
  })

  it('is the original itself when that is thrown again, without a cause', async () => {
    const { breaker } = createBreaker({
      fallback: (error: unknown) => {
        throw error
      },
    })

    expect(await reasonOf(breaker(failing)())).toBe(down)
    expect(down.cause).toBeUndefined()
  })

  it.each<[string, () => Error]>([
    ['that is its cause', () => new Error('down')],
    ['that its cause has as one', () => new Error('down', { cause: new Error('reset') })],
  ])('gets no cause when it is the error %s: causes form no circle', async (_, make) => {
    const roots: unknown[] = []
    const { breaker } = createBreaker({
      fallback: (error: unknown) => {
        let root = error as Error
        for (let deep = 0; deep < 5 && root.cause !== undefined; deep++) root = root.cause as Error
        roots.push(root)
        throw root
      },
      maxFailures: 1,
    })
    const failure = make()

    for (let i = 0; i < 3; i++) await reasonOf(breaker.run(() => Promise.reject(failure)))

    const root = failure.cause ?? failure
    expect(roots).toEqual([root, root, root])
    expect((root as Error).cause).toBeUndefined()
  })

  it('leaves an error that fails each call a failure, when it is thrown for a rejected one', async () => {
    const { breaker, clock } = createBreaker({
      fallback: (error: unknown) => {
        throw (error as Error).cause ?? error
      },
      maxFailures: 1,
    })
    const failure = new Error('never connected')
    const fail = () => reasonOf(breaker.run(() => Promise.reject(failure)))
    await fail()
    await fail()

    await clock.advance(breaker.snapshot().retryAfter ?? 0)
    await fail()

    expect(breaker.snapshot()).toMatchObject({
      state: 'open',
      counts: { failure: 2, cancelled: 0 },
    })
  })

  it.each([
    ['no error', 'no cache'],
    ['frozen', Object.freeze(new Error('no cache'))],
    ['undefined', undefined],
  ])('reaches the caller as it is when it is %s', async (_, thrown) => {
    const { breaker } = createBreaker({
      fallback: () => {
        throw thrown
      },
    })

    expect(await reasonOf(breaker(failing)())).toBe(thrown)
  })

  it('reaches the caller as it is when it is an object that is no error', async () => {
    const thrown = { code: 1 }
    const { breaker } = createBreaker({
      fallback: () => {
        throw thrown
      },
    })

    expect(await reasonOf(breaker(failing)())).toBe(thrown)
    expect(Reflect.ownKeys(thrown)).toEqual(['code'])
  })

  it('is unhandled only when the caller handles nothing', async () => {
    const { breaker } = createBreaker({ fallback: () => Promise.reject(new Error('no cache')) })
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)

    await reasonOf(breaker(failing)())
    await turn()
    process.off('unhandledRejection', unhandled)

    expect(unhandled).not.toHaveBeenCalled()
  })

  it.each<[string, string]>([
    ['throws', '(() => { throw new TypeError("no cache") })'],
    ['rejects with', '(() => Promise.reject(new TypeError("no cache")))'],
  ])('of another realm gets its cause when a fallback %s it', async (_, code) => {
    const { breaker } = createBreaker({ fallback: runInNewContext(code) as () => unknown })
    const down = new Error('down')

    const error = await reasonOf(breaker.run(() => Promise.reject(down)))

    expect(error).not.toBeInstanceOf(Error)
    expect(error).toMatchObject({ message: 'no cache', cause: down })
  })
})
