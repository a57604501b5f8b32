import { describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  reasonOf,
  record,
  succeed,
} from '../../test/helpers/public.ts'
import type { Outcome } from '../core/outcome.ts'
import { firstOf } from '../outcomes/index.ts'

const OUTCOMES: Outcome[] = ['success', 'failure', 'neutral', 'cancelled']

describe('classify', () => {
  it.each(OUTCOMES)(
    'makes a fulfilled call count as %s and leaves its value alone',
    async (outcome) => {
      const { breaker } = createBreaker({ classify: () => outcome })

      expect(await breaker(async () => 'answer')()).toBe('answer')
      expect(breaker.snapshot().counts).toMatchObject({ settled: 1, [outcome]: 1 })
    },
  )

  it.each(OUTCOMES)(
    'makes a rejected call count as %s and leaves its error alone',
    async (outcome) => {
      const { breaker } = createBreaker({ classify: () => outcome })
      const down = new Error('down')

      expect(await reasonOf(breaker(() => Promise.reject(down))())).toBe(down)
      expect(breaker.snapshot().counts).toMatchObject({ settled: 1, [outcome]: 1 })
    },
  )

  it('sees how the call settled', async () => {
    const classify = vi.fn(() => undefined)
    const { breaker } = createBreaker({ classify })
    const down = new Error('down')

    await breaker.run(() => 'answer')
    await fail(breaker, down)

    expect(classify.mock.calls).toEqual([
      [{ status: 'fulfilled', value: 'answer' }],
      [{ status: 'rejected', reason: down }],
    ])
  })

  it('leaves it to the default by returning undefined', async () => {
    const { breaker } = createBreaker({ classify: () => undefined })
    const reports = record(breaker, 'listenerError')

    await succeed(breaker)
    await fail(breaker)

    expect(breaker.snapshot().counts).toMatchObject({ success: 1, failure: 1 })
    expect(reports).toEqual([])
  })

  it('of one call is asked first, and the one of the breaker where it returns undefined', async () => {
    const { breaker } = createBreaker({ classify: () => 'neutral' })

    await breaker.run(() => 1, { classify: () => 'failure' })
    await breaker.run(() => 1, { classify: () => undefined })

    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, neutral: 1 })
  })

  it('may overrule what the abort of the caller means', async () => {
    const { breaker } = createBreaker({ classify: () => 'failure' })
    const caller = new AbortController()
    const call = hang(breaker, { signal: caller.signal })

    caller.abort('stop')

    expect(await call.result).toBe('stop')
    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, cancelled: 0 })
  })

  it.each(OUTCOMES)(
    'makes a call that timed out count as %s, with nothing listening',
    async (as) => {
      const { breaker, clock } = createBreaker({ classify: () => as, callTimeout: 50 })
      const { result } = hang(breaker)

      await clock.advance(50)

      expect(await result).toMatchObject({ code: 'ERR_CALL_TIMEOUT' })
      expect(breaker.snapshot().counts).toMatchObject({ settled: 1, timeout: 1, [as]: 1 })
    },
  )

  it('is not asked about rejected calls', async () => {
    const classify = vi.fn(() => undefined)
    const { breaker } = createBreaker({ classify })
    breaker.trip()

    await reasonOf(breaker.run(() => 1))

    expect(classify).not.toHaveBeenCalled()
  })

  it('may move the breaker', async () => {
    const { breaker } = createBreaker({
      classify: () => {
        breaker.trip('by classify')
        return 'failure'
      },
    })

    await fail(breaker)

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { stale: 1 } })
  })
})

describe('classify that firstOf has made of several', () => {
  const failing = vi.fn(() => 'failure' as const)

  it('takes the word of the first that has one', async () => {
    const { breaker } = createBreaker({
      classify: firstOf(
        () => undefined,
        () => 'neutral',
        failing,
      ),
    })

    await succeed(breaker)

    expect(breaker.snapshot().counts).toMatchObject({ settled: 1, neutral: 1 })
    expect(failing).not.toHaveBeenCalled()
  })

  it('reports the one that throws, and asks the next', async () => {
    const { breaker } = createBreaker({
      classify: firstOf(() => {
        throw new Error('bad classifier')
      }, failing),
    })
    const reports = record(breaker, 'listenerError')

    await succeed(breaker)

    expect(breaker.snapshot().counts).toMatchObject({ settled: 1, failure: 1 })
    expect(reports).toMatchObject([['listenerError', { source: 'classify' }]])
  })

  it('leaves it to the default where none has a word', async () => {
    const { breaker } = createBreaker({ classify: firstOf(() => undefined) })

    await succeed(breaker)

    expect(breaker.snapshot().counts).toMatchObject({ settled: 1, success: 1 })
  })
})

describe('classify that goes wrong', () => {
  const wrong: [string, () => never][] = [
    [
      'throws',
      () => {
        throw new Error('bad classifier')
      },
    ],
    ['gives an unknown outcome', () => 'ok' as never],
    ['gives null', () => null as never],
    ['is asynchronous', () => Promise.resolve('neutral') as never],
  ]

  it.each(wrong)('has the default hold and is reported, when it %s', async (_, classify) => {
    const { breaker } = createBreaker({ classify })
    const reports = record(breaker, 'listenerError')

    await expect(breaker.run(() => 'answer')).resolves.toBe('answer')
    await fail(breaker)

    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1, failure: 1 } })
    expect(reports).toEqual([
      ['listenerError', expect.objectContaining({ source: 'classify' })],
      ['listenerError', expect.objectContaining({ source: 'classify' })],
    ])
  })

  it('says what it must return', async () => {
    const { breaker } = createBreaker({ classify: () => 'ok' as never })
    const reports = record(breaker, 'listenerError')

    await succeed(breaker)

    expect(reports[0]?.[1]).toMatchObject({
      error: new TypeError(
        'classify must return "success", "failure", "neutral", "cancelled", "trip" or undefined, got "ok"',
      ),
    })
  })

  it('is reported on the console without a listener', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const error = new Error('bad classifier')
    const { breaker } = createBreaker({
      name: 'users',
      classify: () => {
        throw error
      },
    })

    await succeed(breaker)

    expect(print).toHaveBeenCalledExactlyOnceWith(
      'short-circuit: circuit "users": classify threw',
      error,
    )
    print.mockRestore()
  })
})

describe('outcomes', () => {
  it.each(['neutral', 'cancelled'] as const)(
    'neither add to the failures in a row nor end them: %s',
    async (as) => {
      const { breaker } = createBreaker({ maxFailures: 2 })
      await fail(breaker)

      await breaker.run(() => 1, { classify: () => as })
      const { state, consecutiveFailures } = breaker.snapshot()
      await fail(breaker)

      expect([state, consecutiveFailures, breaker.state]).toEqual(['closed', 1, 'open'])
    },
  )

  it.each([
    ['success', 'closed'],
    ['neutral', 'closed'],
    ['cancelled', 'half-open'],
    ['failure', 'open'],
  ] as const)('of a probe decide a half-open circuit: %s leaves it %s', async (outcome, state) => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    await breaker.run(() => 1, { classify: () => outcome })

    expect(breaker.state).toBe(state)
  })
})

describe('retryAfter', () => {
  it('is a floor for the open time', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, retryAfter: () => 5_000 })
    await fail(breaker)

    await clock.advance(4_999)
    const before = breaker.state
    await clock.advance(1)

    expect([before, breaker.state]).toEqual(['open', 'half-open'])
  })

  it('reads it from the failed call and only from that', async () => {
    const retryAfter = vi.fn(() => 2_000)
    const { breaker } = createBreaker({ maxFailures: 1, retryAfter })

    await succeed(breaker)
    await breaker.run(() => 'a 503', { classify: () => 'failure' })

    expect(retryAfter).toHaveBeenCalledExactlyOnceWith({ status: 'fulfilled', value: 'a 503' })
    expect(breaker.snapshot().retryAfter).toBe(2_000)
  })

  it.each([undefined, -1, 0, Number.NaN, Infinity, '5000', RESET_TIMEOUT - 1])(
    'leaves the open time as it is for %s',
    async (said) => {
      const { breaker } = createBreaker({ maxFailures: 1, retryAfter: () => said as never })

      await fail(breaker)

      expect(breaker.snapshot().retryAfter).toBe(RESET_TIMEOUT)
    },
  )

  it('is honoured up to a minute', async () => {
    const { breaker } = createBreaker({ maxFailures: 1, retryAfter: () => 3_600_000 })

    await fail(breaker)

    expect(breaker.snapshot().retryAfter).toBe(60_000)
  })

  it('is left out and reported when it throws', async () => {
    const { breaker } = createBreaker({
      maxFailures: 1,
      retryAfter: () => {
        throw new Error('bad header')
      },
    })
    const reports = record(breaker, 'listenerError')

    await fail(breaker)

    expect(breaker.snapshot().retryAfter).toBe(RESET_TIMEOUT)
    expect(reports).toEqual([['listenerError', expect.objectContaining({ source: 'retryAfter' })]])
  })
})
