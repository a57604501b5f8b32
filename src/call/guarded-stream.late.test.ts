import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createBreaker, fail, succeed } from '../../test/helpers/public.ts'
import { letters } from '../../test/helpers/streams.ts'
import type { CircuitBreaker, CircuitBreakerOptions } from '../index.ts'
import type { ManualClock } from '../testing/manual-clock.ts'

const down = new Error('down')

interface Late {
  /** It is read now, and dies. */
  die(): Promise<void>
}

type Call = (breaker: CircuitBreaker) => Promise<Late>

async function dieRead(stream: AsyncIterable<unknown>): Promise<void> {
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toBe(down)
}

const dyingWeb = (): ReadableStream<string> =>
  new ReadableStream({ pull: (controller) => controller.error(down) })

const calls: [string, Call][] = [
  [
    'a web stream',
    async (breaker) => {
      const stream = await breaker.stream(async () => dyingWeb())()
      return { die: () => dieRead(stream) }
    },
  ],
  [
    'a stream of Node that is piped',
    async (breaker) => {
      const source = new PassThrough()
      const stream = await breaker.stream(async () => source)()
      stream.on('error', () => {})
      return {
        die: async () => {
          stream.pipe(new PassThrough())
          source.emit('error', down)
        },
      }
    },
  ],
  [
    'a stream of Node that dies unread',
    async (breaker) => {
      const source = new PassThrough()
      const stream = await breaker.stream(async () => source)()
      stream.on('error', () => {})
      return { die: async () => void source.emit('error', down) }
    },
  ],
  [
    'an iterable',
    async (breaker) => {
      const next = (): Promise<never> => Promise.reject(down)
      const stream = breaker.stream(() => ({ [Symbol.asyncIterator]: () => ({ next }) }))()
      return { die: () => dieRead(stream) }
    },
  ],
  [
    'the body of an answer',
    async (breaker) => {
      const stream = (
        answer: { body: AsyncIterable<string> },
        guard: (source: never) => never,
      ) => ({
        body: guard(answer.body as never),
      })
      const { body } = (await breaker.run(async () => ({ body: dyingWeb() }), {
        stream: stream as never,
      })) as { body: AsyncIterable<string> }
      return { die: () => dieRead(body) }
    },
  ],
]

async function unread(breaker: CircuitBreaker, clock: ManualClock): Promise<void> {
  await breaker.stream(async () => letters())()
  await clock.advance(0)
}

/** Calls until the circuit opens, at most 100 times. Returns how often, `each` at once. */
async function callsToOpen(
  call: Call,
  each: number,
  options: CircuitBreakerOptions,
): Promise<number> {
  const { breaker, clock } = createBreaker(options)
  let count = 0
  while (breaker.state === 'closed' && count < 100) {
    const parts = await Promise.all(Array.from({ length: each }, () => call(breaker)))
    await clock.advance(0)
    for (const part of parts) {
      if (breaker.state === 'closed') count++
      await part.die()
    }
    await clock.advance(500)
  }
  return count
}

describe.each(calls)('%s that is read a turn later and dies', (_, call) => {
  it.each([1, 2, 5])(
    'is one more failure in a row, where nothing else comes between: %i at a time',
    async (each) => {
      expect(await callsToOpen(call, each, { maxFailures: 3 })).toBe(3)
    },
  )

  it('opens the default breaker after as many calls as fail at once', async () => {
    const failing: Call = async (breaker) => ({ die: () => fail(breaker, down) })

    const late = await callsToOpen(call, 1, { trip: 'auto' })

    expect(late).toBe(await callsToOpen(failing, 1, { trip: 'auto' }))
    expect(late).toBeLessThan(50)
  })

  it('has been a success for those that fail after it was handed out', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 3 })
    await fail(breaker)
    await fail(breaker)
    await call(breaker)
    await clock.advance(0)

    await fail(breaker)

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', consecutiveFailures: 1 })
  })

  it.each<[string, (breaker: CircuitBreaker, clock: ManualClock) => unknown]>([
    ['a call that succeeds', succeed],
    ['a reset', (breaker) => breaker.reset()],
  ])('is the first failure after %s', async (_, between) => {
    const { breaker, clock } = createBreaker({ maxFailures: 3 })
    await fail(breaker)
    await fail(breaker)
    const late = await call(breaker)
    await clock.advance(0)

    await between(breaker, clock)
    await late.die()

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', consecutiveFailures: 1 })
  })

  it('is the first failure after one that was read to its end', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 3 })
    await fail(breaker)
    await fail(breaker)
    const late = await call(breaker)
    await clock.advance(0)
    const healthy = await breaker.stream(async () => letters())()
    await clock.advance(0)
    for await (const _ of healthy);

    await late.die()

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', consecutiveFailures: 1 })
  })

  it('ends no failures that came after its call, if it is not looked at', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 3 })
    await unread(breaker, clock)
    await fail(breaker)
    const late = await call(breaker)
    await clock.advance(0)

    await late.die()

    expect(breaker.snapshot()).toMatchObject({
      consecutiveFailures: 2,
      counts: { success: 2, failure: 2 },
    })
  })

  it('has no failure before it where classify says that it has not failed', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 3 })
    await fail(breaker)
    breaker.configure({
      classify: ({ status }) => (status === 'rejected' ? 'neutral' : undefined),
    })
    const late = await call(breaker)
    await clock.advance(0)

    await late.die()

    expect(breaker.snapshot()).toMatchObject({ consecutiveFailures: 0 })
  })
})
