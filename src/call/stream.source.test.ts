import { Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf } from '../../test/helpers/public.ts'

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items = []
  for await (const item of stream) items.push(item)
  return items
}

function letters(): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      for (const letter of 'abc') controller.enqueue(letter)
      controller.close()
    },
  })
}

const down = new Error('down')
/** What makes a proxy return nothing but the value itself. */
const FIXED = { configurable: false, writable: false }

describe('breaker.stream of a function that returns more than an iterable', () => {
  it('returns a ReadableStream that can be iterated', async () => {
    const { breaker } = createBreaker()

    const stream = breaker.stream(letters)()

    expect(stream).toBeInstanceOf(ReadableStream)
    expect(await collect(stream)).toEqual(['a', 'b', 'c'])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('returns a promise of a ReadableStream, left early', async () => {
    const { breaker } = createBreaker()
    const stream = await breaker.stream(async () => letters())()

    for await (const letter of stream) {
      if (letter === 'b') break
    }

    expect(stream.locked).toBe(false)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('returns a ReadableStream whose methods work', async () => {
    const { breaker } = createBreaker()

    const [one, other] = breaker.stream(letters)().tee()

    expect([await collect(one), await collect(other)]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
  })

  it('counts the error of a ReadableStream as a failure', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const guarded = breaker.stream(
      () => new ReadableStream({ pull: (controller) => controller.error(down) }),
    )

    expect(await reasonOf(collect(guarded()))).toBe(down)
    expect(breaker.state).toBe('open')
  })

  it('returns a stream of Node', async () => {
    const { breaker } = createBreaker()

    const stream = breaker.stream(() => Readable.from(['a', 'b']))()

    expect(stream).toBeInstanceOf(Readable)
    expect(await collect(stream)).toEqual(['a', 'b'])
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('keeps the other members of what a client returns', async () => {
    const { breaker } = createBreaker()
    class Completion {
      #aborted = false
      readonly id = 'c1'
      get aborted(): boolean {
        return this.#aborted
      }
      abort(): void {
        this.#aborted = true
      }
      async *[Symbol.asyncIterator](): AsyncGenerator<number> {
        yield 1
      }
    }

    const completion = breaker.stream(() => new Completion())()
    completion.abort()

    expect(completion).toBeInstanceOf(Completion)
    expect([completion.id, completion.aborted]).toEqual(['c1', true])
    expect(await collect(completion)).toEqual([1])
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  describe('whose methods return it in another form', () => {
    /** As clients of language models have it: each form asks a private iterator for its items. */
    class Completion {
      #items: AsyncGenerator<string>
      constructor(items: AsyncGenerator<string>) {
        this.#items = items
      }
      [Symbol.asyncIterator](): AsyncGenerator<string> {
        return this.#items
      }
      tee(): [Completion, Completion] {
        return [new Completion(this.#items), new Completion(this.#items)]
      }
      lines(): AsyncIterable<string> {
        return { [Symbol.asyncIterator]: () => this.#items }
      }
      toReadableStream(): ReadableStream<string> {
        return new ReadableStream({
          pull: async (controller) => {
            const { done, value } = await this.#items.next()
            if (done) controller.close()
            else controller.enqueue(value)
          },
        })
      }
    }
    const ways: [string, (stream: Completion) => AsyncIterable<string>][] = [
      ['tee', (stream) => stream.tee()[1]],
      ['an iterable', (stream) => stream.lines()],
      ['a web stream', (stream) => stream.toReadableStream()],
      ['a web stream of a copy', (stream) => stream.tee()[0].toReadableStream()],
    ]

    it.each(ways)('fails when it dies on the way: %s', async (_, as) => {
      const { breaker } = createBreaker({ maxFailures: 1 })
      const open = breaker.stream(async () => new Completion(dying()))

      const error = await reasonOf(collect(as(await open())))

      expect(error).toBe(down)
      expect(breaker.snapshot()).toMatchObject({
        state: 'open',
        inFlight: 0,
        counts: { success: 0, failure: 1 },
      })
    })

    it.each(ways)('holds its permit until it ends: %s', async (_, as) => {
      const { breaker, clock } = createBreaker()
      const open = breaker.stream(async () => new Completion(tokens()))

      const iterator = as(await open())[Symbol.asyncIterator]()
      await iterator.next()
      await clock.advance(0)
      const { inFlight } = breaker.snapshot()
      await iterator.next()
      await iterator.next()

      expect(inFlight).toBe(1)
      expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
    })

    it('guards the streams of a list that has other things in it as well', async () => {
      const { breaker } = createBreaker({ maxFailures: 1 })
      const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(down) }) }
      const parts = () => [{ total: 1 }, failing] as const
      const stream = breaker.stream(() => ({ parts, ...failing }))()

      const [head, tail] = stream.parts()

      expect(head).toEqual({ total: 1 })
      expect(await reasonOf(collect(tail))).toBe(down)
      expect(breaker.state).toBe('open')
    })

    it('hands out other results of its methods as they are', () => {
      const { breaker } = createBreaker()
      const list = [1, 2]
      const stream = breaker.stream(() =>
        Object.assign(new Completion(tokens()), { list: () => list }),
      )()

      expect(stream.list()).toBe(list)
    })
  })

  it.each<[string, <T extends object>(source: T) => T]>([
    ['frozen', Object.freeze],
    ['sealed', Object.seal],
    [
      'whose iteration is fixed',
      (source) => Object.defineProperty(source, Symbol.asyncIterator, FIXED),
    ],
  ])('returns an object that is %s', async (_, fix) => {
    const { breaker } = createBreaker()
    class Answer {
      readonly status = 200
      readonly text = async (): Promise<string> => 'text'
      readonly [Symbol.asyncIterator] = (): AsyncGenerator<number> => numbers()
    }
    const source = new Answer()
    Object.defineProperty(source, 'text', FIXED)

    const stream = breaker.stream(() => fix(source))()

    expect(await collect(stream)).toEqual([1, 2])
    expect(await stream.text()).toBe('text')
    expect(stream).toBeInstanceOf(Answer)
    expect([stream.status, 'status' in stream, stream.constructor]).toEqual([200, true, Answer])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 1, success: 1 } })
  })

  it('takes one permit for the first pass over an iterable and none for later ones', async () => {
    const { breaker } = createBreaker()
    const stream = breaker.stream(() => ({ [Symbol.asyncIterator]: () => numbers() }))()

    expect([await collect(stream), await collect(stream)]).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, settled: 1, success: 1 })
  })

  it('takes the iterator that the iterable returns for the same one, however it is reached', async () => {
    const { breaker } = createBreaker()
    const stream = breaker.stream(() => numbers())()

    await stream.next()
    const rest = await collect(stream)

    expect(rest).toEqual([2])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1 })
  })

  it('leaves a source without return() as it is when the consumer leaves', async () => {
    const { breaker } = createBreaker()
    const next = vi.fn(async () => ({ done: false as const, value: 1 }))
    const stream = breaker.stream(() => ({ [Symbol.asyncIterator]: () => ({ next }) }))()

    for await (const _ of stream) break

    expect(next).toHaveBeenCalledOnce()
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('has an iterator with all methods, also where that of the source has none of them', async () => {
    const { breaker } = createBreaker()
    const next = async () => ({ done: false as const, value: 1 })
    const iterate = (): AsyncGenerator<number, unknown> =>
      breaker
        .stream(() => ({ [Symbol.asyncIterator]: () => ({ next }) }))()
        [Symbol.asyncIterator]() as never
    const iterator = iterate()

    expect(iterator[Symbol.asyncIterator]()).toBe(iterator)
    expect(await iterator.return('enough')).toEqual({ done: true, value: 'enough' })
    expect(await reasonOf(iterate().throw(down))).toBe(down)
  })

  it('passes on what return() of the source rejects with', async () => {
    const { breaker } = createBreaker()
    const stream = breaker.stream(() => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: 1 }),
        return: (): Promise<IteratorResult<number>> => Promise.reject(new Error('can’t close')),
      }),
    }))()
    const leave = async (): Promise<void> => {
      for await (const _ of stream) break
    }

    await expect(leave()).rejects.toThrow('can’t close')
    expect(breaker.snapshot().inFlight).toBe(0)
  })
})

async function* tokens(): AsyncGenerator<string> {
  yield 'a'
  yield 'b'
}

async function* dying(): AsyncGenerator<string> {
  yield 'a'
  throw down
}

async function* numbers(): AsyncGenerator<number> {
  yield 1
  yield 2
}
