import { describe, expect, it, vi } from 'vitest'
import { createBreaker, fail, RESET_TIMEOUT } from '../../test/helpers/public.ts'
import { numbers } from '../../test/helpers/streams.ts'

const down = new Error('down')

/** An emitter that is not one of Node, as SDKs of language models return. */
class Helper {
  readonly #listeners = new Map<string, ((value?: unknown) => void)[]>()
  on(event: string, listener: (value?: unknown) => void): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
    return this
  }
  off(event: string, listener: (value?: unknown) => void): this {
    const kept = this.#listeners.get(event)?.filter((other) => other !== listener)
    this.#listeners.set(event, kept ?? [])
    return this
  }
  tell(event: string, value?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value)
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    yield 1
    await new Promise(() => {})
  }
}

describe('an emitter that is not one of Node', () => {
  it.each([
    { event: 'end', counts: { admitted: 1, success: 1, failure: 0 } },
    { event: 'close', counts: { admitted: 1, success: 1, failure: 0 } },
    { event: 'error', counts: { admitted: 1, success: 0, failure: 1 } },
  ])('ends by its event $event, for a caller that only listens', async ({ event, counts }) => {
    const { breaker, clock } = createBreaker()
    const helper = new Helper()
    const seen: unknown[] = []

    breaker
      .stream(() => helper)()
      .on('text', (text) => seen.push(text))
    await clock.advance(1_000)
    const { inFlight } = breaker.snapshot()
    helper.tell('text', 'hello')
    helper.tell(event, event === 'error' ? down : undefined)
    helper.tell('end')
    helper.tell('close')

    expect(inFlight).toBe(1)
    expect(seen).toEqual(['hello'])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts })
  })

  it('may know no other events than its own', () => {
    const { breaker } = createBreaker({ callTimeout: 100 })
    class Strict extends Helper {
      override on(event: string, listener: (value?: unknown) => void): this {
        if (!['text', 'end', 'error', 'close'].includes(event)) throw down
        return super.on(event, listener)
      }
    }
    const helper = new Strict()

    breaker
      .stream(() => helper)()
      .on('text', () => {})
    helper.tell('text', 'hello')
    helper.tell('end')

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1, failure: 0 } })
  })

  it.each(['on', 'off'])(
    'is any object with both methods: one with %s alone has events of its own',
    (name) => {
      const { breaker } = createBreaker()
      const method = vi.fn()

      breaker.stream(() => ({ [name]: method, [Symbol.asyncIterator]: () => numbers(1) }))()

      expect(method).not.toHaveBeenCalled()
      expect(breaker.snapshot().inFlight).toBe(1)
    },
  )

  it('takes up no room any more once one of its events has come', () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })
    const helper = new Helper()
    breaker
      .stream(() => helper)()
      .on('text', () => {})
    const before = breaker.tryAcquire()

    helper.tell('text', 'hello')

    expect(before).toBeUndefined()
    expect(breaker.tryAcquire()).toBeDefined()
  })
})

describe('callTimeout of an emitter that is not one of Node', () => {
  const listening = (stream: Helper): Helper => stream.on('text', () => {})

  const endedBy = (end: () => unknown): [string, object][] => [
    ['destroy', { destroy: end }],
    ['the end of its iteration', { [Symbol.asyncIterator]: () => ({ return: end }) }],
  ]

  it.each(['destroy', 'the end of its iteration'])(
    'limits the wait for the first event, and ends the emitter by %s',
    async (way) => {
      const { breaker, clock } = createBreaker({ callTimeout: 100 })
      const ended = vi.fn()
      const helper = Object.assign(new Helper(), new Map(endedBy(ended)).get(way))

      listening(breaker.stream(() => helper)())
      await clock.advance(99)
      const before = breaker.snapshot()
      await clock.advance(1)

      expect(before).toMatchObject({ inFlight: 1, counts: { timeout: 0 } })
      expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { timeout: 1, failure: 1 } })
      expect(ended).toHaveBeenCalledTimes(1)
    },
  )

  it.each<[string, object]>([
    ['it has no way to end', { [Symbol.asyncIterator]: () => ({}) }],
    ...endedBy(fails),
    ...endedBy(async () => fails()),
  ])('fails the call also where that throws or rejects: %s', async (_, members) => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })

    listening(breaker.stream(() => Object.assign(new Helper(), members))())
    await clock.advance(100)

    expect(breaker.snapshot().counts).toMatchObject({ timeout: 1, failure: 1 })
  })

  it('limits a probe by the timeout of the recovery, without one of its own', async () => {
    const { breaker, clock } = createBreaker({
      maxFailures: 1,
      recovery: { probes: 1, timeout: 50 },
    })
    await fail(breaker)
    await clock.advance(RESET_TIMEOUT)

    listening(breaker.stream(() => new Helper())())
    await clock.advance(50)

    expect(breaker.state).toBe('open')
  })

  it.each<[string, (stream: Helper, helper: Helper) => unknown]>([
    ['another event has come', (_, helper) => helper.tell('text', 'hello')],
    ['it has ended', (_, helper) => helper.tell('end')],
    ['it has failed', (_, helper) => helper.tell('error', down)],
    ['it is left', (stream) => (stream as unknown as { destroy(): void }).destroy()],
    ['an item of it is read', (stream) => stream[Symbol.asyncIterator]().next()],
  ])('does not limit the wait for a last event after %s', async (_, use) => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const destroy = vi.fn()
    const helper = Object.assign(new Helper(), { destroy })

    const stream = listening(breaker.stream(() => helper)()).on('final', () => {})
    await clock.advance(99)
    await use(stream, helper)
    const left = destroy.mock.calls.length
    await clock.advance(1_000)

    expect(breaker.snapshot().counts.timeout).toBe(0)
    expect(destroy).toHaveBeenCalledTimes(left)
    expect(clock.timers).toBe(0)
  })

  it('does not limit a caller that listens for its end alone', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const helper = new Helper()

    breaker
      .stream(() => helper)()
      .on('end', () => {})
      .on('error', () => {})
    await clock.advance(1_000)

    expect(breaker.snapshot()).toMatchObject({ inFlight: 1, counts: { timeout: 0 } })
  })
})

function fails(): never {
  throw down
}
