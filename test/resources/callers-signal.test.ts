import { getEventListeners } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../src/index.ts'

const CALLS = 10_000
const AT_ONCE = 500
const down = new Error('down')

let signal: AbortSignal

describe('a signal that outlives its calls', () => {
  beforeEach(() => {
    signal = new AbortController().signal
  })

  it('has one listener while calls are in flight, and none afterwards', async () => {
    const breaker = new CircuitBreaker()
    const ends: (() => void)[] = []
    const action = () => new Promise<void>((resolve) => ends.push(resolve))
    const calls = [1, 2, 3].map(() => breaker.run(action, { signal }))
    const permit = breaker.acquire({ signal })
    expect(listeners()).toBe(1)

    for (const end of ends) end()
    permit.success()
    await Promise.all(calls)

    expect(listeners()).toBe(0)
  })

  it.each<[string, (breaker: CircuitBreaker) => unknown]>([
    ['succeed', (breaker) => breaker.run(() => 1, { signal })],
    ['fail', (breaker) => breaker.run(() => Promise.reject(down), { signal })],
    ['throw', (breaker) => breaker.run(thrower, { signal })],
    ['time out', (breaker) => breaker.run(() => new Promise(() => {}), { signal, timeout: 1 })],
    ['fall back', (breaker) => breaker.run(thrower, { signal, fallback: () => 1 })],
    ['are wrapped', (breaker) => breaker(async (_: unknown) => 1)({ signal })],
    ['are wrapped and fail', (breaker) => breaker(async (_: unknown) => thrower())({ signal })],
    [
      'are wrapped with a timeout',
      (breaker) => limited(breaker)(async (_: unknown) => 1)({ signal }),
    ],
    ['take a signal', (breaker) => breaker.withSignal(async (_, __: unknown) => 1)({ signal })],
    ['wait until they would pass', (breaker) => breaker.whenReady({ signal })],
    ['are synchronous', (breaker) => breaker.sync((_: AbortSignal) => 1)(signal)],
    ['are streams', (breaker) => first(breaker.stream(items)(signal))],
    ['acquire and succeed', (breaker) => breaker.acquire({ signal }).success()],
    ['acquire and fail', (breaker) => breaker.acquire({ signal }).failure(down)],
    ['acquire and cancel', (breaker) => breaker.tryAcquire({ signal })?.cancel()],
    ['acquire and stay neutral', (breaker) => breaker.tryAcquire({ signal })?.neutral()],
    ['unsubscribe', (breaker) => breaker.on('success', () => {}, { signal })()],
  ])('has no listener left after ten thousand calls that %s', async (_, call) => {
    const breaker = new CircuitBreaker({ maxFailures: CALLS + 1 })

    await many(async () => call(breaker))

    expect(listeners()).toBe(0)
  })

  it('has no listener left after ten thousand permits that timed out', async () => {
    const breaker = new CircuitBreaker({ maxFailures: CALLS })
    const opened = new Promise((resolve) => breaker.on('transition', resolve))

    await many(async () => breaker.acquire({ signal, timeout: 1 }))
    await opened

    expect(breaker.snapshot().counts.timeout).toBe(CALLS)
    expect(listeners()).toBe(0)
  })

  it('gets no listener from ten thousand calls that are rejected', async () => {
    const breaker = new CircuitBreaker()
    breaker.forceOpen()

    await many(() => breaker.run(() => 1, { signal }))
    await many(async () => breaker.acquire({ signal }))
    await many(async () => breaker.tryAcquire({ signal }))

    expect(breaker.snapshot().counts.rejected['forced-open']).toBe(3 * CALLS)
    expect(listeners()).toBe(0)
  })

  it('leaves no listener on the calls that it has aborted', async () => {
    const breaker = new CircuitBreaker()
    const controller = new AbortController()
    signal = controller.signal
    const calls = together(() => breaker.run(() => new Promise(() => {}), { signal }))

    controller.abort(down)
    await calls

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: AT_ONCE } })
    expect(listeners()).toBe(0)
  })
})

function listeners(): number {
  return getEventListeners(signal, 'abort').length
}

/** Ten thousand calls, some at a time: a signal is slow to tell many listeners apart. */
async function many(call: () => Promise<unknown>): Promise<void> {
  for (let made = 0; made < CALLS; made += AT_ONCE) await together(call)
}

function together(call: () => Promise<unknown>): Promise<unknown> {
  return Promise.allSettled(Array.from({ length: AT_ONCE }, call))
}

function limited(breaker: CircuitBreaker): CircuitBreaker {
  breaker.configure({ callTimeout: 60_000 })
  return breaker
}

function thrower(): never {
  throw down
}

async function* items(_: AbortSignal): AsyncGenerator<number> {
  yield 1
  yield 2
}

/** Leaves after the first item. */
async function first(stream: AsyncIterable<number>): Promise<void> {
  for await (const _ of stream) return
}
