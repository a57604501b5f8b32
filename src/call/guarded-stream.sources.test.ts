import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, turn } from '../../test/helpers/public.ts'
import { collect, letters, numbers } from '../../test/helpers/streams.ts'

const down = new Error('down')

describe('a source that yields no iterator results', () => {
  it('says so, and what it yields instead', async () => {
    const { breaker } = createBreaker()
    const source = { [Symbol.asyncIterator]: () => ({ next: async () => 5 as never }) }

    const error = await collect(breaker.stream(() => source)()).catch((error: unknown) => error)

    expect(error).toEqual(new TypeError('next() must return an object, got 5'))
  })

  it.each<[string, unknown]>([
    ['a number', 5],
    ['null', null],
    ['nothing', undefined],
    ['a result whose done throws', Object.defineProperty({}, 'done', { get: () => raise() })],
    [
      'a result whose last value throws',
      Object.defineProperty({ done: true }, 'value', { get: () => raise() }),
    ],
  ])('fails, and gives its permit back: %s', async (_, result) => {
    const { breaker } = createBreaker()
    const source = { [Symbol.asyncIterator]: () => ({ next: async () => result as never }) }

    const stream = breaker.stream(() => source)()

    await expect(collect(stream)).rejects.toThrow()
    expect(breaker.snapshot().inFlight).toBe(0)
    expect(breaker.snapshot().counts.failure).toBe(1)
  })
})

function raise(): never {
  throw down
}

describe('a web stream that is handed out', () => {
  it('asks its source for nothing before it is read', async () => {
    const { breaker } = createBreaker()
    const pull = vi.fn()

    const stream = breaker.stream(() => new ReadableStream({ pull }, { highWaterMark: 0 }))()
    await turn()

    expect(pull).not.toHaveBeenCalled()
    await stream.cancel()
  })

  it('is one of bytes if its source is: a reader may bring its own buffer', async () => {
    const { breaker } = createBreaker()
    const reader = breaker
      .stream(() => new Blob(['abc']).stream())()
      .getReader({ mode: 'byob' })

    const first = await reader.read(new Uint8Array(2))
    const second = await reader.read(new Uint8Array(2))
    const end = await reader.read(new Uint8Array(2))

    expect([first, second, end].map(({ value }) => Buffer.from(value ?? []).toString())).toEqual([
      'ab',
      'c',
      '',
    ])
    expect(end.done).toBe(true)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('can be transferred', async () => {
    const { breaker } = createBreaker()
    const stream = breaker.stream(letters)()

    const moved = structuredClone(stream, { transfer: [stream as never] })

    expect(await collect(moved)).toEqual(['a', 'b'])
    expect(breaker.snapshot().counts.success).toBe(1)
  })
})

describe('the source of a stream', () => {
  it('may be handed out twice: each call ends', async () => {
    const { breaker, clock } = createBreaker()
    const shared = Readable.from(['a', 'b'])
    const guarded = breaker.stream(() => shared)

    const [one, other] = [guarded(), guarded()]
    const listeners = shared.listenerCount('close')
    await one.toArray()
    await clock.advance(0)

    expect(other.readableEnded).toBe(true)
    expect(listeners).toBe(1)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 2 } })
  })

  it('has as many listeners for its errors as its caller adds, so that none is hidden', () => {
    const { breaker } = createBreaker()
    const source = new PassThrough()

    breaker.stream(() => source)()

    expect(source.listenerCount('error')).toBe(0)
    expect(() => source.emit('error', down)).toThrow(down)
  })

  it('may have a next() that is none of an iterator, such as a cursor', async () => {
    const { breaker, clock } = createBreaker()
    const rows = [{ id: 1 }, { id: 2 }]
    const cursor = {
      next: async () => rows.shift() ?? null,
      close: async () => {},
      async *[Symbol.asyncIterator]() {
        yield* rows
      },
    }

    const guarded = breaker.stream(() => cursor as never)() as typeof cursor
    const row = await guarded.next()
    await guarded.close()
    await clock.advance(0)

    expect(row).toEqual({ id: 1 })
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it.each([
    { ends: 'resolves', counts: { success: 1, failure: 0 } },
    { ends: 'rejects', counts: { success: 0, failure: 1 } },
  ])('may be a promise as well, which $ends for a caller that awaits it', async (row) => {
    const { breaker, clock } = createBreaker()
    const list = Object.assign(
      row.ends === 'resolves' ? Promise.resolve('page') : Promise.reject(down),
      { [Symbol.asyncIterator]: () => numbers(1, 2) },
    )

    const guarded = breaker.stream(() => list)() as never as Promise<string>
    const outcome = await guarded.catch((error: unknown) => error)
    await clock.advance(0)

    expect(outcome).toBe(row.ends === 'resolves' ? 'page' : down)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: row.counts })
  })
})

describe('a method of a stream that returns a promise', () => {
  const cursor = (result: () => Promise<unknown>) => ({
    toArray: result,
    [Symbol.asyncIterator]: () => numbers(1),
  })

  it.each<[string, () => Promise<unknown>, object]>([
    ['resolves', async () => ['a'], { success: 1, failure: 0 }],
    ['rejects', () => Promise.reject(down), { success: 0, failure: 1 }],
  ])('ends the call when it %s', async (_, result, counts) => {
    const { breaker, clock } = createBreaker()

    await breaker
      .stream(() => cursor(result))()
      .toArray()
      .catch(() => {})
    await clock.advance(0)

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 1, ...counts } })
  })

  it('decides nothing while the stream is iterated', async () => {
    const { breaker } = createBreaker()
    const stream = breaker.stream(() => cursor(() => Promise.reject(down)))()
    const iterator = stream[Symbol.asyncIterator]()

    await iterator.next()
    await stream.toArray().catch(() => {})
    await iterator.next()

    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1, failure: 0 })
  })
})

const escaped = vi.fn()
beforeEach(() => void process.on('unhandledRejection', escaped))
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', escaped)
  expect(escaped).not.toHaveBeenCalled()
})
