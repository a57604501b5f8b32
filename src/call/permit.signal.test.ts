import { describe, expect, it, vi } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'
import { CallTimeoutError } from '../errors.ts'

describe('the signal of a permit', () => {
  it('is the same each time, and not aborted while the call goes on', () => {
    const { breaker } = createBreaker({ callTimeout: 100 })
    const permit = breaker.acquire()

    expect(permit.signal).toBe(permit.signal)
    expect(permit.signal.aborted).toBe(false)
    permit.cancel()
  })

  it('is aborted by the timeout, after the call has counted', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, callTimeout: 100 })
    const { signal } = breaker.acquire()
    const states: string[] = []
    signal.addEventListener('abort', () => states.push(breaker.state))

    await clock.advance(100)

    expect(signal.reason).toBeInstanceOf(CallTimeoutError)
    expect(states).toEqual(['open'])
  })

  it('is aborted by the signal of the caller, with its reason', () => {
    const { breaker } = createBreaker()
    const controller = new AbortController()
    const { signal } = breaker.acquire({ signal: controller.signal })
    controller.abort('left')

    expect(signal.reason).toBe('left')
    expect(breaker.snapshot().counts.cancelled).toBe(1)
  })

  it('is aborted by the caller after a first part of the answer, until the call is settled', () => {
    const { breaker } = createBreaker()
    const controllers = [new AbortController(), new AbortController()] as const
    const permits = controllers.map(({ signal }) => breaker.acquire({ signal }))
    const signals = permits.map(({ signal }) => signal)
    for (const permit of permits) permit.deliver()
    permits[0]?.success()
    for (const controller of controllers) controller.abort()

    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
    expect(breaker.snapshot().counts.success).toBe(2)
  })

  it('is aborted already when it is first read after the end', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const controller = new AbortController()
    const timedOut = breaker.acquire()
    const left = breaker.acquire({ signal: controller.signal })
    controller.abort('left')
    await clock.advance(100)

    expect(timedOut.signal.reason).toBeInstanceOf(CallTimeoutError)
    expect(left.signal.reason).toBe('left')
  })

  it.each(['success', 'failure', 'neutral', 'cancel'] as const)(
    'is not aborted by %s, nor later',
    async (method) => {
      const { breaker, clock } = createBreaker({ callTimeout: 100, maxFailures: 5 })
      const controller = new AbortController()
      const permit = breaker.acquire({ signal: controller.signal })
      const heard = vi.fn()
      permit.signal.addEventListener('abort', heard)
      permit[method]()
      controller.abort()
      await clock.advance(1_000)

      expect(heard).not.toHaveBeenCalled()
    },
  )
})
