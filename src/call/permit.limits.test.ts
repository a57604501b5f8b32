import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createBreaker, record } from '../../test/helpers/public.ts'
import { CallTimeoutError } from '../errors.ts'

describe('a permit with a signal', () => {
  it('is cancelled by its abort and decides nothing afterwards', () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const caller = new AbortController()
    const permit = breaker.acquire({ signal: caller.signal })

    caller.abort()
    permit.failure(caller.signal.reason)

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { cancelled: 1 } })
  })

  it('leaves no listener behind', () => {
    const { breaker } = createBreaker()
    const { signal } = new AbortController()

    breaker.acquire({ signal }).success()
    breaker.acquire({ signal }).cancel()

    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('a permit with a timeout', () => {
  it('counts as a failure when it is over, and decides nothing afterwards', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1 })
    const failures = record(breaker, 'failure')
    const permit = breaker.acquire({ timeout: 100 })

    await clock.advance(100)
    permit.success()

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().counts).toMatchObject({ timeout: 1, failure: 1, success: 0 })
    expect(failures[0]?.[1]).toMatchObject({ error: expect.any(CallTimeoutError) })
  })

  it('goes by callTimeout where it says nothing', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    breaker.acquire()

    await clock.advance(100)

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { timeout: 1 } })
  })

  it('leaves no timer behind', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })

    breaker.acquire().success()
    breaker.acquire({ timeout: 5 }).cancel()

    await clock.advance(0)
    expect(clock.timers).toBe(0)
  })
})
