import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { createBreaker, open, reasonOf, turn } from '../../test/helpers/public.ts'
import { CircuitOpenError } from '../errors.ts'

/** The same promises hold whether or not a call needs a permit of its own. */
const paths = [
  ['without a limit on the call', {}],
  ['with a callTimeout', { callTimeout: 1_000 }],
] as const

describe.each(paths)('breaker(fn) %s', (_, options) => {
  it('passes `this` and the arguments through', async () => {
    const { breaker } = createBreaker(options)
    const guarded = breaker(async function (this: { base: number }, a: number, ...rest: number[]) {
      return [this.base, a, rest]
    })

    expect(await guarded.call({ base: 1 }, 2, 3, 4)).toEqual([1, 2, [3, 4]])
  })

  it.each([undefined, 42, null, 'text', Number.NaN])(
    'takes a plain %s as success',
    async (value) => {
      const { breaker } = createBreaker(options)

      const result = breaker(() => value)()

      expect(result).toBeInstanceOf(Promise)
      expect(await result).toBe(value)
      expect(breaker.snapshot().counts).toMatchObject({ success: 1, failure: 0 })
    },
  )

  it('turns a synchronous throw into a rejection and counts it as a failure', async () => {
    const { breaker } = createBreaker({ ...options, maxFailures: 1 })
    const guarded = breaker((): number => {
      throw new Error('at once')
    })

    const result = guarded()

    await expect(result).rejects.toThrow('at once')
    expect(breaker.state).toBe('open')
  })

  it.each([undefined, null, 0, 'text', {}])(
    'passes a rejection with %s through',
    async (reason) => {
      const { breaker } = createBreaker({ ...options, maxFailures: 1 })

      expect(await reasonOf(breaker(() => Promise.reject(reason))())).toBe(reason)
      expect(breaker.state).toBe('open')
    },
  )

  it('follows a thenable', async () => {
    const { breaker } = createBreaker({ ...options, maxFailures: 1 })
    // biome-ignore-start lint/suspicious/noThenProperty: thenables are what is tested.
    const good = { then: (resolve: (value: number) => void) => resolve(7) }
    const bad = { then: (_: unknown, reject: (error: string) => void) => reject('bad') }
    // biome-ignore-end lint/suspicious/noThenProperty: thenables are what is tested.

    expect(await breaker(() => good)()).toBe(7)
    expect(await reasonOf(breaker(() => bad)())).toBe('bad')
    expect(breaker.state).toBe('open')
  })

  it('takes a `then` that cannot be read or called for a failure', async () => {
    const { breaker } = createBreaker(options)
    const unreadable = Object.defineProperty({}, 'then', {
      get() {
        throw new Error('unreadable')
      },
    })
    const throwing = Object.fromEntries([
      [
        'then',
        () => {
          throw new Error('throwing')
        },
      ],
    ])

    await expect(breaker(() => unreadable)()).rejects.toThrow('unreadable')
    await expect(breaker(() => throwing)()).rejects.toThrow('throwing')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 2 } })
  })

  it('counts a thenable that resolves twice once', async () => {
    const { breaker } = createBreaker(options)
    const twice = Object.fromEntries([
      ['then', (resolve: (value: number) => void) => [resolve(1), resolve(2)]],
    ])

    expect(await breaker(() => twice)()).toBe(1)
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, settled: 1, success: 1 })
  })

  it('follows a subclass of Promise', async () => {
    class Tagged<T> extends Promise<T> {
      readonly tag = 'tagged'
    }
    const { breaker } = createBreaker({ ...options, maxFailures: 1 })

    expect(await breaker(() => Tagged.resolve(5))()).toBe(5)
    await expect(breaker(() => Tagged.reject(new Error('no')))()).rejects.toThrow('no')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, failure: 1 })
  })

  it('follows a promise of another realm', async () => {
    const { breaker } = createBreaker({ ...options, maxFailures: 1 })
    const good: Promise<number> = runInNewContext('Promise.resolve(5)')
    const bad: Promise<number> = runInNewContext('Promise.reject("no")')

    expect(await breaker(() => good)()).toBe(5)
    expect(await reasonOf(breaker(() => bad)())).toBe('no')
    expect(breaker.state).toBe('open')
  })

  it('holds the permit until the promise settles', async () => {
    const { breaker } = createBreaker(options)
    let finish: (() => void) | undefined

    const result = breaker(() => new Promise<void>((resolve) => (finish = resolve)))()
    const meanwhile = breaker.snapshot()
    finish?.()
    await result

    expect(meanwhile).toMatchObject({ inFlight: 1, counts: { settled: 0 } })
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { settled: 1 } })
  })

  it('rejects without running while open', async () => {
    const { breaker } = createBreaker(options)
    const action = vi.fn(async () => 1)
    const guarded = breaker(action)
    await open(breaker)

    const result = guarded()

    expect(result).toBeInstanceOf(Promise)
    expect(await reasonOf(result)).toBeInstanceOf(CircuitOpenError)
    expect(action).not.toHaveBeenCalled()
  })

  it('lets a function call itself through the breaker', async () => {
    const { breaker } = createBreaker(options)
    const countdown: (n: number) => Promise<string> = breaker(
      async (n: number): Promise<string> => (n === 0 ? 'done' : countdown(n - 1)),
    )

    expect(await countdown(5)).toBe('done')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 6 } })
  })

  it('lets the action move the breaker that guards it', async () => {
    const { breaker } = createBreaker(options)

    const result = await breaker(async () => {
      breaker.trip()
      return 'answer'
    })()

    expect(result).toBe('answer')
    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().counts).toMatchObject({ success: 0, stale: 1 })
  })

  it('can be guarded twice, by one breaker or by two', async () => {
    const { breaker } = createBreaker(options)
    const { breaker: other } = createBreaker(options)
    const guarded = other(breaker(breaker(async (n: number) => n + 1)))

    expect(await guarded(1)).toBe(2)
    expect(breaker.snapshot().counts.success).toBe(2)
    expect(other.snapshot().counts.success).toBe(1)
  })
})

describe('breaker(fn)', () => {
  it.each([
    [undefined, 'breaker needs a function, got undefined'],
    ['name', 'breaker needs a function, got "name"'],
    [{}, 'breaker needs a function, got an object'],
    [class Users {}, /got a class$/],
    [function* () {}, 'breaker takes a function that returns a promise, got a GeneratorFunction'],
    [async function* () {}, 'got an AsyncGeneratorFunction; use breaker.stream(fn)'],
  ])('throws a TypeError for %s', (value, message) => {
    const { breaker } = createBreaker()
    const guard = () => breaker(value as () => unknown)

    expect(guard).toThrow(TypeError)
    expect(guard).toThrow(message)
  })

  it('says what it takes when given to map, which passes more', () => {
    const { breaker } = createBreaker()

    expect(() => [async () => 1].map(breaker as never)).toThrow(
      'breaker takes one function, got 3 arguments',
    )
  })

  it('reads arguments that are proxies or have getters no further than it must', async () => {
    const { breaker } = createBreaker()
    const guarded = breaker(async (...args: unknown[]) => args.length)
    const objecting = new Proxy(
      {},
      {
        get() {
          throw new Error('not for you')
        },
      },
    )
    const { proxy: revoked, revoke } = Proxy.revocable({}, {})
    revoke()

    expect(await guarded(objecting, revoked, null, undefined, Object.create(null))).toBe(5)
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('leaves no rejection unhandled when the caller handles it', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)

    await reasonOf(breaker(() => Promise.reject(new Error('down')))())
    await reasonOf(breaker(async () => 1)())
    await turn()
    process.off('unhandledRejection', unhandled)

    expect(unhandled).not.toHaveBeenCalled()
  })
})
