import { describe, expect, it } from 'vitest'
import { createBreaker, open, RESET_TIMEOUT, record, succeed } from '../../test/helpers/public.ts'
import { CircuitFullError, CircuitOpenError } from '../errors.ts'

describe('a permit that has delivered', () => {
  it.each([
    { leave: 'cancel', counts: { success: 1, cancelled: 0 } },
    { leave: 'dispose', counts: { success: 1, cancelled: 0 } },
    { leave: 'abort', counts: { success: 1, cancelled: 0 } },
  ] as const)('is a success when its caller leaves by $leave', ({ leave, counts }) => {
    const { breaker } = createBreaker()
    const caller = new AbortController()
    const permit = breaker.acquire({ signal: caller.signal })

    permit.deliver()
    if (leave === 'cancel') permit.cancel()
    else if (leave === 'dispose') permit[Symbol.dispose]()
    else caller.abort()

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts })
  })

  it('is a failure when a deadline aborts it', () => {
    const { breaker } = createBreaker()
    const caller = new AbortController()
    const permit = breaker.acquire({ signal: caller.signal })

    permit.deliver()
    caller.abort(new DOMException('too late', 'TimeoutError'))

    expect(breaker.snapshot().counts).toMatchObject({ success: 0, failure: 1 })
  })

  it.each(['success', 'failure', 'neutral'] as const)('is settled by %s as before', (outcome) => {
    const { breaker } = createBreaker()
    const permit = breaker.acquire()

    permit.deliver()
    permit[outcome]()
    permit.deliver()

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { [outcome]: 1, settled: 1 } })
  })

  it('takes no place of maxConcurrent, and is in flight until it is settled', () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })

    for (let i = 0; i < 5; i++) breaker.acquire().deliver()
    breaker.acquire()

    expect(breaker.snapshot().inFlight).toBe(6)
    expect(() => breaker.acquire()).toThrow(CircuitFullError)
  })

  it('leaves a half-open circuit to other probes', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const probe = breaker.acquire()
    expect(() => breaker.acquire()).toThrow(CircuitOpenError)

    probe.deliver()
    const { probes } = breaker.snapshot()
    await succeed(breaker)

    expect(probes).toMatchObject({ inFlight: 0, limit: 1 })
    expect(breaker.state).toBe('closed')
  })

  it('has succeeded as a probe at its deadline', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 500 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    breaker.acquire().deliver()
    await clock.advance(500)

    expect(breaker.state).toBe('closed')
  })

  it('is limited by its timeout only until then', async () => {
    const { breaker, clock } = createBreaker({ callTimeout: 100 })
    const permit = breaker.acquire()

    await clock.advance(99)
    permit.deliver()
    await clock.advance(1_000)
    permit.success()

    expect(breaker.snapshot().counts).toMatchObject({ success: 1, timeout: 0 })
    expect(clock.timers).toBe(0)
  })

  it('is not taken for hung by the automatic rule', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: undefined, trip: 'auto' })
    for (let i = 0; i < 20; i++) {
      await succeed(breaker)
      await clock.advance(10)
    }

    for (let i = 0; i < 40; i++) {
      breaker.acquire().deliver()
      await clock.advance(100)
    }

    expect(breaker.state).toBe('closed')
  })

  it('publishes that a circuit closes because the call was not hung after all', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: undefined, trip: 'auto' })
    for (let i = 0; i < 20; i++) {
      await succeed(breaker)
      await clock.advance(10)
    }
    const permits = []
    while (breaker.state === 'closed') {
      permits.push(breaker.acquire())
      await clock.advance(100)
    }
    breaker.tryAcquire()
    const transitions = record(breaker, 'transition')

    permits[0]?.deliver()

    expect(transitions.map(([, event]) => event)).toMatchObject([
      { to: 'closed', reason: 'overdueCancelled' },
    ])
  })
})
