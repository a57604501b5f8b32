import { describe, expect, it } from 'vitest'
import {
  createBreaker,
  fail,
  type Hanging,
  hang,
  open,
  RESET_TIMEOUT,
  succeed,
} from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

describe('a trip', () => {
  it('was not re-opened at first', async () => {
    const { breaker } = createBreaker()
    await open(breaker)

    expect(breaker.snapshot().trips).toMatchObject([
      { reopened: 0, reopenedBy: null, probeFailure: null },
    ])
  })

  it('says which failure of a probe re-opened it', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await fail(breaker, Object.assign(new TypeError('down yet'), { code: 'E1' }))

    expect(breaker.snapshot().trips).toMatchObject([
      {
        reason: 'consecutiveFailures',
        reopened: 1,
        reopenedBy: 'probeFailed',
        probeFailure: { name: 'TypeError', code: 'E1', message: 'down yet' },
      },
    ])
  })

  it('has no failure of a probe that did not end', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 500 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await fail(breaker)
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)
    await clock.advance(500)

    expect(breaker.snapshot().trips).toMatchObject([
      { reopened: 2, reopenedBy: 'probeExpired', probeFailure: null },
    ])
    await probe.release()
  })

  it('keeps what re-opened it when it is saved and continued', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await fail(breaker)

    const continued = new CircuitBreaker({ saved: breaker.save() })

    expect(continued.snapshot().trips).toMatchObject([{ reopenedBy: 'probeFailed' }])
  })
})

describe('the reason of a trip by failureCount', () => {
  it.each([
    { window: { calls: 10 }, calls: 'F-F', text: '2 of the last 3 calls failed (limit 2)' },
    { window: { calls: 10 }, calls: 'FF', text: '2 calls failed (limit 2)' },
    { window: { duration: 10_000 }, calls: 'F-F', text: '2 calls failed within 2 s (limit 2)' },
    { window: { duration: 10_000 }, calls: 'F', text: '1 call failed (limit 1)' },
  ])('says $text', async ({ window, calls, text }) => {
    const threshold = calls.replace('-', '').length
    const { breaker, clock } = createBreaker({ trip: { failureCount: { threshold, window } } })

    for (const call of calls) {
      if (call === 'F') await fail(breaker)
      else await succeed(breaker)
      if (calls.length > 2) await clock.advance(1_000)
    }

    expect(breaker.snapshot().trips).toMatchObject([{ reason: 'failureCount', text }])
  })
})

describe('the reason of a trip by the default rule', () => {
  it.each([
    { every: 60_000, text: 'no call succeeded for 29 min: 30 failures' },
    { every: 3_600_000, text: 'no call succeeded for 1.2 days: 30 failures' },
    { every: 1_000, text: 'the evidence score reached 10 (threshold 10): 11 failures' },
  ])('says for how long nothing has succeeded where calls are seldom: $text', async (row) => {
    const clock = new ManualClock()
    const breaker = new CircuitBreaker({ clock })

    for (let i = 0; i < 100 && breaker.state === 'closed'; i++) {
      if (i > 0) await clock.advance(row.every)
      await fail(breaker)
    }

    expect(breaker.snapshot().trips).toMatchObject([{ reason: 'evidence', text: row.text }])
    expect(breaker.explain().text).toContain(`because ${row.text}.`)
  })
})

describe('the counterfactual of a trip', () => {
  const counterfactualOf = (breaker: CircuitBreaker) => breaker.snapshot().trips[0]?.counterfactual

  it('says with which limit consecutive failures would not have opened it', async () => {
    const { breaker } = createBreaker({ maxFailures: 2 })
    await open(breaker)

    expect(counterfactualOf(breaker)).toBe('With a limit of 3, it would not have opened then')
  })

  it.each([
    { window: { calls: 10 }, expected: 'With a threshold of 3, it would not have opened then' },
    { window: { calls: 3 }, expected: 'With a threshold of 3, it would not have opened then' },
    { window: { duration: 10 }, expected: 'With a threshold of 3, it would not have opened then' },
    { window: { calls: 2 }, expected: null },
  ])('says with which threshold a count would not have, within $window', async (row) => {
    const { breaker } = createBreaker({
      trip: { failureCount: { threshold: 2, window: row.window } },
    })
    await open(breaker)

    expect(counterfactualOf(breaker)).toBe(row.expected)
  })

  it.each([
    ['calls', { calls: 10 }],
    ['time', { duration: 1_000 }],
  ])('says with which threshold or minimum a rate would not have: %s', async (_, window) => {
    const failureRate = { threshold: 0.5, minimumCalls: 4, window }
    const { breaker } = createBreaker({ trip: { failureRate } })
    await succeed(breaker)
    for (let i = 0; i < 3; i++) await fail(breaker)

    expect(counterfactualOf(breaker)).toBe(
      'With a threshold above 75 %, or a minimum of 5 calls, it would not have opened then',
    )
  })

  it('rounds the threshold up, so that what is above it holds', async () => {
    const failureRate = { threshold: 0.6, minimumCalls: 3, window: { calls: 10 } }
    const { breaker } = createBreaker({ trip: { failureRate } })
    await succeed(breaker)
    for (let i = 0; i < 2; i++) await fail(breaker)

    expect(counterfactualOf(breaker)).toContain('a threshold above 66.7 %')
  })

  it('offers no threshold above 100 %', async () => {
    const failureRate = { threshold: 0.5, minimumCalls: 2, window: { calls: 10 } }
    const { breaker } = createBreaker({ trip: { failureRate } })
    await open(breaker)

    expect(counterfactualOf(breaker)).toBe(
      'With a minimum of 3 calls, it would not have opened then',
    )
  })

  it('offers no minimum for which the window has no room', async () => {
    const failureRate = { threshold: 0.5, minimumCalls: 4, window: { calls: 4 } }
    const { breaker } = createBreaker({ trip: { failureRate } })
    await succeed(breaker)
    for (let i = 0; i < 3; i++) await fail(breaker)

    expect(counterfactualOf(breaker)).toBe(
      'With a threshold above 75 %, it would not have opened then',
    )
  })

  it('is not there when no other setting would have helped', async () => {
    const failureRate = { threshold: 0.5, minimumCalls: 2, window: { calls: 2 } }
    const { breaker } = createBreaker({ trip: { failureRate } })
    await open(breaker)

    expect(counterfactualOf(breaker)).toBeNull()
  })

  it('says that it would not have opened without counting calls that were overdue', async () => {
    const { breaker, clock } = createBreaker({ trip: 'auto' })
    for (let i = 0; i < 30; i++) {
      const call = hang(breaker)
      await clock.advance(10)
      await call.release()
    }
    const calls: Hanging[] = []
    for (let i = 0; i < 8; i++) {
      calls.push(hang(breaker), hang(breaker))
      await clock.advance(200)
    }

    expect(counterfactualOf(breaker)).toBe('With `overdue: false`, it would not have opened then')
    for (const call of calls) await call.release()
  })

  it('names the other rules that would have opened it all the same', async () => {
    const failureRate = { threshold: 0.5, minimumCalls: 2, window: { calls: 10 } }
    const { breaker } = createBreaker({ trip: { consecutiveFailures: 2, failureRate } })
    await open(breaker)

    expect(counterfactualOf(breaker)).toBe(
      'Without that rule, `failureRate` would have opened it then',
    )
    expect(breaker.snapshot().trips[0]?.ruleStatuses).toEqual([
      { rule: 'consecutiveFailures', observed: 2, threshold: 2 },
      { rule: 'failureRate', observed: 1, threshold: 0.5, calls: 2, hits: 2, minimumCalls: 2 },
    ])
  })
})
