import { PassThrough, Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  fail,
  open,
  RESET_TIMEOUT,
  reasonOf,
  turn,
} from '../../test/helpers/public.ts'
import { collect } from '../../test/helpers/streams.ts'

const down = new Error('down')

function webFailing(): ReadableStream<string> {
  return new ReadableStream({ pull: (controller) => controller.error(down) })
}

async function* failingItems(): AsyncGenerator<string> {
  yield 'a'
  throw down
}

describe('a caller that ends a stream', () => {
  const web = (): ReadableStream => new ReadableStream({ pull: (c) => c.enqueue('a') })
  const endless = async function* (): AsyncGenerator<string> {
    for (;;) yield 'a'
  }
  const closable = (): AsyncIterable<string> & Record<string, () => void> =>
    Object.assign(
      { [Symbol.asyncIterator]: endless },
      { close() {}, cancel() {}, abort() {} },
    ) as never

  it('has cancelled it before the first item', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })

    await breaker.stream(web)().cancel('enough')
    breaker
      .stream(() => Readable.from(endless()))()
      .destroy()
    breaker
      .stream(() => Readable.from(endless()))()
      .on('error', () => {})
      .destroy(down)
    for (const way of ['close', 'cancel', 'abort']) breaker.stream(closable)()[way]?.()
    await turn()
    await clock.advance(0)

    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      inFlight: 0,
      counts: { cancelled: 6, success: 0 },
    })
  })

  it.each<[string, (stream: Readable) => unknown]>([
    ['take', (stream) => stream.take(1).toArray()],
    [
      'iterator()',
      async (stream) => {
        for await (const _ of stream.iterator()) break
      },
    ],
    [
      'read()',
      async (stream) => {
        stream.once('readable', () => {})
        await turn()
        stream.read()
        stream.destroy()
      },
    ],
  ])('makes it a success after an item that has come before %s asked for it', async (_, leave) => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    const buffered = new PassThrough()
    buffered.write('a')

    await leave(breaker.stream(() => buffered)())
    await turn()
    await clock.advance(0)

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1, cancelled: 0 } })
  })

  it('makes it a success after an item', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })

    const reader = breaker.stream(web)().getReader()
    await reader.read()
    await reader.cancel()
    for (const error of [undefined, down]) {
      const stream = breaker
        .stream(() => Readable.from(endless()))()
        .on('error', () => {})
      await new Promise((resolve) => stream.once('data', resolve))
      stream.destroy(error)
    }
    for (const way of ['close', 'cancel', 'abort']) {
      const stream = breaker.stream(closable)()
      await stream[Symbol.asyncIterator]().next()
      stream[way]?.()
    }
    await turn()
    await clock.advance(0)

    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      inFlight: 0,
      counts: { cancelled: 0, success: 6 },
    })
  })

  it('ends the source as well', async () => {
    const { breaker } = createBreaker()
    const cancel = vi.fn()
    const source = Readable.from(endless())

    await breaker
      .stream(() => new ReadableStream({ cancel }))()
      .cancel('enough')
    breaker
      .stream(() => source)()
      .destroy()

    expect(cancel).toHaveBeenCalledExactlyOnceWith('enough')
    expect(source.destroyed).toBe(true)
  })
})

describe('probes that are streams', () => {
  it('keep their limit while nothing has come, however they are read', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const guarded = breaker.stream(async () => new PassThrough())

    const results = await Promise.allSettled(
      Array.from({ length: 10 }, async () => {
        const stream = await guarded()
        stream.pipe(new PassThrough())
        await clock.advance(0)
      }),
    )

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(breaker.snapshot()).toMatchObject({ state: 'half-open', probes: { inFlight: 1 } })
  })

  it('open the circuit again when they die while they are piped', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const source = new PassThrough()
    const stream = breaker
      .stream(() => source)()
      .on('error', () => {})
    stream.pipe(new PassThrough())

    source.write('a')
    await turn()
    source.destroy(down)
    await turn()

    expect(breaker.state).toBe('open')
  })
})

describe('failures in a row', () => {
  it('are not interrupted by streams that die while they are read', async () => {
    const { breaker } = createBreaker({ maxFailures: 3 })

    await fail(breaker)
    await reasonOf(collect(breaker.stream(webFailing)()))
    await reasonOf(
      breaker
        .stream(() => Readable.from(failingItems()))()
        .toArray(),
    )

    expect(breaker.state).toBe('open')
  })
})

const escaped = vi.fn()
beforeEach(() => void process.on('unhandledRejection', escaped))
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', escaped)
  expect(escaped).not.toHaveBeenCalled()
})
