import { describe, expect, it } from 'vitest'
import { createBreaker, fail, hang, open, RESET_TIMEOUT } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../index.ts'

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
