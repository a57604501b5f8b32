import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { createBreaker, open, reasonOf } from '../../test/helpers/public.ts'
import { CallTimeoutError, CircuitOpenError } from '../errors.ts'

const TIMEOUT = 50

/** Never ends; `seen` gets its signal. */
function hanging(seen: AbortSignal[]): (signal: AbortSignal, ..._: unknown[]) => Promise<never> {
  return (signal) => {
    seen.push(signal)
    return new Promise(() => {})
  }
}

describe('breaker.withSignal(fn)', () => {
  it('passes a signal, this and the arguments', async () => {
    const { breaker } = createBreaker()
    const client = {
      url: 'http://x.test',
      get: breaker.withSignal(async function (
        this: { url: string },
        signal: AbortSignal,
        ...args: unknown[]
      ) {
        return [signal.aborted, this.url, ...args]
      }),
    }

    expect(await client.get('/users', 7)).toEqual([false, 'http://x.test', '/users', 7])
    expect(await client.get()).toEqual([false, 'http://x.test'])
  })

  it.each([
    ['no parameter', async function find() {}, 0],
    ['the signal alone', async function find(_: AbortSignal) {}, 0],
    ['three parameters', async function find(_: AbortSignal, __: number, ___: number) {}, 2],
    ['any number', async function find(..._: unknown[]) {}, 0],
  ])('returns a function of the same name without the signal: %s', (_, fn, length) => {
    const { breaker } = createBreaker()

    const { name, length: declared } = breaker.withSignal(fn as () => Promise<void>)

    expect([name, declared]).toEqual(['find', length])
  })

  it('always returns a promise', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const down = new Error('down')
    const thrower = breaker.withSignal(() => {
      throw down
    })

    expect(await breaker.withSignal(() => 1)()).toBe(1)
    expect(await reasonOf(thrower())).toBe(down)
    expect(breaker.state).toBe('open')
  })

  it('rejects and runs nothing while open', async () => {
    const { breaker } = createBreaker()
    const fn = vi.fn(async (_: AbortSignal) => 1)
    await open(breaker)

    expect(await reasonOf(breaker.withSignal(fn)())).toBeInstanceOf(CircuitOpenError)
    expect(fn).not.toHaveBeenCalled()
  })

  it('passes each call a signal that no other call has', async () => {
    const { breaker } = createBreaker()
    const own = breaker.withSignal(async (signal) => signal)

    expect(await own()).not.toBe(await own())
  })

  it('aborts the signal by the timeout of the call', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: TIMEOUT })
    const seen: AbortSignal[] = []

    const reason = reasonOf(breaker.withSignal(hanging(seen))())
    await clock.advance(TIMEOUT)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
    expect(seen).toMatchObject([{ aborted: true, reason: await reason }])
  })

  it.each<[string, object, (signal: AbortSignal) => unknown[]]>([
    ['as it is', {}, (signal) => ['/', signal]],
    ['as { signal }', {}, (signal) => ['/', { signal }]],
    [
      'as { abortSignal } with a timeout',
      { callTimeout: TIMEOUT },
      (abortSignal) => [{ abortSignal }],
    ],
  ])(
    'rejects at once when the caller aborts a signal among the arguments, %s',
    async (_, options, args) => {
      const { breaker } = createBreaker({ maxFailures: 1, ...options })
      const seen: AbortSignal[] = []
      const caller = new AbortController()

      const reason = reasonOf(breaker.withSignal(hanging(seen))(...args(caller.signal)))
      caller.abort('stop')

      expect(await reason).toBe('stop')
      expect(seen).toMatchObject([{ aborted: true, reason: 'stop' }])
      expect(breaker.snapshot().counts).toMatchObject({ cancelled: 1, failure: 0 })
      expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
    },
  )

  it('counts the deadline of the caller as a failure', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const caller = new AbortController()
    const missed = new DOMException('too late', 'TimeoutError')

    const reason = reasonOf(breaker.withSignal(hanging([]))(caller.signal))
    caller.abort(missed)

    expect(await reason).toBe(missed)
    expect(breaker.state).toBe('open')
  })

  it('runs nothing and asks for no permit when the caller has aborted before', async () => {
    const { breaker } = createBreaker()
    const fn = vi.fn(async (_: AbortSignal, __: AbortSignal) => 1)

    expect(await reasonOf(breaker.withSignal(fn)(AbortSignal.abort('gone')))).toBe('gone')
    expect(fn).not.toHaveBeenCalled()
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })

  it('passes one signal also among the arguments', async () => {
    const { breaker } = createBreaker()
    const get = breaker.withSignal(async (own, _: string, { signal }: { signal: AbortSignal }) => {
      return own === signal
    })

    expect(await get('/', { signal: new AbortController().signal })).toBe(true)
  })

  it('passes the arguments of the caller to the fallback', async () => {
    const { breaker } = createBreaker<unknown>({
      fallback: (_: unknown, ...args: unknown[]) => args,
    })
    const down = breaker.withSignal(async (_, __: number) => Promise.reject(new Error('down')))

    expect(await down(7)).toEqual([7])
    breaker.forceOpen()
    expect(await down(8)).toEqual([8])
  })

  it('has options for its calls, which it copies', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, fallback: () => 'of the breaker' })
    const seen: AbortSignal[] = []
    const options = {
      timeout: TIMEOUT,
      classify: () => 'neutral' as const,
      fallback: (error: unknown) => error,
    }
    const late = breaker.withSignal(hanging(seen), options)
    const refused = breaker.withSignal(() => Promise.reject(new Error('no')), {
      fallback: () => 'instead',
    })
    Object.assign(options, { classify: () => 'failure', timeout: 5 })

    const result = late().catch((error: unknown) => error)
    await clock.advance(TIMEOUT - 1)
    expect(seen[0]?.aborted).toBe(false)
    await clock.advance(1)

    expect(await result).toBeInstanceOf(CallTimeoutError)
    expect(breaker.state).toBe('closed')
    expect(await refused()).toBe('instead')
    expect(breaker.state).toBe('open')
    expect(await late()).toBeInstanceOf(CircuitOpenError)
  })

  it.each([
    [
      { signal: new AbortController().signal },
      'unknown option "signal" (in options of withSignal)',
    ],
    [{ timeout: 0 }, 'timeout must be milliseconds'],
    [{ fallback: 'none' }, 'fallback must be a function, got "none"'],
    [5, 'options of withSignal must be an object, got 5'],
    [null, 'options of withSignal must be an object, got null'],
  ])('throws for wrong options: %j', (options, message) => {
    const { breaker } = createBreaker()

    expect(() => breaker.withSignal(async () => 1, options as never)).toThrow(message)
  })

  it.each([
    ['nothing', [], 'breaker.withSignal needs a function, got undefined'],
    ['a class', [class {}], 'a class'],
    [
      'a generator',
      [async function* () {}],
      'breaker.withSignal takes a function that returns a promise, got an AsyncGeneratorFunction',
    ],
    ['a method to decorate', [() => {}, { kind: 'method', name: 'get' }], 'is no decorator'],
    ['a legacy method to decorate', [{}, 'get', { value: () => {} }], 'is no decorator'],
  ])('throws for %s', (_, args, message) => {
    const { breaker } = createBreaker()
    const withSignal = breaker.withSignal as unknown as (...args: unknown[]) => unknown

    expect(() => withSignal(...args)).toThrow(message)
    expect(() => withSignal(...args)).toThrow(TypeError)
  })
})
