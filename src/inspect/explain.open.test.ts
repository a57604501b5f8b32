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
import type { CircuitBreaker } from '../circuit-breaker.ts'

const textOf = (breaker: CircuitBreaker): string => breaker.explain().text

describe('explain of calls that have delivered a part of their answer', () => {
  it('lets the next call through as a probe beside them', () => {
    const { breaker } = createBreaker()
    breaker.halfOpen()

    breaker.acquire().deliver()

    expect(textOf(breaker)).toContain('the next call is let through as a probe')
    breaker.acquire()
    expect(textOf(breaker)).toContain('because 1 probe is in flight, the most allowed at once')
  })

  it('does not count them towards maxConcurrent', () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })

    breaker.acquire().deliver()

    expect(textOf(breaker)).toContain('calls pass')
    breaker.acquire()
    expect(textOf(breaker)).toContain('calls are rejected while 1 call is in flight')
  })
})

describe('explain of an open circuit', () => {
  it('says when a probe may start, why it opened, what failed last and what was rejected', async () => {
    const { breaker, clock } = createBreaker({ name: 'users', resetTimeout: 5_000 })
    await open(breaker)
    await clock.advance(2_000)
    await reasonOf(breaker.run(() => 1))

    expect(textOf(breaker)).toBe(
      'Circuit "users" has been open for 2 s: calls are rejected; the next probe may start in 3 s. ' +
        'It opened 2 s ago because 3 calls failed in a row (limit 3). ' +
        'The last failure before it opened was Error: down. ' +
        'With a limit of 4, it would not have opened then. ' +
        '1 call has been rejected since it opened.',
    )
  })

  it('does not give the age of what has just happened', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    await open(breaker)

    expect(textOf(breaker)).toMatch(
      /^Circuit "circuit" is open: .* It opened because 1 call failed \(limit 1\)\./,
    )
    expect(textOf(breaker)).toContain('0 calls have been rejected')
  })

  it('says that a rule of the user returned true', async () => {
    const { breaker } = createBreaker({ trip: { when: ({ failures }) => failures === 2 } })
    await open(breaker)

    expect(textOf(breaker)).toContain('It opened because your `when` rule returned true.')
  })

  it('says what was said when it was tripped by hand', () => {
    const { breaker } = createBreaker()

    breaker.trip('deploy went wrong')

    expect(textOf(breaker)).toContain('because it was tripped by hand (deploy went wrong)')
  })

  it('says when it was tripped by hand while it was open', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(400)
    breaker.trip()
    await clock.advance(100)

    expect(textOf(breaker)).toMatch(
      /the next probe may start in 900 ms\. It was tripped by hand 100 ms ago, which restarted its open time\. It opened 500 ms ago because 3 calls failed/,
    )
  })

  it('does not double the full stop of an error message', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    await fail(breaker, new Error('No answer.'))

    expect(textOf(breaker)).toContain('was Error: No answer. With')
  })

  it('names the probe that failed as the reason why it is open now, then the first trip', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await fail(breaker, new Error('still down'))
    await clock.advance(200)

    expect(textOf(breaker)).toMatch(
      /It opened again 200 ms ago because a probe failed with Error: still down\. It first opened 1\.2 s ago because 3 calls failed in a row \(limit 3\); 1 probe has failed since\. The last failure before it first opened was Error: down\. .* 0 calls have been rejected since it first opened\.$/,
    )
  })

  it('says that the probe did not end in time', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 500 } })
    await open(breaker)
    for (let i = 0; i < 2; i++) {
      await clock.advance(RESET_TIMEOUT)
      hang(breaker)
      await clock.advance(500)
    }

    expect(textOf(breaker)).toContain('It opened again because a probe did not end in time.')
    expect(textOf(breaker)).toContain('2 probes have failed since.')
  })
})

describe('explain of a half-open circuit', () => {
  it.each([
    [1, 'is half-open: the next call is let through as a probe.'],
    [2, 'is half-open: the next 2 calls are let through as probes.'],
  ])('says that %d calls may probe', async (probes, text) => {
    const { breaker, clock } = createBreaker({ recovery: { probes } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    expect(textOf(breaker)).toContain(text)
    expect(textOf(breaker)).toContain(`No probe has succeeded yet (${probes} needed).`)
  })

  it.each([
    [1, 'because 1 probe is in flight, the most allowed at once'],
    [2, 'because 2 probes are in flight, the most allowed at once'],
  ])('says that calls are rejected while all %d probe slots are taken', async (probes, text) => {
    const { breaker, clock } = createBreaker({ recovery: { probes, timeout: 500 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const inFlight = Array.from({ length: probes }, () => hang(breaker))
    await clock.advance(100)

    expect(textOf(breaker)).toContain(
      `has been half-open for 100 ms: calls are rejected, ${text}; another one may start within 400 ms.`,
    )
    for (const probe of inFlight) await probe.release()
  })

  it.each([
    [1, '1 probe has succeeded (3 needed).'],
    [2, '2 probes have succeeded (3 needed).'],
  ])('says how far it has come after %d probes', async (successes, text) => {
    const { breaker, clock } = createBreaker({ recovery: { probes: 3 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    for (let i = 0; i < successes; i++) await succeed(breaker)

    expect(textOf(breaker)).toContain(text)
  })

  it.each([
    [{ probes: 3, successes: 2 }, 'No probe has succeeded yet (2 of 3 needed), 1 failed.'],
    [{ probes: 10, successes: 7 }, 'No probe has succeeded yet (7 of 10 needed), 1 failed.'],
    [{ slowStart: {} }, 'No probe has succeeded yet (5 needed).'],
  ])('says how many probes may fail: %o', async (recovery, text) => {
    const { breaker, clock } = createBreaker({ recovery })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    expect(textOf(breaker)).not.toContain('1 failed')

    await fail(breaker)
    if (breaker.state === 'open') await clock.advance(RESET_TIMEOUT)

    expect(textOf(breaker)).toContain(text)
  })

  it('says that a probe was slow', async () => {
    const slowCallRate = { slowerThan: 100, minimumCalls: 1 }
    const { breaker, clock } = createBreaker({ trip: { slowCallRate } })
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)
    await clock.advance(100)
    await probe.release()

    expect(textOf(breaker)).toContain('It opened again because a probe was slow.')
  })

  it('says what a slow start waits for that has had enough successes', async () => {
    const { breaker, clock } = createBreaker({
      recovery: { slowStart: { successes: 2, quietFor: 3_000 } },
    })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    for (let i = 0; i < 3; i++) await succeed(breaker)

    expect(textOf(breaker)).toContain(
      '2 probes have succeeded (2 needed); it closes with the next success once no call has been rejected for 3 s.',
    )
  })

  it('says why it was opened again before', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await fail(breaker, new Error('still down'))
    await clock.advance(RESET_TIMEOUT + 500)

    expect(textOf(breaker)).toContain(
      'It opened again 1.5 s ago because a probe failed with Error: still down. It first opened 2.5 s ago',
    )
  })

  it('does not say when it opened again where it would have stayed open for ever, after a restart', async () => {
    const { breaker, clock } = createBreaker({ resetTimeout: Infinity })
    await open(breaker)
    breaker.halfOpen()
    await fail(breaker, new Error('still down'))
    await clock.advance(500)
    breaker.halfOpen()

    const saved = breaker.save()
    const { breaker: restarted } = createBreaker({ resetTimeout: Infinity, saved })

    const text = 'It opened again because a probe failed with Error: still down.'
    expect(textOf(breaker)).toContain(text)
    expect(textOf(restarted)).toContain(text)
  })
})
