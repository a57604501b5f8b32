import { describe, expect, it } from 'vitest'
import { createBreaker, hang, RESET_TIMEOUT, reasonOf, turn } from '../../test/helpers/public.ts'
import { CallTimeoutError, type CircuitBreaker, CircuitRegistry, protect } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

const TIMEOUT = 50

/** A function that never ends by itself, and what ends its calls. */
function endless() {
  const ends: ((how: 'resolve' | 'reject') => void)[] = []
  const fn = (): Promise<unknown> =>
    new Promise((resolve, reject) =>
      ends.push((how) => (how === 'resolve' ? resolve(1) : reject(new Error('late')))),
    )
  return { fn, ends }
}

describe('the calls that their timeout has ended and that still run', () => {
  it.each([
    ['run', (b: CircuitBreaker, fn: () => Promise<unknown>) => b.run(fn)],
    ['a wrapped function', (breaker, fn) => breaker(fn)()],
    ['withSignal', (breaker, fn) => breaker.withSignal(fn)()],
    ['a client', (breaker, fn) => protect({ get: async () => fn() }, breaker).get()],
  ] as [string, (b: CircuitBreaker, fn: () => Promise<unknown>) => Promise<unknown>][])(
    'are shown until their promises settle: %s',
    async (_, call) => {
      const { breaker, clock } = createBreaker({ callTimeout: TIMEOUT, maxFailures: 100 })
      const { fn, ends } = endless()
      const results = [call(breaker, fn), call(breaker, fn)].map(reasonOf)
      await clock.advance(TIMEOUT - 1)
      expect(breaker.snapshot()).toMatchObject({ abandoned: 0, inFlight: 2 })

      await clock.advance(1)
      for (const result of results) expect(await result).toBeInstanceOf(CallTimeoutError)
      expect(breaker.snapshot()).toMatchObject({ abandoned: 2, inFlight: 0 })

      ends[0]?.('resolve')
      await turn()
      expect(breaker.snapshot().abandoned).toBe(1)

      ends[1]?.('reject')
      await turn()
      expect(breaker.snapshot().abandoned).toBe(0)
    },
  )

  it('are none of those that end in time, fail, or are left by their caller', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: TIMEOUT })
    const controller = new AbortController()
    const left = hang(breaker, { signal: controller.signal })
    const ended = hang(breaker)
    controller.abort()
    await ended.release()
    await clock.advance(TIMEOUT)

    expect(breaker.snapshot().abandoned).toBe(0)
    await left.release()
    expect(breaker.snapshot().abandoned).toBe(0)
  })

  it('are those of probes as well, whose limit is that of the recovery', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: TIMEOUT } })
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)
    await clock.advance(TIMEOUT)

    expect(breaker.snapshot().abandoned).toBe(1)
    await probe.release()
    await turn()
    expect(breaker.snapshot().abandoned).toBe(0)
  })

  it('are streams whose next item does not come', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: TIMEOUT })
    const { fn, ends } = endless()
    const stream = breaker.stream(async function* () {
      yield await fn()
    })
    const first = reasonOf(stream()[Symbol.asyncIterator]().next())
    await clock.advance(TIMEOUT)
    await first
    expect(breaker.snapshot().abandoned).toBe(1)

    ends[0]?.('resolve')
    await turn()
    expect(breaker.snapshot().abandoned).toBe(0)
  })

  it('are not saved, and shown by a registry', async () => {
    const clock = new ManualClock()
    const registry = new CircuitRegistry({ defaults: { clock, callTimeout: TIMEOUT } })
    const breaker = registry.breaker('users')
    void hang(breaker)
    await clock.advance(TIMEOUT)
    const readings: number[] = []

    registry.read(({ abandoned }) => readings.push(abandoned))

    expect(readings).toEqual([1])
    expect(JSON.stringify(breaker.save())).not.toContain('abandoned')
  })
})
