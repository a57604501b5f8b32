import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Upstream } from '../upstream.ts'
import { createPrices as after } from './after.ts'
import { createPrices as before } from './before.ts'

let upstream: Upstream
let log: string[]

beforeEach(() => {
  vi.useFakeTimers()
  upstream = new Upstream()
  upstream.install()
  log = []
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const create = (program: typeof before | typeof after) => program((line) => log.push(line))
type Prices = ReturnType<typeof after>

/** The statuses of so many requests, one after the other. */
async function ask(prices: Prices, count: number, sku = 'unknown'): Promise<number[]> {
  const statuses = []
  for (let i = 0; i < count; i++) statuses.push((await prices.answer(sku, 'EUR')).status)
  return statuses
}

/** Five failures of five calls: more than half, and the minimum. */
async function open(prices: Prices): Promise<void> {
  upstream.behaviour = 'fail'
  await ask(prices, 5)
}

describe.each([
  ['with opossum', before],
  ['with short-circuit', after],
])('the program %s', (_, program) => {
  it('answers the price', async () => {
    const prices = create(program)

    expect(await prices.answer('a1', 'EUR')).toEqual({
      status: 200,
      price: { sku: 'a1', amount: 12 },
    })
  })

  it('answers 404, however often, and stays closed', async () => {
    const prices = create(program)
    upstream.behaviour = 'miss'

    expect(await ask(prices, 10)).toEqual(Array(10).fill(404))
    expect([upstream.requests, log]).toEqual([10, []])
  })

  it('opens with the fifth of five failures, and then asks nobody', async () => {
    const prices = create(program)
    await open(prices)

    expect(log).toEqual(['open'])
    expect(await ask(prices, 3)).toEqual([503, 503, 503])
    expect(upstream.requests).toBe(5)
    expect(prices.isReady()).toBe(false)
    expect(prices.metrics()).toEqual({ calls: 5, failed: 5, rejected: 3 })
  })

  it('answers the last known price while the circuit is open, and marks it', async () => {
    const prices = create(program)
    await ask(prices, 1, 'a1')
    await open(prices)

    expect(await prices.answer('a1', 'EUR')).toEqual({
      status: 200,
      price: { sku: 'a1', amount: 12, stale: true },
    })
  })

  it('answers the last known price for a call that fails while the circuit is closed', async () => {
    const prices = create(program)
    await ask(prices, 1, 'a1')
    upstream.behaviour = 'fail'
    const { price } = await prices.answer('a1', 'EUR')

    expect([price?.stale, log]).toEqual([true, []])
  })

  it('answers 504 after 2 s, and opens when calls hang', async () => {
    const prices = create(program)
    upstream.behaviour = 'hang'
    const answers = Promise.all(Array.from({ length: 5 }, () => prices.answer('b2', 'EUR')))
    await vi.advanceTimersByTimeAsync(2_001)

    expect((await answers).map(({ status }) => status)).toEqual([504, 504, 504, 504, 504])
    expect(log.filter((line) => line === 'timeout')).toHaveLength(5)
    expect(log).toContain('open')
  })

  it('lets one call through after 10 s, and rejects the others while that lasts', async () => {
    const prices = create(program)
    await open(prices)
    await vi.advanceTimersByTimeAsync(10_000)
    upstream.behaviour = 'hang'
    const probe = prices.answer('b2', 'EUR')

    expect(await ask(prices, 3)).toEqual([503, 503, 503])
    expect(upstream.requests).toBe(6)
    upstream.release()
    expect((await probe).status).toBe(200)
    expect(log).toEqual(['open', 'half-open', 'closed'])
  })

  it('opens again for 10 s when that call fails', async () => {
    const prices = create(program)
    await open(prices)
    await vi.advanceTimersByTimeAsync(10_000)

    expect(await ask(prices, 1)).toEqual([502])
    expect(log).toEqual(['open', 'half-open', 'open'])
    await vi.advanceTimersByTimeAsync(9_990)
    expect(await ask(prices, 1)).toEqual([503])
    await vi.advanceTimersByTimeAsync(10)
    upstream.behaviour = 'answer'
    expect(await ask(prices, 1)).toEqual([200])
  })

  it('rejects calls beyond 20 in flight', async () => {
    const prices = create(program)
    upstream.behaviour = 'hang'
    const twenty = Array.from({ length: 20 }, () => prices.answer('b2', 'EUR'))

    expect(await ask(prices, 1)).toEqual([503])
    upstream.release()
    expect((await Promise.all(twenty)).every(({ status }) => status === 200)).toBe(true)
  })

  it('can be suspended by hand, comes back by itself after 10 s, and can be resumed before', async () => {
    const prices = create(program)
    prices.suspend()
    expect(await ask(prices, 1)).toEqual([503])
    prices.resume()
    expect(await ask(prices, 1)).toEqual([200])
    prices.suspend()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await ask(prices, 1)).toEqual([200])
    expect(log).toEqual(['open', 'closed', 'open', 'half-open', 'closed'])
  })
})

describe('the program with short-circuit, other than that with opossum,', () => {
  it('opens when exactly half of the calls fail', async () => {
    for (const program of [before, after]) {
      const prices = create(program)
      upstream.behaviour = 'answer'
      await ask(prices, 5)
      await open(prices)
    }

    expect(log).toEqual(['open'])
  })

  it('ends the requests that took too long', async () => {
    const ended = []
    for (const program of [before, after]) {
      const prices = create(program)
      upstream.behaviour = 'hang'
      const answer = prices.answer('b2', 'EUR')
      await vi.advanceTimersByTimeAsync(2_001)
      await answer
      ended.push(upstream.ended)
    }

    expect(ended).toEqual([0, 1])
  })

  it('does not open by rejecting calls beyond 20 in flight', async () => {
    const opened = []
    for (const program of [before, after]) {
      const prices = create(program)
      upstream.behaviour = 'hang'
      const twenty = Array.from({ length: 20 }, () => prices.answer('b2', 'EUR'))
      await ask(prices, 30)
      opened.push(!prices.isReady())
      upstream.release()
      await Promise.all(twenty)
    }

    expect(opened).toEqual([true, false])
  })

  it('stays closed with the first failure after a recovery', async () => {
    const logs = []
    for (const program of [before, after]) {
      log = []
      const prices = create(program)
      // The failures are younger than 10 s when the circuit closes.
      await open(prices)
      upstream.behaviour = 'answer'
      prices.resume()
      await ask(prices, 1)
      upstream.behaviour = 'fail'
      await ask(prices, 1)
      logs.push(log)
    }

    expect(logs).toEqual([
      ['open', 'closed', 'open'],
      ['open', 'closed'],
    ])
  })

  it('becomes half-open with the first call after 10 s, and needs no timer for it', async () => {
    const logs = []
    const timers = []
    for (const program of [before, after]) {
      log = []
      vi.clearAllTimers()
      const prices = create(program)
      await open(prices)
      timers.push(vi.getTimerCount())
      await vi.advanceTimersByTimeAsync(10_000)
      logs.push([...log])
    }

    expect(logs).toEqual([['open', 'half-open'], ['open']])
    expect(timers).toEqual([3, 0])
  })

  it('counts for its whole life, and not for the last 10 s', async () => {
    const metrics = []
    for (const program of [before, after]) {
      const prices = create(program)
      upstream.behaviour = 'answer'
      await ask(prices, 2)
      await vi.advanceTimersByTimeAsync(11_000)
      metrics.push(prices.metrics().calls)
    }

    expect(metrics).toEqual([0, 2])
  })
})
