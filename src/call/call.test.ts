import { describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  reasonOf,
  record,
  turn,
} from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'
import { CallTimeoutError } from '../errors.ts'

describe('callTimeout', () => {
  it.each([
    ['run', false],
    ['a guarded function', true],
  ])('rejects a call by %s that takes longer, and counts a failure', async (_, wrapped) => {
    const { breaker, clock } = createBreaker({ name: 'users', maxFailures: 1, callTimeout: 100 })
    const forever = (): Promise<never> => new Promise(() => {})

    const result = (wrapped ? breaker(forever)() : breaker.run(forever)).catch((e: unknown) => e)
    await clock.advance(100)

    expect(await result).toBeInstanceOf(CallTimeoutError)
    expect(await result).toMatchObject({
      code: 'ERR_CALL_TIMEOUT',
      breaker: 'users',
      timeout: 100,
      message: 'circuit "users": the call took longer than 100 ms',
    })
    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().counts).toMatchObject({ timeout: 1, failure: 1, settled: 1 })
  })

  it('leaves a call alone that ends in time', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const call = hang(breaker)

    await clock.advance(99)
    await call.release('answer')
    await clock.advance(1_000)

    expect(await call.result).toBe('answer')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
  })

  it('lets an answer win that arrives in the turn in which the timer fires', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const call = hang(breaker)
    clock.setTimer(100, () => void call.release('just in time'))

    await clock.advance(100)

    expect(await call.result).toBe('just in time')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
  })

  it('ignores how the action ends after it', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const calls = [hang(breaker), hang(breaker)] as const

    await clock.advance(100)
    await calls[0].fail()
    await calls[1].release('late')
    await turn()
    process.off('unhandledRejection', unhandled)

    expect(await calls[1].result).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().counts).toMatchObject({ settled: 2, failure: 2, success: 0 })
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('is the deadline of a probe as well, which then counts as failed', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)

    await clock.advance(100)

    expect(await probe.result).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().trips.at(-1)?.reopened).toBe(1)
    expect(breaker.snapshot().counts.expired).toBe(0)
  })

  it('lets the answer of a probe win that arrives in the turn of its deadline', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)

    const advanced = clock.advance(100)
    await probe.release('just in time')
    await advanced

    expect(breaker.state).toBe('closed')
  })

  it('has the fallback run', async () => {
    const fallback = vi.fn((_error: unknown) => 'instead')
    const { breaker, clock } = createBreaker({ callTimeout: 100, fallback })
    const call = hang(breaker)

    await clock.advance(100)

    expect(await call.result).toBe('instead')
    expect(fallback).toHaveBeenCalledWith(expect.any(CallTimeoutError))
  })

  it('is an outcome that classify may overrule', async () => {
    const { breaker, clock } = createBreaker({
      maxFailures: 1,
      callTimeout: 100,
      classify: () => 'neutral',
    })
    const events = record(breaker, 'timeout', 'failure')
    const call = hang(breaker)

    await clock.advance(100)

    expect(await call.result).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot().counts).toMatchObject({ neutral: 1, failure: 0, timeout: 1 })
    expect(events.map(([name]) => name)).toEqual(['timeout'])
  })

  it('is a failure of an outer breaker as well', async () => {
    const { breaker: outer } = createBreaker({ maxFailures: 1 })
    const { breaker: inner, clock } = createBreaker({ callTimeout: 100 })
    const call = outer.run(() => hang(inner).result.then((error) => Promise.reject(error)))
    const rejected = call.catch((error: unknown) => error)

    await clock.advance(100)

    expect(await rejected).toBeInstanceOf(CallTimeoutError)
    expect(outer.state).toBe('open')
  })
})

describe('a refusal by an inner breaker', () => {
  it('is cancelled for the outer one, and its own error is what the caller gets', async () => {
    const { breaker: outer } = createBreaker({ maxFailures: 1 })
    const { breaker: inner } = createBreaker({ name: 'inner', maxFailures: 1 })
    await fail(inner)

    const error = await outer.run(() => inner.run(() => 1)).catch((reason: unknown) => reason)

    expect(error).toMatchObject({ code: 'ERR_CIRCUIT_OPEN', breaker: 'inner' })
    expect(outer.snapshot()).toMatchObject({ state: 'closed', counts: { cancelled: 1 } })
  })

  it('has the fallback of the outer one run', async () => {
    const { breaker: outer } = createBreaker({ fallback: () => 'instead' })
    const { breaker: inner } = createBreaker()
    inner.trip()

    await expect(outer.run(() => inner.run(() => 1))).resolves.toBe('instead')
  })
})

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
