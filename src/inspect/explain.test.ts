import { describe, expect, it } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  reasonOf,
  succeed,
} from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import { span } from './words.ts'

describe('explain', () => {
  it('says that a new breaker is closed and has not opened', () => {
    const { breaker } = createBreaker({ name: 'users' })

    expect(breaker.explain().text).toMatch(/^Circuit "users" is closed .*It has not opened yet\.$/)
    expect(breaker.explain().trips).toEqual([])
  })

  it('says how near a closed circuit is to opening', async () => {
    const { breaker } = createBreaker({ maxFailures: 3 })

    await fail(breaker)

    expect(breaker.explain().text).toContain('The last 1 call failed; 3 in a row open it.')
  })

  it('says why it is open, what failed last, what was refused and when a probe may go', async () => {
    const { breaker, clock } = createBreaker({
      name: 'users',
      resetTimeout: 5_000,
    })
    await open(breaker)
    await fail(breaker).catch(() => {})
    await clock.advance(2_000)
    await reasonOf(breaker.run(() => 1))

    const { text } = breaker.explain()

    expect(text).toContain('Circuit "users" is open for 2 s')
    expect(text).toContain('the next probe may go in 3 s')
    expect(text).toContain('3 calls failed in a row (limit 3)')
    expect(text).toContain('Error: down')
    expect(text).toContain('2 calls have been refused since')
  })

  it('says how far a half-open circuit has come', async () => {
    const { breaker, clock } = createBreaker({ recovery: { probes: 2 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await succeed(breaker)
    const probe = hang(breaker)

    expect(breaker.explain().text).toContain('1 of 2 probes succeeded so far, 1 in flight.')
    await probe.release()
  })

  it('says how it recovered', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await succeed(breaker)

    expect(breaker.explain().text).toMatch(
      /It last opened 1 s ago because .*, and closed 1 s later,? because enough probes succeeded; 0 calls were refused meanwhile\./,
    )
  })

  it('says who overrides what, why and for how long', async () => {
    const { breaker, clock } = createBreaker()
    breaker.forceOpen({ by: 'Ada', reason: 'maintenance', for: 600_000 })

    await clock.advance(60_000)

    expect(breaker.explain().text).toContain(
      'By hand it is forced open by Ada: maintenance, since 1 min, for 9 min more',
    )
  })

  it('says what was said when it was tripped by hand', () => {
    const { breaker } = createBreaker()

    breaker.trip('deploy went wrong')

    expect(breaker.explain().text).toContain('it was tripped by hand (deploy went wrong)')
  })

  it('returns the trip records of the snapshot', async () => {
    const { breaker } = createBreaker()
    await open(breaker)

    expect(breaker.explain().trips).toEqual(breaker.snapshot().trips)
    expect(breaker.explain().trips).toHaveLength(1)
  })

  it('leaves secrets out that redact removes', async () => {
    const { breaker } = createBreaker({
      redact: (message) => message.replace('hunter2', '…'),
    })

    await fail(breaker, new Error('password hunter2'))
    await open(breaker)

    expect(JSON.stringify([breaker.explain(), breaker.snapshot()])).not.toContain('hunter2')
  })
})

describe('span', () => {
  it.each([
    [-5, '0 ms'],
    [0.2, '1 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [59_940, '59.9 s'],
    [60_000, '1 min'],
    [90_000, '1.5 min'],
    [3_600_000, '1 h'],
    [5_400_000, '1.5 h'],
  ])('puts %d ms into words: %s', (ms, words) => {
    expect(span(ms)).toBe(words)
  })
})

describe('the counterfactual of a trip', () => {
  it('says with which limit consecutive failures would not have opened it', async () => {
    const breaker = new CircuitBreaker({ maxFailures: 2 })
    await fail(breaker)
    await fail(breaker)

    expect(breaker.snapshot().trips[0]?.counterfactual).toBe(
      'With a limit of 3 it would not have opened then',
    )
    expect(breaker.explain().text).toContain('With a limit of 3 it would not have opened then.')
  })

  it('says with which threshold or minimum a rate would not have', async () => {
    const breaker = new CircuitBreaker({
      trip: { failureRate: { threshold: 0.5, minimumCalls: 4, window: { calls: 10 } } },
    })
    await breaker.run(() => 1)
    for (let i = 0; i < 3; i++) await fail(breaker)

    expect(breaker.snapshot().trips[0]?.counterfactual).toBe(
      'With a threshold above 75 %, or a minimum of 5 calls, it would not have opened then',
    )
  })

  it('names the other rules that would have opened it all the same', async () => {
    const rate = { threshold: 0.5, minimumCalls: 2, window: { calls: 10 } }
    const breaker = new CircuitBreaker({ trip: { consecutiveFailures: 2, failureRate: rate } })
    await fail(breaker)
    await fail(breaker)

    const [trip] = breaker.snapshot().trips
    expect(trip?.counterfactual).toBe('Without that rule failureRate would have opened it then')
    expect(trip?.ruleStatuses).toEqual([
      { rule: 'consecutiveFailures', observed: 2, threshold: 2 },
      { rule: 'failureRate', observed: 1, threshold: 0.5, calls: 2, hits: 2, minimumCalls: 2 },
    ])
  })
})
