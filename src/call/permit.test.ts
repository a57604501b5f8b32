import { describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  record,
} from '../../test/helpers/public.ts'
import { CircuitFullError, CircuitOpenError } from '../errors.ts'

describe('acquire', () => {
  it('returns a permit that takes a slot until it is settled', () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })

    const permit = breaker.acquire()

    expect(breaker.snapshot().inFlight).toBe(1)
    expect(() => breaker.acquire()).toThrow(CircuitFullError)
    permit.success()
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1 } })
  })

  it('throws CircuitOpenError while open', async () => {
    const { breaker } = createBreaker()
    await open(breaker)

    expect(() => breaker.acquire()).toThrow(CircuitOpenError)
    expect(breaker.snapshot().counts.rejected.open).toBe(1)
  })

  it('throws the reason of a signal that is aborted already, and takes nothing', () => {
    const { breaker } = createBreaker()
    const gone = new Error('gone')

    expect(() => breaker.acquire({ signal: AbortSignal.abort(gone) })).toThrow(gone)
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })

  it.each([
    [null, 'options of acquire must be an object, got null'],
    [{ timeout: -1 }, 'timeout must be milliseconds'],
    [{ fallback: () => 1 }, 'unknown option "fallback" (in options of acquire)'],
  ])('throws for the options %j', (call, message) => {
    const { breaker } = createBreaker()

    expect(() => breaker.acquire(call as never)).toThrow(message)
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })
})

describe('tryAcquire', () => {
  it('returns undefined where acquire would throw a rejection, and counts it the same', async () => {
    const { breaker } = createBreaker()
    const events = record(breaker, 'reject')
    await open(breaker)

    expect(breaker.tryAcquire()).toBeUndefined()
    expect(breaker.snapshot().counts.rejected.open).toBe(1)
    expect(events).toHaveLength(1)
  })

  it('returns undefined for a signal that is aborted already', () => {
    const { breaker } = createBreaker()

    expect(breaker.tryAcquire({ signal: AbortSignal.abort() })).toBeUndefined()
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 0 })
  })

  it('returns a permit while closed', () => {
    const { breaker } = createBreaker()

    breaker.tryAcquire()?.success()

    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('throws for wrong options', () => {
    const { breaker } = createBreaker()

    expect(() => breaker.tryAcquire({ signal: 'stop' } as never)).toThrow(
      'signal must be an AbortSignal, got "stop"',
    )
  })
})

describe('a permit', () => {
  it.each([
    ['success', 'success'],
    ['failure', 'failure'],
    ['neutral', 'neutral'],
    ['cancel', 'cancelled'],
    [Symbol.dispose, 'cancelled'],
  ] as const)('settled by %s counts as %s', (method, outcome) => {
    const { breaker } = createBreaker()

    breaker.acquire()[method]()

    expect(breaker.snapshot().counts).toMatchObject({ settled: 1, [outcome]: 1 })
  })

  it('settles once; whatever comes later does nothing', () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const permit = breaker.acquire()

    permit.success()
    permit.failure(new Error('late'))
    permit.neutral()
    permit.cancel()
    permit[Symbol.dispose]()

    expect(breaker.state).toBe('closed')
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, settled: 1, success: 1 })
  })

  it('is cancelled at the end of its block when nothing else settled it', () => {
    const { breaker } = createBreaker()

    {
      using _left = breaker.acquire()
      using used = breaker.acquire()
      used.success()
    }

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1, success: 1 } })
  })

  it('has a value given to success classified', () => {
    const { breaker } = createBreaker({
      classify: (settled) =>
        settled.status === 'fulfilled' && settled.value === 500 ? 'failure' : undefined,
    })

    breaker.acquire().success(500)
    breaker.acquire().success(200)

    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, success: 1 })
  })

  it('has an error given to failure classified, even undefined', () => {
    const classify = vi.fn(() => 'neutral' as const)
    const { breaker } = createBreaker({ classify })

    breaker.acquire().failure(undefined)
    breaker.acquire().failure()

    expect(classify).toHaveBeenCalledExactlyOnceWith({ status: 'rejected', reason: undefined })
    expect(breaker.snapshot().counts).toMatchObject({ neutral: 1, failure: 1 })
  })

  it('asks its own classify before the one of the breaker', () => {
    const { breaker } = createBreaker({ classify: () => 'neutral' })

    breaker.acquire({ classify: () => 'failure' }).success('answer')
    breaker.acquire({ classify: () => undefined }).success('answer')

    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, neutral: 1 })
  })

  it('takes a rejection by an inner breaker for no evidence', () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const { breaker: inner } = createBreaker()
    inner.trip()
    const permit = breaker.acquire()

    try {
      inner.acquire()
    } catch (error) {
      permit.failure(error)
    }

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { cancelled: 1 } })
  })

  it('opens the circuit, with what was reported as the cause', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const down = new Error('down')

    breaker.acquire().failure(down)

    expect(() => breaker.acquire()).toThrow(expect.objectContaining({ cause: down }))
  })

  it('tells whether it is a probe, and its generation', async () => {
    const { breaker, clock } = createBreaker()
    const plain = breaker.acquire()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    const probe = breaker.acquire()

    expect([plain.probe, probe.probe]).toEqual([false, true])
    expect(probe.generation).toBe(breaker.snapshot().generation)
    expect(plain.generation).toBeLessThan(probe.generation)
    probe.success()
    expect(breaker.state).toBe('closed')
  })

  it('of an earlier generation decides nothing', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const permit = breaker.acquire()

    breaker.reset()
    permit.failure()

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { stale: 1 } })
  })

  it('of a disabled breaker settles without a trace', () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    breaker.disable()

    const permit = breaker.acquire()
    permit.failure()

    expect(permit.probe).toBe(false)
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 0, failure: 0 })
  })
})

describe('the counts', () => {
  it('always say: admitted = settled + expired + in flight', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 50 } })
    const balance = (): number => {
      const { counts, inFlight } = breaker.snapshot()
      return counts.admitted - counts.settled - counts.expired - inFlight
    }
    const seen = [balance()]
    const late = hang(breaker)
    await open(breaker)
    seen.push(balance())
    await clock.advance(RESET_TIMEOUT)
    const probe = breaker.acquire()
    seen.push(balance())
    await clock.advance(50 + RESET_TIMEOUT)
    await fail(breaker)
    probe.success()
    await late.release()
    seen.push(balance())

    expect(seen).toEqual([0, 0, 0, 0])
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { expired: 1, stale: 1 } })
  })
})

it('asks classify only about a result that it is told', () => {
  const classify = vi.fn(() => 'failure' as const)
  const { breaker } = createBreaker({ classify })
  breaker.acquire().success()
  breaker.acquire().failure()
  expect(classify).not.toHaveBeenCalled()
  expect(breaker.snapshot().counts).toMatchObject({ success: 1, failure: 1 })
  breaker.acquire().success(undefined)
  breaker.acquire().failure(undefined)

  expect(classify.mock.calls).toEqual([
    [{ status: 'fulfilled', value: undefined }],
    [{ status: 'rejected', reason: undefined }],
  ])
})
