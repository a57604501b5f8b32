import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  open,
  RESET_TIMEOUT,
  reasonOf,
  record,
  succeed,
  turn,
} from '../../test/helpers/public.ts'
import { collect, numbers } from '../../test/helpers/streams.ts'
import { CallTimeoutError, CircuitOpenError } from '../errors.ts'

async function* forever(...items: number[]): AsyncGenerator<number> {
  yield* items
  await new Promise(() => {})
}

describe('a rejected stream', () => {
  const unhandled = vi.fn()
  beforeEach(() => void process.on('unhandledRejection', unhandled))
  afterEach(async () => {
    await turn()
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('of a generator rejects with the error at the first item, and nothing runs', async () => {
    const { breaker } = createBreaker()
    const body = vi.fn()
    breaker.trip()

    const stream = breaker.stream(async function* () {
      body()
      yield 1
    })()

    expect(await reasonOf(collect(stream))).toBeInstanceOf(CircuitOpenError)
    expect(body).not.toHaveBeenCalled()
    expect(breaker.snapshot().counts.rejected.open).toBe(1)
  })

  it('of a function that returns a stream rejects with the error at the first item', async () => {
    const { breaker } = createBreaker()
    const produce = vi.fn(() => numbers(1))
    breaker.trip()

    const stream = breaker.stream(produce)()

    expect(await reasonOf(collect(stream))).toBeInstanceOf(CircuitOpenError)
    expect(produce).not.toHaveBeenCalled()
  })

  it('of a function that returns a promise of a stream rejects that promise with the error', async () => {
    const { breaker } = createBreaker()
    const produce = vi.fn(async () => numbers(1))
    breaker.trip()

    const stream = breaker.stream(produce)()

    expect(await reasonOf(stream)).toBeInstanceOf(CircuitOpenError)
    expect(produce).not.toHaveBeenCalled()
  })

  it('of a generator throws what it is told to throw', async () => {
    const { breaker } = createBreaker()
    breaker.trip()
    const stream = breaker.stream(numbers)(1)
    await reasonOf(stream.next())
    const error = new Error('stop')

    expect(await reasonOf(stream.throw(error))).toBe(error)
  })

  it('of an async function is a promise and nothing else', async () => {
    const { breaker } = createBreaker()
    breaker.trip()

    const stream = breaker.stream(async () => numbers(1))()

    expect(Object.getPrototypeOf(stream)).toBe(Promise.prototype)
    expect(Symbol.asyncIterator in stream).toBe(false)
    expect(await reasonOf(stream)).toBeInstanceOf(CircuitOpenError)
  })

  it('may be left alone', () => {
    const { breaker } = createBreaker()
    breaker.trip()

    breaker.stream(() => numbers(1))()
    breaker.stream(numbers)(1)
  })

  it.each([
    ['a generator', numbers],
    ['a function that gives a stream', () => numbers()],
    ['a function that gives a promise of a stream', async () => numbers()],
  ])('of %s gives the stream of the fallback', async (_, produce) => {
    const fallback = vi.fn((_error: unknown, ...items: number[]) => numbers(...items, 0))
    const { breaker } = createBreaker({ fallback })
    breaker.trip()

    expect(await collect(await breaker.stream(produce as typeof numbers)(8, 9))).toEqual([8, 9, 0])
    expect(fallback).toHaveBeenCalledExactlyOnceWith(expect.any(CircuitOpenError), 8, 9)
  })

  it('rejects with the error of a fallback that throws, with the rejection as its cause', async () => {
    const { breaker } = createBreaker({
      fallback: () => {
        throw new Error('no cache')
      },
    })
    breaker.trip()

    expect(await reasonOf(collect(breaker.stream(numbers)(1)))).toMatchObject({
      message: 'no cache',
      cause: { code: 'ERR_CIRCUIT_OPEN' },
    })
  })
})

describe('callTimeout of a stream', () => {
  it('limits the wait for each item, not the whole', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const slow = breaker.stream(async function* () {
      for (let i = 0; i < 3; i++) {
        await new Promise<void>((resolve) => clock.setTimer(90, resolve))
        yield i
      }
    })

    const items = collect(slow())
    for (let i = 0; i < 4; i++) await clock.advance(90)

    expect(await items).toEqual([0, 1, 2])
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
  })

  it.each([
    ['first', []],
    ['next', [1]],
  ])('rejects the %s item when it takes longer, and counts a failure', async (_, items) => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, callTimeout: 100 })
    const events = record(breaker, 'timeout', 'failure')

    const result = reasonOf(collect(breaker.stream(forever)(...items)))
    await clock.advance(0)
    await clock.advance(100)

    expect(await result).toBeInstanceOf(CallTimeoutError)
    expect(breaker.state).toBe('open')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { timeout: 1 } })
    expect(events.map(([name]) => name)).toEqual(['timeout', 'failure'])
  })

  it('does not count the time the consumer takes', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const iterator = breaker.stream(numbers)(1, 2)

    await iterator.next()
    await clock.advance(10_000)
    await iterator.next()

    expect((await iterator.next()).done).toBe(true)
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
  })

  it('has no timer between the items and after the end', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const iterator = breaker.stream(numbers)(1)
    const timers: number[] = []

    await iterator.next()
    await clock.advance(0)
    timers.push(clock.timers)
    await iterator.next()
    await clock.advance(0)
    timers.push(clock.timers)

    expect(timers).toEqual([0, 0])
  })

  it('tells the source to stop', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const stop = vi.fn(async () => ({ done: true as const, value: undefined }))
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: stop }),
    }

    const result = reasonOf(collect(breaker.stream(() => source)()))
    await clock.advance(100)
    await result

    expect(stop).toHaveBeenCalled()
  })
})

describe('a stream as a probe', () => {
  it('closes the circuit by its end', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    await collect(breaker.stream(numbers)(1))

    expect(breaker.state).toBe('closed')
  })

  it('opens it again by an error', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    await reasonOf(collect(breaker.stream(() => ({ [Symbol.asyncIterator]: failing }))()))

    expect(breaker.state).toBe('open')
  })

  it('has succeeded at its deadline when an item has come, and the stream goes on', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 500 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const probe = breaker.stream(numbers)(1, 2)
    await probe.next()

    await clock.advance(500)
    const state = breaker.state
    await succeed(breaker)

    expect(state).toBe('closed')
    expect(await collect(probe)).toEqual([2])
  })

  it('has failed at its deadline when none has come', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 500 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const item = reasonOf(breaker.stream(forever)().next())
    const transitions = record(breaker, 'transition')

    await clock.advance(500)
    const error = await reasonOf(breaker.run(() => 1))

    expect(await item).toBeInstanceOf(CallTimeoutError)
    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(transitions[0]?.[1]).toMatchObject({ to: 'open', reason: 'probeExpired' })
  })
})

function failing(): AsyncIterator<number> {
  return { next: () => Promise.reject(new Error('down')) }
}
