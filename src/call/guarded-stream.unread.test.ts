import { EventEmitter } from 'node:events'
import { Duplex, PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, open, RESET_TIMEOUT, reasonOf, turn } from '../../test/helpers/public.ts'
import { collect, letters, numbers } from '../../test/helpers/streams.ts'

const down = new Error('down')

function webFailing(): ReadableStream<string> {
  return new ReadableStream({ pull: (controller) => controller.error(down) })
}

/** A page of a list, whose later pages come by iterating it. */
function page(): { data: number[] } & AsyncIterable<number> {
  return { data: [1, 2], [Symbol.asyncIterator]: () => numbers(1, 2, 3) }
}

const kinds: [string, () => AsyncIterable<unknown>][] = [
  ['a web stream', letters],
  ['a stream of Node', () => Readable.from(['a', 'b'])],
  ['a generator', () => numbers(1, 2)],
  ['an iterable', page],
  [
    'a bare iterator',
    () => ({ [Symbol.asyncIterator]: () => ({ next: () => numbers(1).next() }) }),
  ],
  ['an emitter', () => Object.assign(new EventEmitter(), page())],
]

describe.each(kinds)('%s that is not read', (_, produce) => {
  it.each<[string, () => unknown]>([
    ['returned', produce],
    ['promised', async () => produce()],
  ])('has succeeded a turn after it was %s', async (_way, give) => {
    const { breaker, clock } = createBreaker({ maxConcurrent: 1 })

    const kept = await (breaker.stream(give as never) as () => unknown)()
    const before = breaker.snapshot().inFlight
    await clock.advance(0)

    expect(kept).toBeDefined()
    expect(before).toBe(1)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 1, success: 1 } })
    expect(clock.timers).toBe(0)
  })

  it('closes a half-open circuit', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    await breaker.stream(async () => produce())()
    await clock.advance(0)

    expect(breaker.state).toBe('closed')
  })

  it('can still be read', async () => {
    const { breaker, clock } = createBreaker()
    const stream = breaker.stream(produce)()
    await clock.advance(0)

    const iterator = stream[Symbol.asyncIterator]()
    const first = await iterator.next()
    const { inFlight } = breaker.snapshot()
    await iterator.return?.()
    await turn()

    expect(first.done).toBe(false)
    expect(inFlight).toBe(1)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 2, success: 2 } })
  })
})

describe('a stream that is read later than in the turn in which it came', () => {
  const dying: [string, () => AsyncIterable<unknown>][] = [
    ['a web stream', webFailing],
    [
      'a stream of Node',
      () =>
        new Readable({
          read: (): never => {
            throw down
          },
        }),
    ],
    [
      'an iterable',
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(down) }) }),
    ],
  ]

  it.each(dying)('is a failure when it dies: %s', async (_, produce) => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    const stream = breaker.stream(produce)()
    await clock.advance(0)

    expect(await reasonOf(collect(stream))).toBe(down)
    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0 })
  })

  it('is read all the same, without a permit, when no call would pass', async () => {
    const { breaker, clock } = createBreaker()
    const stream = breaker.stream(letters)()
    await clock.advance(0)
    breaker.trip()

    expect(await collect(stream)).toEqual(['a', 'b'])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, rejected: { open: 0 } })
  })

  it('is a failure when it dies before it is read', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    const stream = breaker.stream(() => new PassThrough())()
    stream.on('error', () => {})
    await clock.advance(0)

    stream.emit('error', down)

    expect(breaker.snapshot()).toMatchObject({ state: 'open', counts: { success: 1, failure: 1 } })
  })

  it('is not a failure when it is an unread socket that closes', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
    breaker
      .stream(() => socket)()
      .write('x')
    await clock.advance(0)

    socket.destroy()
    await turn()

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', inFlight: 0 })
  })
})

describe('a stream that has ended before it is handed out', () => {
  it('has succeeded', async () => {
    const { breaker } = createBreaker()
    const read = Readable.from(['a'])
    await read.toArray()

    breaker.stream(() => read)()

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('has failed if it was destroyed with an error', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const broken = new PassThrough().on('error', () => {})
    broken.destroy(down)
    await turn()

    breaker.stream(() => broken)()

    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0 })
  })

  it('is handed out as it is when it is locked', async () => {
    const { breaker, clock } = createBreaker()
    const source = letters()
    source.getReader()

    const stream = breaker.stream(() => source)()
    await clock.advance(0)

    expect(stream).toBe(source)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })
})

const escaped = vi.fn()
beforeEach(() => void process.on('unhandledRejection', escaped))
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', escaped)
  expect(escaped).not.toHaveBeenCalled()
})
