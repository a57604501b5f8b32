import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, hang, reasonOf, turn } from '../../test/helpers/public.ts'
import { collect } from '../../test/helpers/streams.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'
import { CallTimeoutError } from '../errors.ts'

const down = new Error('down')
const escaped = vi.fn()

beforeEach(() => {
  process.on('uncaughtException', escaped)
  process.on('unhandledRejection', escaped)
})

afterEach(async () => {
  await turn()
  process.off('uncaughtException', escaped)
  process.off('unhandledRejection', escaped)
  expect(escaped).not.toHaveBeenCalled()
})

describe('a source that is told to end at the call timeout', () => {
  const ends: [string, () => unknown][] = [
    ['answers synchronously', () => ({ done: true, value: undefined })],
    ['answers nothing', () => undefined],
    ['throws', thrower],
    ['gives a thenable that throws', () => ({ [THEN]: thrower })],
    [
      'returns a thenable that can’t be asked',
      () => Object.defineProperty({}, THEN, { get: thrower }),
    ],
    ['rejects', () => Promise.reject(down)],
    ['never answers', () => new Promise(() => {})],
  ]

  it.each(ends)('makes the item reject with the CallTimeoutError when it %s', async (_, end) => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, callTimeout: 100 })

    const item = reasonOf(hanging(breaker, end).next())
    await clock.advance(100)

    expect(await item).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0, counts: { timeout: 1 } })
  })

  it.each(ends)('leaves other calls of that duration theirs when it %s', async (_, end) => {
    const { breaker, clock } = createBreaker({ maxFailures: 9, callTimeout: 100 })
    const other = createBreaker({ callTimeout: 100, clock }).breaker

    const item = reasonOf(hanging(breaker, end).next())
    const calls = [hang(breaker).result, hang(other).result]
    await clock.advance(100)

    expect(await item).toBeInstanceOf(CallTimeoutError)
    expect(await Promise.all(calls)).toEqual([
      expect.any(CallTimeoutError),
      expect.any(CallTimeoutError),
    ])
    expect(clock.timers).toBe(0)
  })
})

describe('a stream that fails at its start', () => {
  const starts: [string, (breaker: CircuitBreaker) => AsyncIterable<unknown>][] = [
    [
      'because its generator can’t take the arguments',
      (breaker) =>
        breaker.stream(async function* ({ id }: { id: string }) {
          yield id
        })(undefined as never),
    ],
    [
      'because its generator throws before the first item',
      (breaker) =>
        breaker.stream(async function* () {
          yield thrower()
        })(),
    ],
    ['because its function throws', (breaker) => breaker.stream(thrower)()],
    [
      'because what it returns can’t be iterated',
      (breaker) => breaker.stream(() => ({ [Symbol.asyncIterator]: thrower }))(),
    ],
    [
      'because what it returns has no next()',
      (breaker) => breaker.stream(() => ({ [Symbol.asyncIterator]: () => ({}) as never }))(),
    ],
    [
      'because what it returns has an iterator that is none',
      (breaker) => breaker.stream(() => ({ [Symbol.asyncIterator]: () => undefined as never }))(),
    ],
    [
      'because what it returns can’t be asked whether it is a stream',
      (breaker) => breaker.stream(() => unaskable())(),
    ],
  ]

  it.each(starts)('returns its permit as a failure %s', async (_, start) => {
    const { breaker } = createBreaker({ maxFailures: 1 })

    expect(await reasonOf(collect(start(breaker)))).toBeInstanceOf(Error)
    expect(breaker.snapshot()).toMatchObject({
      state: 'open',
      inFlight: 0,
      counts: { admitted: 1, settled: 1, failure: 1 },
    })
  })

  it.each(starts.slice(0, 2))(
    'is done afterwards and takes no permit more %s',
    async (_, start) => {
      const { breaker } = createBreaker()
      const iterator = start(breaker)[Symbol.asyncIterator]()

      await reasonOf(iterator.next())

      expect([await iterator.next(), await iterator.return?.()]).toEqual([
        { done: true, value: undefined },
        { done: true, value: undefined },
      ])
      expect(breaker.snapshot().counts.admitted).toBe(1)
    },
  )

  it('returns its permit when a promise resolves with something that can’t be asked', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })

    expect(await reasonOf(breaker.stream(async () => unaskable())())).toBe(down)
    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0 })
  })
})

describe('the wait for a promise of a stream', () => {
  it('is limited by the call timeout', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, callTimeout: 100 })

    const stream = breaker.stream((): Promise<AsyncIterable<number>> => new Promise(() => {}))()
    const reason = reasonOf(stream as PromiseLike<unknown>)
    await clock.advance(100)

    expect(await reason).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0, counts: { timeout: 1 } })
    expect(clock.timers).toBe(0)
  })

  it('has a limit of its own: the first item may take as long again', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const late = <T>(value: T) => new Promise<T>((done) => clock.setTimer(90, () => done(value)))

    const items = (async () => {
      const stream = breaker.stream(() => late({ [Symbol.asyncIterator]: () => once(late(1)) }))
      return collect(await stream())
    })()
    for (let i = 0; i < 3; i++) await clock.advance(90)

    expect(await items).toEqual([1])
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
  })

  it('ends a stream that comes too late for anybody to read it', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const end = vi.fn(async () => ({ done: true as const, value: undefined }))
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: end }),
    }
    let arrive = (_: typeof source): void => {}

    const reason = reasonOf(
      breaker.stream(() => new Promise<typeof source>((value) => (arrive = value)))(),
    )
    await clock.advance(100)
    await reason
    arrive(source)
    await turn()

    expect(end).toHaveBeenCalledOnce()
  })
})

// By a name: a literal key would make every such object look like a mistake.
const THEN = 'then'

function thrower(): never {
  throw down
}

/** The iterator of a stream whose items never come, and whose source ends as `end` says. */
function hanging(breaker: CircuitBreaker, end: () => unknown): AsyncIterator<unknown> {
  const source = { next: () => new Promise<never>(() => {}), return: end as never }
  return breaker
    .stream(() => ({ [Symbol.asyncIterator]: () => source }))()
    [Symbol.asyncIterator]()
}

async function* once<T>(item: Promise<T>): AsyncGenerator<T> {
  yield await item
}

/** Not even whether it is a stream can be found out. */
function unaskable(): AsyncIterable<number> {
  const get = (_: object, key: PropertyKey): undefined => {
    if (key === Symbol.asyncIterator) throw down
  }
  return new Proxy({}, { get }) as never
}
