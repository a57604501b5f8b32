import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { CircuitBreaker } from '../circuit-breaker.ts'

// What tells contexts apart is created once, for the first probe: each test loads the library anew.
describe('a probe that calls its own breaker, on a platform without async contexts,', () => {
  let print: MockInstance<typeof console.error>
  let breaker: CircuitBreaker
  let other: CircuitBreaker

  beforeEach(async () => {
    vi.resetModules()
    const short = await import('../index.ts')
    breaker = new short.CircuitBreaker({ name: 'users', maxFailures: 1 })
    other = new short.CircuitBreaker({ name: 'users', maxFailures: 1 })
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
    print = vi.spyOn(console, 'error').mockImplementation(() => {})
    halfOpen()
  })

  afterEach(() => vi.restoreAllMocks())

  function halfOpen(): void {
    breaker.trip()
    breaker.halfOpen()
  }

  const inner = (): Promise<string> => breaker(async () => 'answer')()

  /** Makes its call where its context is lost. */
  async function outer(): Promise<string> {
    await null
    return inner()
  }

  it('is one call with those that it makes at once', async () => {
    expect(await breaker.run(() => inner())).toBe('answer')

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { admitted: 1 } })
    expect(print).not.toHaveBeenCalled()
  })

  it('has its own context back after another one that it made', async () => {
    other.trip()
    other.halfOpen()

    const answer = await breaker.run(async () => {
      await Promise.all([other.run(() => 1), inner()])
      return 'answer'
    })

    expect([answer, breaker.state, other.state]).toEqual(['answer', 'closed', 'closed'])
  })

  it('closes the circuit all the same, and tells once what is wrong', async () => {
    const ends: unknown[] = []
    for (let i = 0; i < 3; i++) {
      halfOpen()
      const error = await breaker(outer)().catch((reason: unknown) => reason)
      ends.push([(error as { code?: unknown }).code, breaker.state])
    }

    expect(ends).toEqual(Array(3).fill(['ERR_CIRCUIT_OPEN', 'closed']))
    expect(await breaker(outer)()).toBe('answer')
    expect(breaker.snapshot().counts.neutral).toBe(3)
    expect(print.mock.calls).toEqual([
      [
        'short-circuit: circuit "users": a nested call threw',
        new Error(
          'a guarded function calls another one of the same breaker, in an async context that is not its own: this fails while half-open',
        ),
      ],
    ])
  })

  it('counts by what classify says of such a rejection', async () => {
    breaker.configure({ classify: () => 'failure' })

    await breaker(outer)().catch(() => {})

    expect(breaker.snapshot()).toMatchObject({ state: 'open', counts: { failure: 1, neutral: 0 } })
    expect(print).not.toHaveBeenCalled()
  })

  it('leaves the rejection by another breaker what it is', async () => {
    other.forceOpen()

    await breaker.run(() => other.run(() => 1)).catch(() => {})

    expect(breaker.snapshot()).toMatchObject({ state: 'half-open', counts: { cancelled: 1 } })
  })

  it.each<[string, () => unknown]>([
    ['no process', () => vi.stubGlobal('process', undefined)],
    ['no getBuiltinModule', () => vi.stubGlobal('process', {})],
    [
      'no AsyncLocalStorage in it',
      () => vi.stubGlobal('process', { getBuiltinModule: () => ({}) }),
    ],
  ])('does without it where there is %s', async (_, prepare) => {
    prepare()
    const answer = breaker.run(() => inner())
    vi.unstubAllGlobals()

    expect([await answer, breaker.state]).toEqual(['answer', 'closed'])
  })

  it('has its contexts from a global AsyncLocalStorage where there is one', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks')
    vi.stubGlobal('AsyncLocalStorage', AsyncLocalStorage)

    expect(await breaker.run(outer)).toBe('answer')

    vi.unstubAllGlobals()
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { admitted: 1 } })
  })
})

describe('the contexts of probes', () => {
  it('are followed until the last of them has ended, and not longer', async () => {
    vi.resetModules()
    const { CircuitBreaker } = await import('../index.ts')
    const { AsyncLocalStorage } = await import('node:async_hooks')
    const disable = vi.spyOn(AsyncLocalStorage.prototype, 'disable')
    const recovery = { probes: 2, successes: 2 }
    const breaker = new CircuitBreaker({ maxFailures: 1, recovery })
    breaker.trip()
    breaker.halfOpen()
    let go = (): void => {}
    const waiting = new Promise<void>((resolve) => (go = resolve))
    const inner = breaker(async () => 'inner')

    const parts = breaker.stream(async function* () {
      yield 1
      await waiting
      yield await inner()
    })()
    await parts.next()
    await breaker.run(() => 'another probe')
    const early = disable.mock.calls.length
    go()

    expect(await parts.next()).toEqual({ done: false, value: 'inner' })
    await parts.next()
    expect([early, disable.mock.calls.length]).toEqual([0, 1])
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { admitted: 2 } })
    disable.mockRestore()
  })

  it.each<[string, () => AsyncIterable<number>]>([
    [
      'a generator',
      async function* () {
        yield 1
      },
    ],
    ['an iterable', () => ({ [Symbol.asyncIterator]: () => [1].values() as never })],
    ['a stream of Node', () => Readable.from([1])],
  ])('are left with the end of a probe, also where %s is read on after it', async (_, open) => {
    vi.resetModules()
    const { CircuitBreaker } = await import('../index.ts')
    const { AsyncLocalStorage } = await import('node:async_hooks')
    const breaker = new CircuitBreaker({ maxFailures: 1 })
    const halfOpen = (): void => {
      breaker.trip()
      breaker.halfOpen()
    }
    halfOpen()
    const items = breaker.stream(open)()[Symbol.asyncIterator]()
    while (!(await items.next()).done);
    await items.next()
    const disable = vi.spyOn(AsyncLocalStorage.prototype, 'disable')
    halfOpen()

    await breaker.run(() => 'the next probe')

    expect([breaker.state, disable.mock.calls.length]).toEqual(['closed', 1])
    disable.mockRestore()
  })
})
