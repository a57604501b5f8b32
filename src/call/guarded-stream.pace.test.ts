import { PassThrough, Readable, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  open,
  RESET_TIMEOUT,
  reasonOf,
  succeed,
  turn,
} from '../../test/helpers/public.ts'

describe('a consumer that takes its time', () => {
  const slow: [string, (stream: Readable) => void][] = [
    ['is a sink that is full', (stream) => stream.pipe(new Writable({ write: () => {} }))],
    ['has paused it', (stream) => stream.once('data', () => stream.pause())],
    ['reads by hand', (stream) => stream.once('readable', () => stream.read(1))],
    ['iterates it', (stream) => void stream[Symbol.asyncIterator]().next()],
  ]
  const plenty = (): Readable => Readable.from(Array.from({ length: 100 }, () => 'x'.repeat(9_999)))

  it.each(slow)('does not open the automatic rule when it %s', async (_, use) => {
    const { breaker, clock } = createBreaker({ maxFailures: undefined, trip: 'auto' })
    for (let i = 0; i < 20; i++) {
      await succeed(breaker)
      await clock.advance(10)
    }

    const streams: Readable[] = []
    for (let i = 0; i < 40; i++) {
      const stream = breaker.stream(plenty)()
      streams.push(stream)
      use(stream)
      await turn()
      await clock.advance(100)
    }

    expect(breaker.state).toBe('closed')
    expect(breaker.snapshot().inFlight).toBeGreaterThan(30)
    // One that is dropped returns its permit.
    expect(streams).toHaveLength(40)
  })

  it.each(slow)('meets no timeout when it %s', async (_, use) => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })

    use(breaker.stream(plenty)())
    await turn()
    await clock.advance(60_000)

    expect(breaker.snapshot().counts).toMatchObject({ timeout: 0, failure: 0 })
  })

  it('leaves a half-open circuit to others', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    breaker
      .stream(plenty)()
      .pipe(new Writable({ write: () => {} }))
    await turn()

    await succeed(breaker)

    expect(breaker.state).toBe('closed')
  })
})

describe('callTimeout of a stream that flows', () => {
  const ways: [string, (stream: Readable) => unknown][] = [
    ['piped', (stream) => stream.pipe(new Writable({ write: (_c, _e, done) => done() }))],
    ['listened to', (stream) => stream.on('data', () => {})],
    ['discarded', (stream) => stream.resume()],
  ]

  it.each(ways)('limits the wait for the first chunk when it is %s', async (_, use) => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, callTimeout: 100 })
    const source = new PassThrough()
    const errors: unknown[] = []

    use(
      breaker
        .stream(() => source)()
        .on('error', (error) => errors.push(error)),
    )
    await turn()
    await clock.advance(99)
    const before = breaker.state
    await clock.advance(1)
    await turn()

    expect(before).toBe('closed')
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_CALL_TIMEOUT' })])
    expect(source.destroyed).toBe(true)
    expect(breaker.snapshot()).toMatchObject({ state: 'open', counts: { timeout: 1, failure: 1 } })
    expect(clock.timers).toBe(0)
  })

  it.each(ways)('limits the wait for each chunk when it is %s', async (_, use) => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, callTimeout: 100 })
    const source = new PassThrough()
    use(
      breaker
        .stream(() => source)()
        .on('error', () => {}),
    )

    for (let i = 0; i < 5; i++) {
      await clock.advance(90)
      source.write('a')
      await turn()
    }
    const before = breaker.state
    await clock.advance(100)

    expect(before).toBe('closed')
    expect(breaker.state).toBe('open')
  })

  it('does not count the time for which it is paused', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const source = new PassThrough()
    const stream = breaker
      .stream(() => source)()
      .on('data', () => {})
    source.write('a')
    await turn()

    stream.pause()
    await clock.advance(1_000)
    stream.resume()
    await turn()
    await clock.advance(99)
    source.end()
    await turn()
    await clock.advance(1_000)

    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
    expect(clock.timers).toBe(0)
  })

  it('counts again from where it is resumed', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const stream = breaker
      .stream(() => new PassThrough())()
      .on('data', () => {})
      .on('error', () => {})
    await turn()

    stream.pause()
    await clock.advance(1_000)
    stream.resume()
    await turn()
    await clock.advance(99)
    const before = breaker.snapshot().counts.timeout
    await clock.advance(1)

    expect(before).toBe(0)
    expect(breaker.snapshot().counts.timeout).toBe(1)
  })

  it('destroys a stream of Node whose next item does not come', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const source = new PassThrough()

    const item = reasonOf(
      breaker
        .stream(() => source)()
        [Symbol.asyncIterator]()
        .next(),
    )
    await turn()
    await clock.advance(100)

    expect(await item).toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
    expect(source.destroyed).toBe(true)
  })

  it.each<[string, () => { stream: AsyncIterable<unknown>; ended: () => boolean }]>([
    [
      'of Node',
      () => {
        const stream = new PassThrough()
        return { stream, ended: () => stream.destroyed }
      },
    ],
    [
      'of the web',
      () => {
        const cancel = vi.fn()
        return { stream: new ReadableStream({ cancel }), ended: () => cancel.mock.calls.length > 0 }
      },
    ],
  ])('ends a stream %s that comes too late', async (_, make) => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const { stream, ended } = make()
    let arrive = (_: AsyncIterable<unknown>): void => {}

    const late = new Promise<AsyncIterable<unknown>>((resolve) => (arrive = resolve))
    const reason = reasonOf(breaker.stream(() => late)())
    await clock.advance(100)
    await reason
    arrive(stream)
    await turn()

    expect(ended()).toBe(true)
  })
})

const escaped = vi.fn()
beforeEach(() => void process.on('unhandledRejection', escaped))
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', escaped)
  expect(escaped).not.toHaveBeenCalled()
})
