import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBreaker, reasonOf, turn } from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'
import { CircuitOpenError } from '../errors.ts'

const noCache = new Error('no cache')
const broken: AsyncIterable<unknown> = { [Symbol.asyncIterator]: thrower }

/** Ways in which a stream is rejected. */
const kinds: [string, (breaker: CircuitBreaker<unknown>) => unknown][] = [
  ['a generator', (breaker) => breaker.stream(items)(1)],
  ['a function that gives a stream', (breaker) => breaker.stream(() => items(1))()],
  ['a function that promises a stream', (breaker) => breaker.stream(async () => items(1))()],
]

const unhandled = vi.fn()
beforeEach(() => void process.on('unhandledRejection', unhandled))
afterEach(async () => {
  await turn()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

describe.each(kinds)('the fallback of a rejected stream of %s', (_, call) => {
  it.each<[string, () => unknown]>([
    ['gives', () => items('kept')],
    ['promises', async () => items('kept')],
  ])('is iterated in its place when it %s a stream', async (_, fallback) => {
    const { breaker } = createBreaker({ fallback })
    breaker.trip()

    expect(await read(call(breaker))).toEqual(['kept'])
  })

  it.each<[string, () => unknown]>([
    ['gives', () => 'kept'],
    ['promises', async () => 'kept'],
    ['gives nothing for', () => undefined],
  ])('leaves the CircuitOpenError when it %s something else', async (_, fallback) => {
    const { breaker } = createBreaker({ fallback })
    breaker.trip()

    expect(await reasonOf(read(call(breaker)))).toBeInstanceOf(CircuitOpenError)
  })

  it.each<[string, () => unknown]>([
    ['throws', () => thrower()],
    ['rejects', async () => thrower()],
    ['gives what throws when iterated', () => broken],
    ['promises what throws when iterated', async () => broken],
  ])('gives its own error when it %s', async (_, fallback) => {
    const { breaker } = createBreaker({ fallback })
    breaker.trip()

    expect(await reasonOf(read(call(breaker)))).toBe(noCache)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { admitted: 0 } })
  })

  it.each<[string, (error: Error) => unknown]>([
    ['throws', (error) => thrower(error)],
    ['rejects', async (error) => thrower(error)],
  ])('says in its error what it was to replace when it %s', async (_, fail) => {
    const { breaker } = createBreaker({ fallback: (_error: unknown) => fail(new Error('empty')) })
    breaker.trip()

    expect(await reasonOf(read(call(breaker)))).toMatchObject({
      message: 'empty',
      cause: { code: 'ERR_CIRCUIT_OPEN' },
    })
  })

  it('may fail without an unhandled rejection when the stream is not read', async () => {
    const { breaker } = createBreaker({ fallback: async () => thrower() })
    breaker.trip()

    call(breaker)
    await turn()

    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe('a stream that a fallback promises', () => {
  it('can be left early, and is told to end', async () => {
    const ended = vi.fn()
    const { breaker } = createBreaker({
      fallback: async function* () {
        try {
          yield* [1, 2]
        } finally {
          ended()
        }
      },
    })
    breaker.trip()

    for await (const _ of breaker.stream(items)()) break

    expect(ended).toHaveBeenCalledOnce()
  })

  it('is told to end also where it came as a promise', async () => {
    const ended = vi.fn()
    async function* instead(): AsyncGenerator<number> {
      try {
        yield* [1, 2]
      } finally {
        ended()
      }
    }
    const { breaker } = createBreaker({ fallback: async () => instead() })
    breaker.trip()

    for await (const _ of breaker.stream(items)()) break

    expect(ended).toHaveBeenCalledOnce()
  })

  it('is left with a value also where it has no way to be told', async () => {
    const next = async () => ({ done: false, value: 1 })
    const { breaker } = createBreaker({
      fallback: async () => ({ [Symbol.asyncIterator]: () => ({ next }) }),
    })
    breaker.trip()
    const stream = breaker.stream(items)()

    await stream.next()

    expect(await stream.return('enough' as never)).toEqual({ done: true, value: 'enough' })
  })

  it('is done after it has failed, and takes no permit for the next item', async () => {
    const { breaker } = createBreaker({ fallback: async () => thrower() })
    breaker.trip()
    const stream = breaker.stream(items)()

    await reasonOf(stream.next())
    breaker.reset()

    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(await stream.return(undefined)).toEqual({ done: true, value: undefined })
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })
})

describe('a generator that is rejected', () => {
  it('is done after its first rejection, also when the circuit has closed since', async () => {
    const { breaker } = createBreaker()
    const stream = breaker.stream(items)(1)
    breaker.trip()

    await reasonOf(stream.next())
    breaker.reset()

    expect(await stream.next()).toEqual({ done: true, value: undefined })
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 0, rejected: { open: 1 } })
  })
})

async function* items(...values: unknown[]): AsyncGenerator<unknown> {
  yield* values
}

function thrower(error: Error = noCache): never {
  throw error
}

/** However it was given: as a stream, or by a promise. */
async function read(given: unknown): Promise<unknown[]> {
  const values = []
  for await (const value of (await given) as AsyncIterable<unknown>) values.push(value)
  return values
}
