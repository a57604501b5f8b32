import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../../test/helpers/public.ts'

const down = new Error('down')

/** A source whose items are given by hand. */
function source() {
  let end: { resolve: (item: IteratorResult<unknown>) => void; reject: (reason: unknown) => void }
  const next = (): Promise<IteratorResult<unknown>> =>
    new Promise((resolve, reject) => {
      end = { resolve, reject }
    })
  return {
    stream: { [Symbol.asyncIterator]: () => ({ next }) },
    give: (value: unknown) => end.resolve({ done: false, value }),
    end: () => end.resolve({ done: true, value: undefined }),
    fail: (reason: unknown) => end.reject(reason),
  }
}

/** A stream whose caller has passed a signal, after so many items. */
async function begun(items: number, options: Parameters<typeof createBreaker>[0] = {}) {
  const { breaker, clock } = createBreaker(options)
  const from = source()
  const caller = new AbortController()
  const guarded = breaker.stream((_signal: AbortSignal) => from.stream)
  const iterator = guarded(caller.signal)[Symbol.asyncIterator]()
  for (let i = 0; i < items; i++) {
    const item = iterator.next()
    await turn()
    from.give(i)
    await item
  }
  const reading = iterator.next().catch((reason: unknown) => reason)
  await turn()
  return { breaker, clock, from, caller, reading }
}

describe('a caller that aborts a stream', () => {
  it.each([
    { items: 0, outcome: 'cancelled' },
    { items: 1, outcome: 'success' },
  ])(
    'has left it where it ends without an error: $outcome after $items items',
    async ({ items, outcome }) => {
      const { breaker, caller, from, reading } = await begun(items)
      caller.abort()
      from.end()
      await reading

      expect(breaker.snapshot()).toMatchObject({
        inFlight: 0,
        counts: { settled: 1, [outcome]: 1 },
      })
    },
  )

  it.each([
    { items: 0, outcome: 'cancelled' },
    { items: 1, outcome: 'success' },
  ])('has left it where it fails: $outcome after $items items', async ({ items, outcome }) => {
    const { breaker, caller, from, reading } = await begun(items, { maxFailures: 1 })
    caller.abort()
    from.fail(down)

    expect(await reading).toBe(down)
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { [outcome]: 1 } })
  })

  it('leaves it to classify what an error is before the first item', async () => {
    const classify = vi.fn(() => 'failure' as const)
    const { breaker, caller, from, reading } = await begun(0, { classify })
    caller.abort()
    from.fail(down)
    await reading

    expect(classify.mock.calls).toEqual([[{ status: 'rejected', reason: down }]])
    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, cancelled: 0 })
  })

  it.each([0, 1])(
    'has waited too long if it takes its time all the same, after %i items',
    async (items) => {
      const { breaker, clock, caller, reading } = await begun(items, {
        maxFailures: 1,
        callTimeout: 100,
      })
      caller.abort()
      await clock.advance(100)

      expect(await reading).toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
      expect(breaker.snapshot()).toMatchObject({ state: 'open', counts: { timeout: 1 } })
    },
  )
})

describe('classify is told what a stream ended with', () => {
  const unread = { [Symbol.asyncIterator]: () => source().stream[Symbol.asyncIterator]() }
  const destroyed = (error?: Error): Readable => new Readable().on('error', () => {}).destroy(error)
  const ways: [string, () => unknown, (stream: never) => unknown, unknown][] = [
    [
      'that can not be iterated',
      () => ({
        [Symbol.asyncIterator]: (): never => {
          throw down
        },
      }),
      (stream: AsyncIterable<unknown>) => stream[Symbol.asyncIterator]().next(),
      { status: 'rejected', reason: down },
    ],
    [
      'whose function throws',
      () => {
        throw down
      },
      () => {},
      { status: 'rejected', reason: down },
    ],
    [
      'that was promised in vain',
      () => Promise.reject(down),
      (stream: Promise<unknown>) => stream,
      { status: 'rejected', reason: down },
    ],
    [
      'one of whose methods promises a result',
      () => ({ ...unread, text: () => Promise.resolve('text') }),
      (stream: { text(): Promise<string> }) => stream.text(),
      { status: 'fulfilled', value: 'text' },
    ],
    [
      'one of whose methods fails',
      () => ({ ...unread, text: () => Promise.reject(down) }),
      (stream: { text(): Promise<string> }) => stream.text(),
      { status: 'rejected', reason: down },
    ],
    [
      'that is awaited',
      () => ({ ...unread, ...thenable(() => turn().then(() => Promise.reject(down))) }),
      (stream: PromiseLike<unknown>) => stream.then(),
      { status: 'rejected', reason: down },
    ],
    [
      'that had failed before it was handed out',
      () => destroyed(down),
      () => {},
      { status: 'rejected', reason: down },
    ],
    [
      'that had been destroyed before it was handed out',
      () => destroyed(),
      () => {},
      { status: 'fulfilled', value: expect.any(Readable) },
    ],
    [
      'that closes while it is read',
      () => {
        const stream = new PassThrough()
        setImmediate(() => stream.emit('close'))
        return stream
      },
      (stream: Readable) => stream.resume(),
      { status: 'rejected', reason: new Error('the stream closed early') },
    ],
  ]

  it.each(ways)('%s', async (_, create, use, settled) => {
    const classify = vi.fn(() => 'failure' as const)
    const { breaker, clock } = createBreaker({ classify })
    // It may be asked for in the next turn.
    await turn()
    const stream = breaker.stream(create as () => AsyncIterable<unknown>)()
    await Promise.resolve(use(stream as never)).catch(() => {})
    await turn()
    await turn()

    expect(classify.mock.calls).toEqual([[settled]])
    expect(breaker.snapshot().inFlight).toBe(0)
    await clock.advance(0)
    expect(classify).toHaveBeenCalledTimes(1)
  })
})

function thenable(wait: () => Promise<unknown>) {
  // biome-ignore lint/suspicious/noThenProperty: some clients return what is a stream and a promise.
  return { then: (...args: Parameters<Promise<unknown>['then']>) => wait().then(...args) }
}

it('is not awaited a turn and then presumed to be a success', async () => {
  const { breaker, clock } = createBreaker()
  const fails: ((reason: unknown) => void)[] = []
  const wait = () => new Promise((_, reject) => fails.push(reject))
  const create = () => ({ ...source().stream, ...thenable(wait) })
  const stream: unknown = breaker.stream(create)()
  const reading = reasonOf(stream as Promise<unknown>)
  await turn()
  await clock.advance(0)
  expect(breaker.snapshot().inFlight).toBe(1)
  for (const fail of fails) fail(down)

  expect(await reading).toBe(down)
  expect(breaker.snapshot().counts).toMatchObject({ failure: 1, success: 0 })
})

describe('a stream of Node that is read', () => {
  it.each<[string, (from: PassThrough) => unknown, string]>([
    [
      'is reset by its server, though it ends as if it were complete',
      (from) => Object.assign(from, { rstCode: 8 }).end(),
      'the stream was reset (code 8)',
    ],
    [
      'is destroyed by a deadline, which looks like a caller who leaves',
      (from) => {
        const cause = new DOMException('too late', 'TimeoutError')
        from.destroy(Object.assign(new Error('aborted', { cause }), { name: 'AbortError' }))
      },
      'aborted',
    ],
    [
      'closes with an error that it tells in no other way',
      (from) => {
        Object.defineProperty(from, 'errored', { value: down })
        from.emit('close')
      },
      'down',
    ],
  ])('fails where it %s', async (_, end, message) => {
    const classify = vi.fn(() => undefined)
    const { breaker } = createBreaker({ classify })
    const from = new PassThrough()
    breaker
      .stream(() => from)()
      .on('error', () => {})
      .resume()

    end(from)
    await turn()

    expect(classify.mock.calls).toEqual([
      [{ status: 'rejected', reason: expect.objectContaining({ message }) }],
    ])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
  })

  it('by hand is not kept in that mode by a listener of the library', async () => {
    const { breaker } = createBreaker({ callTimeout: 100 })
    const from = new PassThrough()
    breaker
      .stream(() => from)()
      .on('readable', () => {})

    from.write('a')
    await turn()

    expect(from.listenerCount('readable')).toBe(1)
  })
})

describe('a stream of Node that closes before its end', () => {
  it('has been left if it was not read', async () => {
    const { breaker } = createBreaker()
    const from = new PassThrough()
    breaker.stream(() => from)()
    from.emit('close')

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1 } })
  })
})

it('is iterated twice at once by two callers, of whom the first one ends the call', async () => {
  const { breaker } = createBreaker()
  const list = { [Symbol.asyncIterator]: () => Readable.from(['a', 'b'])[Symbol.asyncIterator]() }
  const stream = breaker.stream(() => list)()
  const first = stream[Symbol.asyncIterator]()
  await first.next()
  for await (const _item of stream) expect(breaker.snapshot().inFlight).toBe(1)
  expect(breaker.snapshot().inFlight).toBe(1)
  await first.return?.()

  expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 1, success: 1 } })
})

it('says to classify with what the caller has aborted an answer for which it waits', async () => {
  const classify = vi.fn((_settled: unknown) => 'cancelled' as const)
  const { breaker } = createBreaker()
  const caller = new AbortController()
  const { signal } = caller
  const body = await breaker.run(async () => Readable.from(source().stream), {
    stream: (result, guard) => guard(result),
    classify: (settled) => (settled.status === 'fulfilled' ? 'success' : classify(settled)),
    signal,
  })
  void body[Symbol.asyncIterator]().next()
  await turn()
  caller.abort(down)

  expect(classify.mock.calls).toEqual([[{ status: 'rejected', reason: down }]])
})

describe('a stream that is read later than in its turn', () => {
  it('meets its timeout, and takes up nothing more once a chunk has come', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100, maxConcurrent: 2 })
    const [first, second] = [new PassThrough(), new PassThrough()]
    const errors: unknown[] = []
    const streams = [first, second].map((stream) => breaker.stream(() => stream)())
    await clock.advance(0)
    expect(breaker.snapshot().counts).toMatchObject({ success: 2 })
    for (const stream of streams) stream.on('error', (error) => errors.push(error)).resume()
    await turn()
    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ code: 'ERR_CIRCUIT_FULL' })
    first.write('a')
    await turn()
    expect(await breaker.run(() => 1)).toBe(1)
    await clock.advance(100)
    await turn()

    expect(errors.length).toBeGreaterThan(0)
    expect(second.destroyed).toBe(true)
    expect(breaker.snapshot().counts).toMatchObject({ timeout: errors.length })
    first.destroy()
  })

  it('meets none where it is read without a permit, as no call would pass', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const from = source()
    const stream = breaker.stream(() => from.stream)()
    await clock.advance(0)
    breaker.trip()
    const item = stream[Symbol.asyncIterator]().next()
    await clock.advance(1_000)
    from.give('a')

    expect(await item).toEqual({ done: false, value: 'a' })
  })
})

it.each([
  ['iterated', (stream: Readable) => void reasonOf(stream[Symbol.asyncIterator]().next())],
  ['listened to', (stream: Readable) => stream.on('data', () => {})],
])('starts no timer without a callTimeout while it is %s', async (_, read) => {
  const { breaker, clock } = createBreaker()
  const from = new PassThrough()
  read(breaker.stream(() => from)())
  await turn()
  await clock.advance(0)

  expect(clock.timers).toBe(0)
  from.destroy()
})
