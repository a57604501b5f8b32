import { describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'

describe('a native promise whose own then() throws', () => {
  const down = new Error('no then')
  const broken = (): Promise<never> => {
    const promise = new Promise<never>(() => {})
    return Object.defineProperty(promise, 'then', {
      value: () => {
        throw down
      },
    })
  }
  const guards: [string, (breaker: CircuitBreaker<unknown>) => Promise<unknown>][] = [
    ['breaker.run', (breaker) => breaker.run(broken)],
    ['breaker.run with options', (breaker) => breaker.run(broken, { timeout: 9 })],
    ['a wrapped function', (breaker) => breaker(broken)()],
    ['one of one argument', (breaker) => breaker((_: number) => broken())(1)],
    ['one of several', (breaker) => breaker((_: number, __: number) => broken())(1, 2)],
    ['a synchronous one', async (breaker) => breaker.sync(broken as () => unknown)()],
  ]
  const ways: [string, object][] = [
    ['maxFailures only', { maxFailures: 9 }],
    ['default options', { maxFailures: undefined }],
    ['a call timeout', { maxFailures: 9, callTimeout: 1_000 }],
    ['a classifier', { maxFailures: 9, classify: () => undefined }],
    ['a server’s word that is looked for', { maxFailures: 9, retryAfter: () => undefined }],
    ['a listener', { maxFailures: 9 }],
    ['a recovery by probes', { maxFailures: 9, recovery: { probes: 2 } }],
  ]
  const all = guards.flatMap(([guard, call]) =>
    ways.map(([kind, given]) => ({ guard, call, kind, given })),
  )

  it.each(all)('makes $guard reject and returns the permit, with $kind', async (row) => {
    const { breaker, clock } = createBreaker(row.given)
    if (row.kind === 'a listener') breaker.on('failure', () => {})

    expect(await reasonOf(row.call(breaker))).toBe(down)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })

  it.each(guards)('lets the fallback of %s run', async (_, call) => {
    const { breaker } = createBreaker<unknown>({ fallback: () => 'kept' })

    expect(await call(breaker)).toBe('kept')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
  })
})

describe('a call whose circuit moves between its admission and its action', () => {
  it.each([
    ['opens', (breaker: CircuitBreaker) => breaker.trip()],
    ['is reset', (breaker: CircuitBreaker) => breaker.reset()],
    ['is forced open', (breaker: CircuitBreaker) => void breaker.forceOpen()],
    ['is configured', (breaker: CircuitBreaker) => void breaker.configure({ statistics: true })],
  ])('runs, and counts for the state that admitted it: the circuit %s', async (_, move) => {
    for (const ending of ['resolve', 'reject'] as const) {
      const { breaker } = createBreaker({ maxFailures: 2 })
      const call = breaker(async (_options: object, _more: number) => {
        if (ending === 'reject') throw new Error('down')
        return 'answer'
      })
      const before = breaker.snapshot().generation
      const options = {
        get signal(): undefined {
          move(breaker)
          return undefined
        },
      }

      const [result] = await Promise.allSettled([call(options, 1)])

      expect(result?.status).toBe(ending === 'resolve' ? 'fulfilled' : 'rejected')
      const { counts, inFlight, generation } = breaker.snapshot()
      expect(inFlight).toBe(0)
      expect(counts).toMatchObject({ settled: 1, stale: generation === before ? 0 : 1 })
      if (result?.status === 'rejected') expect(result.reason).toMatchObject({ message: 'down' })
    }
  })
})

describe('a result whose then() throws', () => {
  const results: [string, () => unknown][] = [
    ['a proxy of a promise', () => new Proxy(Promise.resolve(1), {})],
    ['an object made of the prototype of promises', () => Object.create(Promise.prototype)],
  ]
  const ways: [string, (breaker: CircuitBreaker, action: () => never) => Promise<unknown>][] = [
    ['a call without arguments', (breaker, action) => breaker(action)()],
    ['a call with one', (breaker, action) => breaker((_: number) => action())(1)],
    ['a call with two', (breaker, action) => breaker((_: number, __: number) => action())(1, 2)],
    ['run', (breaker, action) => breaker.run(action)],
    ['run with a timeout', (breaker, action) => breaker.run(action, { timeout: 1_000 })],
  ]

  it.each(
    results.flatMap(([what, result]) =>
      ways.map(([how, call]) => [what, how, result, call] as const),
    ),
  )('rejects, and returns the permit: %s by %s', async (_, __, result, call) => {
    const { breaker } = createBreaker({ maxFailures: 9 })

    await expect(call(breaker, result as () => never)).rejects.toThrow(TypeError)

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { settled: 1, failure: 1 } })
  })
})

describe('an action that throws at once', () => {
  it.each<[string, (breaker: CircuitBreaker, action: () => never) => () => Promise<unknown>]>([
    ['without arguments', (breaker, action) => breaker(action)],
    ['with one', (breaker, action) => breaker((_ = 1) => action())],
    ['with two', (breaker, action) => () => breaker((_: number, __: number) => action())(1, 2)],
    ['with an object', (breaker, action) => () => breaker((_: object) => action())({})],
    ['by run', (breaker, action) => () => breaker.run(action)],
  ])('counts before the next call of the same turn: %s', async (_, wrap) => {
    const { breaker } = createBreaker({ maxFailures: 3 })
    const action = vi.fn(() => {
      throw new Error('down')
    })
    const call = wrap(breaker, action as () => never)

    await Promise.allSettled(Array.from({ length: 10 }, () => call()))

    expect(action).toHaveBeenCalledTimes(3)
  })
})

it('runs no text of a fallback, and of an action reads no length after its permit is taken', async () => {
  const { breaker, clock } = createBreaker({ callTimeout: 50 })
  const fallback = Object.assign(() => 'instead', {
    toString: () => {
      throw new Error('toString')
    },
  })
  const hanging = createBreaker({ callTimeout: 50, fallback, clock }).breaker(
    () => new Promise(() => {}),
  )()
  await clock.advance(60)
  expect(await hanging).toBe('instead')

  const action = Object.defineProperty(async () => 1, 'length', {
    get: () => {
      throw new Error('length')
    },
  })
  await expect(breaker.run(action)).rejects.toThrow('length')
  expect(breaker.snapshot().inFlight).toBe(0)
})
