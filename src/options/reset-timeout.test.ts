import { describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  reasonOf,
  record,
  succeed,
} from '../../test/helpers/public.ts'
import { CircuitBreaker, CircuitRegistry, type OpenTimeFunction } from '../index.ts'

const AUTO = 1_000

describe('resetTimeout as a function', () => {
  it('takes the open times from a list', async () => {
    const list = [100, 500, 2_000]
    const { breaker, clock } = createBreaker({
      resetTimeout: ({ attempt }) => list[Math.min(attempt, list.length) - 1] as number,
    })
    await open(breaker)
    const waits: unknown[] = []
    for (let i = 0; i < 4; i++) {
      const { retryAfter } = breaker.snapshot()
      waits.push(retryAfter)
      await clock.advance(Number(retryAfter))
      await fail(breaker)
    }

    expect(waits).toEqual([100, 500, 2_000, 2_000])
  })

  it('is passed the failure that opens the circuit', async () => {
    const resetTimeout = vi.fn<OpenTimeFunction>(({ cause }) =>
      (cause as { code?: string }).code === 'DEPLOYING' ? 30_000 : 100,
    )
    const { breaker } = createBreaker({ maxFailures: 1, resetTimeout })
    const error = Object.assign(new Error('deploying'), { code: 'DEPLOYING' })

    await fail(breaker, error)

    expect(breaker.snapshot().retryAfter).toBe(30_000)
    expect(resetTimeout.mock.calls).toEqual([[{ attempt: 1, cause: error }]])
  })

  it.each([
    ['0', () => 0, 'resetTimeout must return milliseconds, more than 0, got 0'],
    ['less', () => -5, 'resetTimeout must return milliseconds, more than 0, got -5'],
    ['NaN', () => Number.NaN, 'resetTimeout must return milliseconds, more than 0, got NaN'],
    ['text', () => '100', 'resetTimeout must return milliseconds, more than 0, got "100"'],
    ['nothing', () => undefined, 'got undefined'],
    ['a promise', async () => 100, 'resetTimeout must not return a promise'],
    [
      'an error that it throws',
      () => {
        throw new Error('no list')
      },
      'no list',
    ],
  ])('decides nothing with %s, which is reported', async (_, resetTimeout, message) => {
    const { breaker } = createBreaker({ resetTimeout: resetTimeout as never, random: () => 0.5 })
    const events = record(breaker, 'listenerError')

    await open(breaker)

    expect(breaker.snapshot().retryAfter).toBe(AUTO)
    expect(events).toMatchObject([
      [
        'listenerError',
        { source: 'resetTimeout', error: { message: expect.stringContaining(message) } },
      ],
    ])
  })

  it('may return a time without end', async () => {
    const { breaker, clock } = createBreaker({ resetTimeout: () => Infinity })
    await open(breaker)

    await clock.advance(1e12)

    expect(breaker.state).toBe('open')
  })

  it('is asked once for an opening, however often that is looked ahead to', async () => {
    const resetTimeout = vi.fn(() => 500)
    const { breaker, clock } = createBreaker({ resetTimeout, recovery: { timeout: 100 } })
    await open(breaker)
    await clock.advance(500)
    const probe = breaker.tryAcquire()
    await clock.advance(100)
    expect(breaker.state).toBe('open')
    breaker.snapshot()
    breaker.explain()
    breaker.save()

    await reasonOf(breaker.run(() => 1))

    expect(resetTimeout).toHaveBeenCalledTimes(2)
    expect(breaker.snapshot().trips).toMatchObject([{ openFor: 500, reopened: 1 }])
    probe?.cancel()
  })

  it('may read and move the breaker', async () => {
    let moved = 0
    const { breaker } = createBreaker({
      random: () => 0.5,
      resetTimeout: () => {
        breaker.snapshot()
        moved++
        breaker.trip()
        return 50
      },
    })
    const errors = record(breaker, 'listenerError')

    await open(breaker)

    expect([moved, breaker.state, errors]).toEqual([1, 'open', []])
    expect(breaker.snapshot()).toMatchObject({ retryAfter: AUTO, generation: 2 })
  })

  it('is asked anew in another process', async () => {
    const { breaker } = createBreaker({ resetTimeout: () => 500, maxFailures: 1 })
    await open(breaker)
    const resetTimeout = vi.fn(() => 900)
    const again = new CircuitBreaker({ maxFailures: 1, resetTimeout, saved: breaker.save() })
    expect(resetTimeout).not.toHaveBeenCalled()

    again.trip()

    expect(resetTimeout).toHaveBeenCalledWith({ attempt: 1, cause: undefined })
  })

  it('is shown as a function', () => {
    const { breaker } = createBreaker({ resetTimeout: () => 5 })

    expect(breaker.snapshot().options['resetTimeout']).toBe('[function]')
  })
})

describe('resetTimeout: Infinity', () => {
  const resetTimeout = Infinity

  it('says that it stays open until it is moved by hand', async () => {
    const { breaker } = createBreaker({ resetTimeout })
    await open(breaker)

    expect(breaker.explain().text).toContain(
      'is open: calls are rejected until it is moved by hand.',
    )
    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ retryAfter: undefined })
  })

  it('shows plain JSON', async () => {
    const { breaker } = createBreaker({ resetTimeout })
    await open(breaker)
    const snapshot = breaker.snapshot()

    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
    expect(snapshot).toMatchObject({
      retryAfter: null,
      trips: [{ openFor: null }],
      options: { resetTimeout: 'Infinity' },
    })
  })

  it('is restored from JSON as it was saved', async () => {
    const { breaker, clock } = createBreaker({ resetTimeout })
    await open(breaker)
    const saved = JSON.parse(JSON.stringify(breaker.save()))

    const again = new CircuitBreaker({ maxFailures: 3, resetTimeout, clock, saved })
    await clock.advance(1e12)

    expect(again.state).toBe('open')
    expect(again.snapshot().trips).toMatchObject([{ openFor: null }])
  })

  it('lets those wait who wait for it, without a timer, until it is moved', async () => {
    const { breaker, clock } = createBreaker({ resetTimeout })
    await open(breaker)
    let ready = false
    void breaker.whenReady().then(() => (ready = true))
    await clock.advance(1e12)
    expect(ready).toBe(false)

    breaker.halfOpen()
    await clock.advance(0)

    expect(ready).toBe(true)
    await succeed(breaker)
    expect(breaker.state).toBe('closed')
  })

  it('is never evicted from a registry: a new breaker would let calls pass', async () => {
    const { clock } = createBreaker()
    const registry = new CircuitRegistry({
      maxSize: 1,
      defaults: { clock, resetTimeout, maxFailures: 1 },
    })
    const down = registry.breaker('down')
    await fail(down)
    await clock.advance(1e12)

    registry.breaker('another')

    expect(registry.get('down')).toBe(down)
  })

  it('is longer than any timer, as is a time above 2^31 ms', async () => {
    const days = 40 * 86_400_000
    const { breaker, clock } = createBreaker({ resetTimeout: days })
    await open(breaker)
    const waiting = breaker.whenReady()

    await clock.advance(days - 1)
    expect(breaker.state).toBe('open')
    await clock.advance(1)

    await waiting
    expect(breaker.state).toBe('half-open')
    const probe = hang(breaker)
    await probe.release()
  })
})
