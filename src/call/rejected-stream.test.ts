import { createReadStream } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../../test/helpers/public.ts'
import { collect, letters } from '../../test/helpers/streams.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'
import { CircuitOpenError } from '../errors.ts'
import { rejectedLike } from './rejected-stream.ts'
import { rejectingIterator } from './stream-iterators.ts'

const escaped = vi.fn()

beforeEach(() => {
  process.on('uncaughtException', escaped)
  process.on('unhandledRejection', escaped)
})

afterEach(async () => {
  await turn()
  process.off('uncaughtException', escaped)
  process.off('unhandledRejection', escaped)
  vi.unstubAllGlobals()
  expect(escaped).not.toHaveBeenCalled()
})

function sink(): Writable {
  return new Writable({ objectMode: true, write: (_chunk, _encoding, done) => done() })
}

function errorOf(stream: Readable): Promise<unknown> {
  return new Promise((resolve) => stream.on('error', resolve))
}

/** Ways to read what a function that returns a stream of Node returns. */
const node: [string, (stream: Readable) => Promise<unknown>][] = [
  ['on("error")', errorOf],
  [
    'pipe',
    (stream) => {
      const error = errorOf(stream)
      stream.pipe(sink())
      return error
    },
  ],
  ['on("data")', (stream) => errorOf(stream.on('data', () => {}))],
  ['pipeline', (stream) => reasonOf(pipeline(stream, sink()))],
  ['pipeline to a function', (stream) => reasonOf(pipeline(stream, collect))],
  ['for await', (stream) => reasonOf(collect(stream))],
  ['iterator()', (stream) => reasonOf(collect(stream.iterator()))],
  ['map().toArray()', (stream) => reasonOf(stream.map((item) => item).toArray())],
  ['setEncoding() and toArray()', (stream) => reasonOf(stream.setEncoding('utf8').toArray())],
  ['Readable.toWeb', (stream) => reasonOf(collect(Readable.toWeb(stream) as never))],
  ['Readable.from', (stream) => reasonOf(collect(Readable.from(stream)))],
]

const web: [string, (stream: ReadableStream) => Promise<unknown>][] = [
  ['getReader', (stream) => reasonOf(stream.getReader().read())],
  ['pipeTo', (stream) => reasonOf(stream.pipeTo(new WritableStream()))],
  ['pipeThrough', (stream) => reasonOf(collect(stream.pipeThrough(new TransformStream())))],
  ['tee', (stream) => reasonOf(collect(stream.tee()[1]))],
  ['values', (stream) => reasonOf(collect(stream.values()))],
  ['for await', (stream) => reasonOf(collect(stream))],
  ['new Response', (stream) => reasonOf(new Response(stream).text())],
]

type Opening = 'before it has ever run' | 'after it has run'

describe.each<Opening>(['before it has ever run', 'after it has run'])(
  'a rejected stream of a function, %s,',
  (when) => {
    it.each(node)('that returns a stream of Node gives its error to: %s', async (_, read) => {
      const { breaker } = createBreaker()

      const rejected = rejectedNow(breaker, () => Readable.from(['a']), when)

      expect(await read(rejected)).toBeInstanceOf(CircuitOpenError)
    })

    it.each(web)('that returns a stream of the web gives its error to: %s', async (_, read) => {
      const { breaker } = createBreaker()

      const rejected = rejectedNow(breaker, letters, when)

      expect(await read(rejected)).toBeInstanceOf(CircuitOpenError)
    })

    it('that returns a promise of a stream rejects the promise', async () => {
      const { breaker } = createBreaker()

      const rejected = rejectedNow(breaker, () => Promise.resolve(letters()), when)

      expect(await reasonOf(rejected)).toBeInstanceOf(CircuitOpenError)
      expect(await reasonOf(rejected.finally(() => {}))).toBeInstanceOf(CircuitOpenError)
      expect(await rejected.catch(() => 'caught')).toBe('caught')
    })

    it('can be left alone, whatever of it was looked up', () => {
      const { breaker } = createBreaker()

      const rejected = rejectedNow(breaker, () => Readable.from(['a']), when) as never as {
        locked: boolean
        readable: boolean
        on: unknown
        unknown: unknown
      }

      expect([typeof rejected.on, rejected.locked, rejected.readable, rejected.unknown]).toEqual([
        'function',
        false,
        true,
        undefined,
      ])
      ;(rejected as never as Readable).on('error', () => {})
    })
  },
)

function rejectedNow<T>(breaker: CircuitBreaker, open: () => T, when: Opening): T {
  const guarded = breaker.stream(open as never) as () => T
  if (when === 'after it has run') void guarded()
  breaker.trip()
  return guarded()
}

describe('what a rejected call returns that may have been a promise or a stream', () => {
  const down = new Error('down')

  interface Rejected extends Promise<unknown>, AsyncIterable<unknown> {
    send(...args: unknown[]): Rejected
    on(event: unknown, listener?: unknown): Rejected
  }

  /** Of a function that is known to return something with these methods, or any, where they are unknown. */
  const rejected = (methods?: readonly string[]): Rejected => {
    const opened = Promise.reject(down)
    const items = { [Symbol.asyncIterator]: () => rejectingIterator(down) }
    const hasMethod = methods && ((key: PropertyKey) => methods.includes(String(key)))
    return rejectedLike(opened, items, hasMethod) as Rejected
  }

  it.each<[string, (result: Rejected) => unknown]>([
    ['is awaited', (result) => result],
    ['is iterated', (result) => collect(result)],
    ['has its known methods called, one after the other', (result) => result.send(1).on('x')],
    ['is finished with', (result) => result.finally(() => {})],
  ])('rejects where it %s', async (_, use) => {
    expect(await reasonOf(use(rejected(['send', 'on'])) as Promise<unknown>)).toBe(down)
  })

  it('is a promise with nothing else than the methods that are known', () => {
    const result = rejected(['send']) as Rejected & { readonly missing: unknown }

    expect([result.on, result.missing, typeof result.send]).toEqual([
      undefined,
      undefined,
      'function',
    ])
    expect(result.constructor).toBe(Promise)
  })

  it('tells its listeners of the error, and then of the end', async () => {
    const heard: unknown[] = []
    void rejected(['on'])
      .on('close', (...args: unknown[]) => heard.push(['close', ...args]))
      .on('data', (...args: unknown[]) => heard.push(['data', ...args]))
      .on('end', (...args: unknown[]) => heard.push(['end', ...args]))
      .on('error', (error: unknown) => heard.push(['error', error]))
      .on('error')
    await turn()

    expect(heard).toEqual([['error', down], ['close'], ['end']])
  })

  it('is a stream of Node as well where no methods are known', async () => {
    const result = rejected() as never as Readable

    expect(await errorOf(result)).toBe(down)
  })
})

describe('a rejected stream', () => {
  it('may be listened to for its end alone: its error is not thrown then', async () => {
    const { breaker } = createBreaker()
    const ended = vi.fn()

    rejectedNow(breaker, () => Readable.from(['a']), 'before it has ever run').on('end', ended)
    await turn()

    // See `escaped`.
    expect(ended).not.toHaveBeenCalled()
  })

  it('can be left before its first item, with a value', async () => {
    const { breaker } = createBreaker()
    const result = rejectedNow(breaker, letters, 'before it has ever run')
    const iterator = result[Symbol.asyncIterator]()

    expect(await iterator.return?.('enough' as never)).toEqual({ done: true, value: 'enough' })
  })

  it('of a web stream is one of the platform’s own, once the function has returned one', () => {
    const { breaker } = createBreaker()

    const rejected = rejectedNow(breaker, letters, 'after it has run')

    expect(rejected).toBeInstanceOf(ReadableStream)
    expect(Object.prototype.toString.call(rejected)).toBe('[object ReadableStream]')
  })

  it('of an async function is nothing but a promise', () => {
    const { breaker } = createBreaker()

    const rejected = rejectedNow(breaker, async () => letters(), 'before it has ever run')
    rejected.catch(() => {})

    expect(Object.getPrototypeOf(rejected)).toBe(Promise.prototype)
    expect(rejected).not.toHaveProperty('on')
  })

  it('of a function that has thrown gives what it threw, in all these ways', async () => {
    const { breaker } = createBreaker()
    const down = new Error('down')
    const guarded = breaker.stream((): Readable => {
      throw down
    })

    expect(await errorOf(guarded().on('data', () => {}))).toBe(down)
    expect(await reasonOf(collect(guarded()))).toBe(down)
  })

  it('gives the items of the fallback in all these ways', async () => {
    const items = ['kept', 'kept as well']
    const { breaker } = createBreaker({
      fallback: async function* () {
        yield* items
      },
    })
    breaker.trip()
    const file = breaker.stream(() => createReadStream('/etc/hostname')) as () => never

    expect(await collect(file())).toEqual(items)
    expect(await collect(await file())).toEqual(items)
    expect(await (file() as Readable).map((item) => item).toArray()).toEqual(items)
    expect(await collect((file() as ReadableStream).values())).toEqual(items)
    expect(await collect((file() as ReadableStream).pipeThrough(new TransformStream()))).toEqual(
      items,
    )
  })

  it('tells the fallback that it is left early', async () => {
    const ended = vi.fn()
    const { breaker } = createBreaker({
      fallback: async function* () {
        try {
          yield* ['a', 'b']
        } finally {
          ended()
        }
      },
    })
    breaker.trip()
    const reader = (breaker.stream(letters)() as ReadableStream<string>).getReader()

    await reader.read()
    await reader.cancel()

    expect(ended).toHaveBeenCalledOnce()
  })

  it('is an async iterable and a promise where the platform has neither kind of stream', async () => {
    vi.stubGlobal('ReadableStream', undefined)
    vi.stubGlobal('process', undefined)
    const { breaker } = createBreaker()
    breaker.trip()
    const open = breaker.stream(() => Readable.from(['a']))

    const [looked, iterated, awaited] = [
      (open() as Readable).on,
      await reasonOf(collect(open())),
      await reasonOf(open() as never),
    ]
    vi.unstubAllGlobals()

    expect(looked).toBeUndefined()
    expect(iterated).toBeInstanceOf(CircuitOpenError)
    expect(awaited).toBeInstanceOf(CircuitOpenError)
  })
})
