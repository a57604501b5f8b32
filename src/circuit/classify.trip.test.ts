import { describe, expect, it } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  RESET_TIMEOUT,
  reasonOf,
  record,
  succeed,
} from '../../test/helpers/public.ts'

const revoked = new Error('key revoked')
const classify = (settled: { status: string; reason?: unknown }): 'trip' | undefined =>
  settled.status === 'rejected' && settled.reason === revoked ? 'trip' : undefined

describe("classify that returns 'trip'", () => {
  it('opens at once, with a failure that says so', async () => {
    const { breaker } = createBreaker({ maxFailures: 100, classify })
    const events = record(breaker, 'failure', 'transition')
    await fail(breaker)

    await fail(breaker, revoked)

    expect(breaker.state).toBe('open')
    expect(events.slice(1)).toMatchObject([
      ['failure', { error: revoked }],
      ['transition', { from: 'closed', to: 'open', reason: 'classify' }],
    ])
    expect(breaker.snapshot().counts).toMatchObject({ failure: 2 })
    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({
      reason: 'classify',
      cause: revoked,
    })
    expect(breaker.explain().text).toContain('because `classify` returned `"trip"`')
    expect(breaker.explain().text).toContain('was Error: key revoked')
  })

  it('opens for a value, too, and by the classifier of a single call', async () => {
    const { breaker } = createBreaker({ maxFailures: 100 })

    await breaker.run(() => 'no quota', { classify: () => 'trip' })

    expect(breaker.state).toBe('open')
    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ cause: 'no quota' })
  })

  it('opens by the rule, where one fires as well', async () => {
    const { breaker } = createBreaker({ maxFailures: 1, classify })

    await fail(breaker, revoked)

    expect(breaker.snapshot().trips).toMatchObject([{ reason: 'consecutiveFailures' }])
  })

  it.each([{ recovery: { probes: 3, concurrent: 1 } }, { recovery: { slowStart: {} } }])(
    're-opens a half-open circuit, whatever has succeeded: %o',
    async ({ recovery }) => {
      const { breaker, clock } = createBreaker({ maxFailures: 100, classify, recovery })
      breaker.trip()
      await clock.advance(RESET_TIMEOUT)
      await succeed(breaker)
      await succeed(breaker)

      await fail(breaker, revoked)

      expect(breaker.state).toBe('open')
      expect(breaker.snapshot().trips).toMatchObject([{ reopened: 1, reopenedBy: 'probeFailed' }])
    },
  )

  it('moves what is underneath an override, and nothing while disabled', async () => {
    const { breaker } = createBreaker({ maxFailures: 100, classify })
    breaker.disable()
    await fail(breaker, revoked)
    breaker.release()
    expect(breaker.state).toBe('closed')

    breaker.forceClosed()
    await fail(breaker, revoked)

    expect(breaker.snapshot()).toMatchObject({ state: 'closed', automatic: 'open' })
  })

  it('does not count for a call of an earlier generation', async () => {
    const { breaker } = createBreaker({ maxFailures: 100, classify })
    const call = hang(breaker)
    breaker.reset()

    await call.fail(revoked)

    expect(breaker.state).toBe('closed')
  })

  it('lets the fallback stand in, as for any failure', async () => {
    const { breaker } = createBreaker({ maxFailures: 100, classify, fallback: () => 'cached' })

    expect(await breaker.run(() => Promise.reject(revoked))).toBe('cached')
  })
})
