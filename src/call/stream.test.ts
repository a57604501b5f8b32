import { describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'

type Stream = AsyncIterable<number, string | undefined>

const down = new Error('down')

async function* numbers(...items: (number | Error)[]): AsyncGenerator<number, string> {
  for (const item of items) {
    if (item instanceof Error) throw item
    yield item
  }
  return 'end'
}

/** The ways in which a function gives a stream. */
const shapes: [string, (...items: (number | Error)[]) => Stream | Promise<Stream>][] = [
  ['an async generator', numbers],
  ['a function that gives an iterable', (...items) => numbers(...items)],
  [
    'a function that returns a bare iterator',
    (...items) => {
      const source = numbers(...items)
      return { [Symbol.asyncIterator]: () => ({ next: () => source.next() }) }
    },
  ],
  ['a promise of an iterable', async (...items) => numbers(...items)],
]

async function collect(stream: Stream | Promise<Stream>, limit = Infinity): Promise<number[]> {
  const items = []
  for await (const item of await stream) {
    items.push(item)
    if (items.length === limit) break
  }
  return items
}

describe.each(shapes)('breaker.stream of %s', (_, produce) => {
  it('passes the items through and counts a success at the end', async () => {
    const { breaker } = createBreaker()
    const stream = await breaker.stream(produce)(1, 2, 3)

    const items = await collect(stream)

    expect(items).toEqual([1, 2, 3])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 1, success: 1 } })
  })

  it('counts an empty stream as a success', async () => {
    const { breaker } = createBreaker()

    expect(await collect(breaker.stream(produce)())).toEqual([])
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('holds the permit until the iteration ends', async () => {
    const { breaker } = createBreaker()
    const iterator = (await breaker.stream(produce)(1, 2))[Symbol.asyncIterator]()

    await iterator.next()
    await iterator.next()
    const before = breaker.snapshot().inFlight
    const end = await iterator.next()

    expect(before).toBe(1)
    expect(end.done).toBe(true)
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it.each([
    ['before the first item', [down]],
    ['midway', [1, 2, down]],
  ])('counts an error %s as a failure and passes it on', async (__, items) => {
    const { breaker } = createBreaker({ maxFailures: 1 })

    expect(await reasonOf(collect(breaker.stream(produce)(...items)))).toBe(down)
    expect(breaker.state).toBe('open')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
  })

  it('counts leaving early as a success once an item has come', async () => {
    const { breaker } = createBreaker()

    expect(await collect(breaker.stream(produce)(1, 2, 3), 1)).toEqual([1])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('settles once, whatever comes after the end', async () => {
    const { breaker } = createBreaker()
    const iterator = (await breaker.stream(produce)(1))[Symbol.asyncIterator]()

    await iterator.next()
    await iterator.return?.()
    await iterator.return?.()

    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, settled: 1, success: 1 })
  })

  it('has the result of the end classified', async () => {
    const classify = vi.fn(() => 'neutral' as const)
    const { breaker } = createBreaker({ classify })

    await collect(breaker.stream(produce)(1))

    expect(classify).toHaveBeenCalledExactlyOnceWith({ status: 'fulfilled', value: 'end' })
    expect(breaker.snapshot().counts.neutral).toBe(1)
  })
})

describe('breaker.stream', () => {
  it('passes `this` and the arguments', async () => {
    const { breaker } = createBreaker()
    const guarded = breaker.stream(async function* (this: { base: number }, n: number) {
      yield this.base + n
    })

    expect(await collect(guarded.call({ base: 1 }, 2) as Stream)).toEqual([3])
  })

  it('takes a permit for a generator when its first item is asked for', async () => {
    const { breaker } = createBreaker()
    const body = vi.fn()
    const stream = breaker.stream(async function* () {
      body()
      yield 1
    })()

    expect(breaker.snapshot().counts.admitted).toBe(0)
    await stream.next()
    expect(breaker.snapshot().inFlight).toBe(1)
    await stream.return()
    expect(body).toHaveBeenCalledOnce()
  })

  it('counts nothing for a generator that is left before it began', async () => {
    const { breaker } = createBreaker()
    const make = breaker.stream(() => numbers(1))
    const lazy = breaker.stream(numbers)

    const returned = lazy(1)
    await expect(returned.return('left')).resolves.toEqual({ done: true, value: 'left' })
    await expect(returned.next()).resolves.toEqual({ done: true, value: undefined })
    const left = lazy(1)
    await expect(left.throw(down)).rejects.toBe(down)
    await expect(left.next()).resolves.toEqual({ done: true, value: undefined })
    expect(breaker.snapshot().counts.admitted).toBe(0)

    await make().return('left')
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, cancelled: 1 })
  })

  it('counts leaving before the first item as cancelled', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const iterator = breaker.stream(() => numbers(1))()

    await iterator.throw(down).catch(() => {})

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { cancelled: 1 } })
  })

  it('passes what is sent into a generator, and what it returns', async () => {
    const { breaker } = createBreaker()
    const echo = breaker.stream(async function* (): AsyncGenerator<number, string, number> {
      const first = yield 0
      const second = yield first * 2
      return `got ${second}`
    })()

    const seen = [await echo.next(9), await echo.next(5), await echo.next(6)]

    expect(seen).toEqual([
      { done: false, value: 0 },
      { done: false, value: 10 },
      { done: true, value: 'got 6' },
    ])
  })

  it('lets a generator clean up and answer a throw', async () => {
    const { breaker } = createBreaker()
    const cleanedUp = vi.fn()
    const guarded = breaker.stream(async function* () {
      try {
        yield 1
      } catch {
        yield 2
      } finally {
        cleanedUp()
      }
    })

    const stream = guarded()
    await stream.next()
    const answered = await stream.throw(down)
    await stream.return()

    expect(answered).toEqual({ done: false, value: 2 })
    expect(cleanedUp).toHaveBeenCalledOnce()
  })

  it('lets a generator yield more when it is left', async () => {
    const { breaker } = createBreaker()
    const stream = breaker.stream(async function* () {
      try {
        yield 1
      } finally {
        yield 2
        yield 3
      }
    })()
    await stream.next()

    expect(await stream.return('left' as never)).toEqual({ done: false, value: 2 })
    expect(await stream.next()).toEqual({ done: false, value: 3 })
    expect(await stream.next()).toEqual({ done: true, value: 'left' })
  })

  it('is disposed of like a generator', async () => {
    const { breaker } = createBreaker()
    {
      await using stream = breaker.stream(numbers)(1, 2)
      await stream.next()
    }

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('counts a throw of the function itself as a failure, at the first item', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const guarded = breaker.stream((): Stream => {
      throw down
    })

    const stream = guarded()

    expect(breaker.state).toBe('open')
    expect(await reasonOf(collect(stream))).toBe(down)
  })

  it('counts a rejected promise of a stream as a failure', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const guarded = breaker.stream((): Promise<Stream> => Promise.reject(down))

    expect(await reasonOf(guarded())).toBe(down)
    expect(breaker.state).toBe('open')
  })

  it('rejects with a TypeError for a result that is no stream, which says nothing of the target', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const guarded = breaker.stream(async () => 42 as never)

    const error = await reasonOf(guarded())

    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ message: expect.stringContaining('async iterable, got 42') })
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1 } })
  })

  it.each<[string, unknown, object]>([
    ['the caller aborts after an item as a success', 'stop', { success: 1, failure: 0 }],
    [
      'a deadline ends after an item as a failure',
      new DOMException('late', 'TimeoutError'),
      { success: 0, failure: 1 },
    ],
  ])('counts what %s', async (_, reason, counts) => {
    const { breaker } = createBreaker()
    const caller = new AbortController()
    const endless = breaker.stream(async function* (signal: AbortSignal) {
      for (;;) {
        signal.throwIfAborted()
        yield 'token'
      }
    })

    const read = async (): Promise<void> => {
      for await (const _ of endless(caller.signal)) caller.abort(reason)
    }

    expect(await reasonOf(read())).toBe(reason)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { ...counts, cancelled: 0 } })
  })

  it('takes an error after the abort of the caller, before an item, for no evidence', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const caller = new AbortController()
    const guarded = breaker.stream(async function* ({ signal }: { signal: AbortSignal }) {
      signal.throwIfAborted()
      yield 1
    })

    const stream = guarded({ signal: caller.signal })
    caller.abort('stop')

    expect(await reasonOf(stream.next())).toBe('stop')
    expect(breaker.snapshot().counts).toMatchObject({ cancelled: 1, failure: 0 })
  })

  it('throws a TypeError for anything but a function', () => {
    const { breaker } = createBreaker()

    expect(() => breaker.stream(numbers(1) as never)).toThrow(
      new TypeError('breaker.stream needs a function, got an object'),
    )
  })
})
