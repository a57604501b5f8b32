import { getEventListeners } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { collectGarbage } from '../../test/conformance/collect-garbage.ts'
import {
  createBreaker,
  open,
  RESET_TIMEOUT,
  reasonOf,
  succeed,
  turn,
} from '../../test/helpers/public.ts'
import { collect } from '../../test/helpers/streams.ts'
import { CallTimeoutError } from '../errors.ts'
import type { CallOptions, CircuitBreaker, GuardStream } from '../index.ts'

interface Answer {
  readonly status: number
  readonly body: ReadableStream<string>
}

type Controller = ReadableStreamDefaultController<string>

/** An answer whose body is written by hand. */
function answer(status = 200): { value: Answer; writer: Controller; left: () => unknown } {
  let writer: Controller | undefined
  const cancel = vi.fn()
  const start = (controller: Controller): void => {
    writer = controller
  }
  const body = new ReadableStream<string>({ start, cancel })
  const left = () => cancel.mock.calls[0]?.[0]
  return { value: { status, body }, writer: writer as unknown as Controller, left }
}

const down = new Error('down')
const byStatus: CallOptions['classify'] = (settled) => {
  if (settled.status === 'rejected') return 'failure'
  const { status } = settled.value as Answer
  return status >= 500 ? 'failure' : status === 429 ? 'neutral' : 'success'
}

type Options = CallOptions<never, Answer>
const guardBody: NonNullable<Options['stream']> = (result, guard) => ({
  ...result,
  body: guard(result.body),
})

function ask(breaker: CircuitBreaker, value: Answer, call: Options = {}): Promise<Answer> {
  return breaker.run(async () => value, { stream: guardBody, classify: byStatus, ...call })
}

describe('a call whose answer goes on in a stream', () => {
  it.each<[string, (value: Answer, guard: GuardStream) => unknown, string]>([
    [
      'guards what is no stream',
      (_, guard) => guard(5 as never),
      'what guard is passed must be a stream, got 5',
    ],
    ['returns a promise', async (value) => value, 'stream must not return a promise'],
  ])(
    'succeeds with its answer, and reports an option `stream` that %s',
    async (_, stream, message) => {
      const { breaker } = createBreaker()
      const reports: unknown[] = []
      breaker.on('listenerError', ({ error, source }) => reports.push([source, error]))
      const { value } = answer()

      const result = await breaker.run(async () => value, { stream: stream as never })

      expect(result).toBe(value)
      expect(reports).toEqual([['stream', new TypeError(message)]])
      expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
    },
  )

  it('rejects with the error of its action where there is no answer', async () => {
    const { breaker } = createBreaker()
    const call = breaker.run(() => Promise.reject(down), { stream: guardBody as never })

    expect(await reasonOf(call)).toBe(down)
    expect(breaker.snapshot().counts.failure).toBe(1)
  })

  it('lasts until the stream ends, and has succeeded then', async () => {
    const { breaker } = createBreaker()
    const { value, writer } = answer()
    const { status, body } = await ask(breaker, value)
    const reading = collect(body)
    const { inFlight } = breaker.snapshot()
    writer.enqueue('a')
    writer.enqueue('b')
    writer.close()

    expect([status, await reading]).toEqual([200, ['a', 'b']])
    expect(inFlight).toBe(1)
    expect(breaker.snapshot()).toMatchObject({
      inFlight: 0,
      counts: { admitted: 1, success: 1 },
    })
  })

  it('fails when the stream dies, with its error', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { value, writer } = answer()
    const reading = collect((await ask(breaker, value)).body)
    writer.enqueue('a')
    await turn()
    writer.error(down)

    expect(await reasonOf(reading)).toBe(down)
    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0 })
    expect(breaker.snapshot().trips[0]?.failures[0]?.message).toBe('down')
  })

  it.each([
    [503, 'failure'],
    [429, 'neutral'],
  ])('ends at once by an answer that is no success: %s', async (status, outcome) => {
    const { breaker } = createBreaker()
    const { value } = answer(status)

    expect(await ask(breaker, value)).toBe(value)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { [outcome]: 1, settled: 1 } })
  })

  it('asks no classifier what the end of the stream means', async () => {
    const { breaker } = createBreaker()
    const { value, writer } = answer()
    const classify = vi.fn(byStatus)
    const { body } = await ask(breaker, value, { classify })
    writer.close()
    await collect(body)

    expect(classify).toHaveBeenCalledExactlyOnceWith({ status: 'fulfilled', value })
  })

  it('succeeds at once where there is no stream', async () => {
    const { breaker } = createBreaker()

    expect(await breaker.run(async () => 5, { stream: (result) => result + 1 })).toBe(6)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it.each([
    ['what throws', () => Promise.reject(down)],
    ['what is rejected', () => breakerOf('open')],
  ])('has a fallback until there is an answer: for %s', async (_, action) => {
    const { breaker } = createBreaker({ maxFailures: 5 })
    const result = await breaker.run(action, { stream: guardBody as never, fallback: () => 'old' })

    expect(result).toBe('old')
  })

  it.each([
    [
      'throws',
      (): never => {
        throw down
      },
    ],
    ['guards what is no stream', (_: Answer, guard: GuardStream) => guard({} as never)],
  ])('goes to its caller as it is where `stream` %s, which is reported', async (_, stream) => {
    const { breaker } = createBreaker()
    const { value } = answer()
    const errors: unknown[] = []
    breaker.on('listenerError', ({ error, source }) => errors.push([error, source]))

    expect(await ask(breaker, value, { stream })).toBe(value)
    expect(errors).toEqual([[expect.any(Error), 'stream']])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('is guarded by the options of `withSignal` as well', async () => {
    const { breaker } = createBreaker()
    const { value, writer } = answer()
    const load = breaker.withSignal(async (_: AbortSignal) => value, { stream: guardBody as never })
    const reading = collect((await load()).body)
    const { inFlight } = breaker.snapshot()
    writer.error(down)

    expect(await reasonOf(reading)).toBe(down)
    expect([inFlight, breaker.snapshot().counts.failure]).toEqual([1, 1])
  })

  it('follows a stream of Node, however it is read', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const body = new PassThrough()
    const result = await breaker.run(async () => ({ body }), {
      stream: (result, guard) => {
        guard(result.body)
        return result
      },
    })
    result.body.on('error', () => {}).resume()
    body.write('a')
    await turn()
    const { inFlight } = breaker.snapshot()
    body.destroy(down)
    await turn()

    expect([inFlight, breaker.state]).toEqual([1, 'open'])
  })
})

function breakerOf(state: 'open'): Promise<never> {
  const { breaker } = createBreaker({ name: state })
  breaker.trip()
  return breaker.run(() => undefined as never)
}

describe('the caller of a call whose answer goes on in a stream', () => {
  it.each([
    ['cancels it after an item', 1],
    ['cancels it without a look', 0],
  ])('has succeeded who %s', async (_, items) => {
    const { breaker } = createBreaker()
    const { value, writer, left } = answer()
    const reader = (await ask(breaker, value)).body.getReader()
    writer.enqueue('a')
    for (let i = 0; i < items; i++) await reader.read()
    await reader.cancel('enough')

    expect(left()).toBe('enough')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1, cancelled: 0 } })
  })

  it('says nothing about the target who cancels it while waiting for the first item', async () => {
    const { breaker } = createBreaker()
    const reader = (await ask(breaker, answer().value)).body.getReader()
    const reading = reader.read()
    await reader.cancel()
    await reading

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 0, cancelled: 1 } })
  })

  it('has succeeded who does not read it, which closes a half-open circuit', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const kept = await ask(breaker, answer().value)
    await clock.advance(0)

    expect(kept.status).toBe(200)
    expect(breaker.snapshot()).toMatchObject({ state: 'closed', inFlight: 0 })
  })

  it('makes a call by itself who reads it later, classified as the first one', async () => {
    const { breaker, clock } = createBreaker()
    const { value, writer } = answer()
    const classify = vi.fn(byStatus)
    const { body } = await ask(breaker, value, { classify })
    await clock.advance(0)
    const reading = collect(body)
    writer.error(down)
    await reasonOf(reading)

    expect(classify).toHaveBeenLastCalledWith({ status: 'rejected', reason: down })
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 2, success: 1, failure: 1 })
  })

  it('gives the permit back who drops it in the middle', async () => {
    const { breaker, clock } = createBreaker()
    await (async () => {
      const { value, writer } = answer()
      const { body } = await ask(breaker, value)
      writer.enqueue('a')
      await body.getReader().read()
    })()
    await clock.advance(0)
    const { inFlight } = breaker.snapshot()
    await vi.waitFor(
      async () => {
        await collectGarbage()
        expect(breaker.snapshot().inFlight).toBe(0)
      },
      { timeout: 30_000 },
    )

    expect(inFlight).toBe(1)
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, cancelled: 0 })
  })

  it.each([
    { items: 1, waits: true, outcome: 'success' },
    { items: 1, waits: false, outcome: 'success' },
    { items: 0, waits: false, outcome: 'success' },
    { items: 0, waits: true, outcome: 'cancelled' },
  ])(
    'aborts it by the signal: $outcome after $items items, waiting for one: $waits',
    async ({ items, waits, outcome }) => {
      const { breaker } = createBreaker()
      const { value, writer } = answer()
      const controller = new AbortController()
      const { signal } = controller
      let own: AbortSignal | undefined
      const { body } = await breaker.run(
        async (given) => {
          own = given
          given.addEventListener('abort', () => writer.error(given.reason))
          return value
        },
        { stream: guardBody, signal },
      )
      const reader = body.getReader()
      if (items > 0) writer.enqueue('a')
      for (let i = 0; i < items; i++) await reader.read()
      const reading = waits ? reasonOf(reader.read()) : undefined
      if (waits) await turn()
      controller.abort('left')
      await turn()

      expect([own?.aborted, own?.reason]).toEqual([true, 'left'])
      expect(await (reading ?? reasonOf(reader.read()))).toBe('left')
      expect(breaker.snapshot()).toMatchObject({
        inFlight: 0,
        counts: { settled: 1, [outcome]: 1 },
      })
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    },
  )

  it('has waited too long by a deadline', async () => {
    const { breaker } = createBreaker()
    const controller = new AbortController()
    const { body } = await ask(breaker, answer().value, { signal: controller.signal })
    void reasonOf(body.getReader().read())
    await turn()
    controller.abort(new DOMException('too late', 'TimeoutError'))
    await turn()

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1 } })
  })

  it('leaves nothing on a signal that outlives the call', async () => {
    const { breaker } = createBreaker()
    const { signal } = new AbortController()
    const { value, writer } = answer()
    const { body } = await ask(breaker, value, { signal })
    writer.close()
    await collect(body)

    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('a stream in which an answer goes on', () => {
  it('is in time by each of its items', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const { value, writer } = answer()
    const reader = (await ask(breaker, value)).body.getReader()
    for (let i = 0; i < 5; i++) {
      const reading = reader.read()
      await turn()
      await clock.advance(90)
      writer.enqueue('a')
      await reading
    }
    // Its reader takes its time.
    await clock.advance(500)
    writer.close()

    expect((await reader.read()).done).toBe(true)
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, failure: 0 })
  })

  it.each([
    ['its call timeout', { callTimeout: 100 }, {}],
    ['the timeout of this call', {}, { timeout: 100 }],
    ['the shorter one of this call', { callTimeout: 5_000 }, { timeout: 100 }],
  ])('fails when an item takes longer than %s, and is ended', async (_, options, call) => {
    const { breaker, clock } = createBreaker(options)
    const { value, writer, left } = answer()
    let own: AbortSignal | undefined
    const { body } = await breaker.run(
      async (signal) => {
        own = signal
        return value
      },
      { stream: guardBody, ...call },
    )
    const reader = body.getReader()
    writer.enqueue('a')
    await reader.read()
    const reading = reasonOf(reader.read())
    await turn()
    await clock.advance(100)

    expect(await reading).toBeInstanceOf(CallTimeoutError)
    expect(own?.reason).toBeInstanceOf(CallTimeoutError)
    expect(left).not.toThrow()
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1, timeout: 1 } })
  })

  it('takes no place once its first item is there', async () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })
    const { value, writer } = answer()
    const reader = (await ask(breaker, value)).body.getReader()
    const reading = reader.read()
    const full = await reasonOf(breaker.run(() => 1))
    writer.enqueue('a')
    await reading

    expect(full).toMatchObject({ code: 'ERR_CIRCUIT_FULL' })
    expect(await breaker.run(() => 1)).toBe(1)
    await reader.cancel()
  })

  it.each([
    { items: 1, state: 'closed' },
    { items: 0, state: 'open' },
  ])(
    'is taken for hung until its first item is there: $state with $items',
    async ({ items, state }) => {
      const { breaker, clock } = createBreaker({ maxFailures: undefined, trip: 'auto' })
      for (let i = 0; i < 20; i++) {
        await succeed(breaker)
        await clock.advance(10)
      }
      const readers = []
      for (let i = 0; i < 40 && breaker.state === 'closed'; i++) {
        const { value, writer } = answer()
        const reader = (await ask(breaker, value)).body.getReader()
        for (let n = 0; n < items; n++) writer.enqueue('a')
        readers.push({ reader, reading: reader.read() })
        await turn()
        await clock.advance(100)
      }

      expect(breaker.state).toBe(state)
      for (const { reader } of readers) await reader.cancel()
    },
  )

  it('lets a half-open circuit close when its probe goes on for long', async () => {
    const { breaker, clock } = createBreaker({ recovery: { probes: 1, timeout: 1_000 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const { value, writer } = answer()
    const reader = (await ask(breaker, value)).body.getReader()
    writer.enqueue('a')
    await reader.read()
    await clock.advance(1_000)

    expect(await breaker.run(() => 1)).toBe(1)
    expect(breaker.state).toBe('closed')
    await reader.cancel()
  })

  it('is read from where it is: an iterable as well', async () => {
    const { breaker } = createBreaker()
    const items = await breaker.run(async () => Readable.from(['a', 'b']), {
      stream: (result, guard) => guard(result),
    })

    expect(await collect(items)).toEqual(['a', 'b'])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1 })
  })
})
