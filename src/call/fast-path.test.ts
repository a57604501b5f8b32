import { describe, expect, it } from 'vitest'
import { createBreaker, turn } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'

/** Its calls are timed, and pass by permits that are used again. */
const timed = { trip: { evidence: {} } } as const

interface Pending {
  readonly promise: Promise<unknown>
  readonly end: (value: unknown) => void
  readonly fail: (reason: unknown) => void
}

/** So many calls in flight, each with what ends it. */
function pending(breaker: CircuitBreaker, count: number): Pending[] {
  return Array.from({ length: count }, () => {
    let [end, fail]: ((value: unknown) => void)[] = []
    const guarded = breaker(
      () =>
        new Promise((resolve, reject) => {
          end = resolve
          fail = reject
        }),
    )
    const promise = guarded()
    promise.catch(() => {})
    return { promise, end: end as never, fail: fail as never }
  })
}

describe('a permit that is used again', () => {
  it('serves one call at a time, whatever the order in which they end', async () => {
    const { breaker } = createBreaker(timed)
    const calls = pending(breaker, 5)
    for (const index of [3, 0, 4]) calls[index]?.end(index)
    await turn()

    const later = pending(breaker, 4)
    for (const call of [...later, ...calls]) call.end('late')

    expect(await Promise.all(calls.map(({ promise }) => promise))).toEqual([
      0,
      'late',
      'late',
      3,
      4,
    ])
    expect(await Promise.all(later.map(({ promise }) => promise))).toEqual(Array(4).fill('late'))
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 9, success: 9 } })
  })

  it('counts for the breaker of its call alone', async () => {
    const breakers = [createBreaker(timed).breaker, createBreaker(timed).breaker] as const
    for (let i = 0; i < 10; i++) {
      const [one, other] = [pending(breakers[0], 2), pending(breakers[1], 1)]
      one[0]?.end(1)
      other[0]?.fail('down')
      one[1]?.end(1)
      await turn()
    }

    const counts = breakers.map((breaker) => breaker.snapshot().counts)
    expect(counts).toMatchObject([
      { admitted: 20, success: 20, failure: 0 },
      { admitted: 10, success: 0, failure: 10 },
    ])
  })

  it('knows a result that is late, also when others have used it since', async () => {
    const { breaker } = createBreaker(timed)
    const [late] = pending(breaker, 1)
    breaker.reset()
    const now = pending(breaker, 3)
    for (const call of now) call.end(1)
    await turn()

    late?.fail('down')
    await turn()

    expect(breaker.snapshot().counts).toMatchObject({ success: 3, failure: 0, stale: 1 })
  })

  it('is one of many where more calls are in flight than are kept for later', async () => {
    const { breaker } = createBreaker(timed)
    for (let round = 0; round < 2; round++) {
      const calls = pending(breaker, 2_500)
      calls.forEach(({ end, fail }, index) => void (index % 5 === 0 ? fail('down') : end(1)))
      await turn()
      breaker.reset()
    }

    expect(breaker.snapshot().inFlight).toBe(0)
    const { settled, success, failure, stale } = breaker.snapshot().counts
    expect(settled).toBe(5_000)
    expect(success + failure + stale).toBe(5_000)
  })

  it.each([
    ['calls back twice', (ok: (value: unknown) => unknown) => void [ok(1), ok(2)]],
    [
      'calls back and throws',
      (ok: (value: unknown) => unknown) => {
        ok(1)
        throw new Error('then')
      },
    ],
  ])('survives a promise whose then() %s', async (_, then) => {
    class Odd extends Promise<unknown> {
      // biome-ignore lint/suspicious/noThenProperty: that is what is odd.
      override then(ok: never): never {
        return then(ok) as never
      }
    }
    const { breaker } = createBreaker(timed)
    const odd = breaker((): Promise<unknown> => new Odd(() => {}) as never)

    const results = [await odd(), await odd()]

    expect(results).toEqual([1, 1])
    const others = pending(breaker, 2)
    for (const { end } of others) end(1)
    await turn()
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 4, success: 4 } })
  })
})

describe('a function whose tag says that it is asynchronous', () => {
  /** Says so as a proxy of an async function does, and as libraries that wrap one do. */
  const tagged = (result: () => unknown): (() => Promise<unknown>)[] => [
    new Proxy(async () => {}, { apply: result }),
    Object.defineProperty(result, Symbol.toStringTag, { value: 'AsyncFunction' }) as never,
  ]
  class Subclass<T> extends Promise<T> {}
  const thenable = (...values: number[]): object =>
    Object.fromEntries([
      ['then', (ok: (value: number) => void) => values.forEach((value) => void ok(value))],
    ])

  it.each<[string, () => unknown]>([
    ['a value', () => 5],
    ['a promise', () => Promise.resolve(5)],
    ['a promise of a subclass', () => Subclass.resolve(5)],
    ['a thenable', () => thenable(5)],
    ['a thenable that calls back twice', () => thenable(5, 6)],
    ['a promise with a then of its own', () => Object.assign(Promise.resolve(), thenable(5))],
  ])('resolves with what it returns, once: %s', async (_, result) => {
    for (const options of [{}, timed, { callTimeout: 1_000 }, { fallback: () => 7 }]) {
      for (const fn of tagged(result)) {
        const { breaker } = createBreaker(options)

        expect(await breaker(fn)()).toBe(5)

        expect(breaker.snapshot()).toMatchObject({
          inFlight: 0,
          counts: { settled: 1, success: 1 },
        })
      }
    }
  })

  it.each<[string, () => unknown]>([
    ['a promise of a subclass', () => Subclass.resolve(5)],
    ['a value', () => 5],
  ])('resolves a probe with what it returns: %s', async (_, result) => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    breaker.trip()
    await clock.advance(60_000)

    expect(await breaker(result as () => Promise<unknown>)()).toBe(5)
    expect(breaker.state).toBe('closed')
  })

  it('rejects with what it throws', async () => {
    const { breaker } = createBreaker()
    const [first, second] = tagged(() => {
      throw new Error('at once')
    })

    for (const fn of [first, second]) {
      await expect(breaker(fn as () => Promise<unknown>)()).rejects.toThrow('at once')
    }
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 2 } })
  })
})
