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

describe('explain of a closed circuit', () => {
  it('says that a new one is closed and has not opened', () => {
    const { breaker } = createBreaker({ name: 'users' })

    expect(textOf(breaker)).toBe('Circuit "users" is closed: calls pass. It has not opened yet.')
    expect(breaker.explain().trips).toEqual([])
  })

  it('says for how long it has been closed', async () => {
    const { breaker, clock } = createBreaker({ name: 'users' })

    await clock.advance(120 * 3_600_000)

    expect(textOf(breaker)).toMatch(/^Circuit "users" has been closed for 5 days: calls pass\./)
  })

  it.each([
    [1, 'The last call failed; 3 in a row open it.'],
    [2, 'The last 2 calls failed; 3 in a row open it.'],
  ])('says after %d failures how near it is to opening', async (failures, text) => {
    const { breaker } = createBreaker({ maxFailures: 3 })

    for (let i = 0; i < failures; i++) await fail(breaker)

    expect(textOf(breaker)).toContain(text)
  })

  it('says how near a rate is to opening it, and how many calls that takes', async () => {
    const failureRate = { threshold: 0.5, minimumCalls: 4, window: { calls: 10 } }
    const { breaker } = createBreaker({ trip: { failureRate } })
    await succeed(breaker)
    await succeed(breaker)
    const before = textOf(breaker)
    await fail(breaker)
    const few = textOf(breaker)
    await succeed(breaker)

    expect(before).not.toContain('window')
    expect(few).toContain(
      'The last call failed. 1 of 3 calls in the window failed (33.3 %); 50 % opens it, from 4 calls on.',
    )
    expect(textOf(breaker)).toContain(
      'calls pass. 1 of 4 calls in the window failed (25 %); 50 % opens it.',
    )
  })

  it.each([
    [1, '1 of 1 call in the window was slow (100 %)'],
    [2, '2 of 2 calls in the window were slow (100 %)'],
  ])('says of a rate that %d calls were slow', async (calls, text) => {
    const slowCallRate = { slowerThan: 100, minimumCalls: 4, window: { calls: 10 } }
    const { breaker, clock } = createBreaker({ trip: { slowCallRate } })
    for (let i = 0; i < calls; i++) {
      const call = hang(breaker)
      await clock.advance(100)
      await call.release()
    }

    expect(textOf(breaker)).toContain(text)
  })

  it('says how high the evidence score is, once it is above 0', async () => {
    const { breaker } = createBreaker({ trip: 'auto' })
    const before = textOf(breaker)
    await fail(breaker)

    expect(before).not.toContain('score')
    expect(textOf(breaker)).toContain('The evidence score is 1; 10 opens it.')
  })

  it.each([
    [1, 1, 'until the call in flight ends (`maxConcurrent` is 1).'],
    [2, 2, 'until one of the 2 calls in flight ends (`maxConcurrent` is 2).'],
    [3, 2, 'until 2 of the 3 calls in flight have ended (`maxConcurrent` is 2).'],
    [3, 1, 'until all 3 calls in flight have ended (`maxConcurrent` is 1).'],
  ])(
    'says with %d calls in flight of %d that calls are rejected',
    async (calls, maxConcurrent, text) => {
      const { breaker } = createBreaker({ maxConcurrent: calls })
      const inFlight = Array.from({ length: calls }, () => hang(breaker))
      breaker.configure({ maxConcurrent })

      expect(textOf(breaker)).toContain(`is closed: calls are rejected ${text}`)
      for (const call of inFlight) await call.release()
      expect(textOf(breaker)).toContain('calls pass')
    },
  )

  it('says how it recovered, and how many calls were rejected meanwhile', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await reasonOf(breaker.run(() => 1))
    await clock.advance(RESET_TIMEOUT)
    await succeed(breaker)
    await clock.advance(1_000)

    expect(textOf(breaker)).toContain(
      'It last opened 2 s ago because 3 calls failed in a row (limit 3), and closed 1 s later, because enough probes succeeded; 1 call was rejected meanwhile.',
    )
  })

  it('says how many probes failed before it recovered', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await fail(breaker)
    await clock.advance(RESET_TIMEOUT)
    await succeed(breaker)

    expect(textOf(breaker)).toContain(
      'and closed 2 s later after 1 failed probe, because enough probes succeeded; no calls were rejected meanwhile.',
    )
  })

  it('says that it was closed by hand, and at once', () => {
    const { breaker } = createBreaker()
    breaker.trip('drill')
    breaker.reset()

    expect(textOf(breaker)).toContain(
      'It last opened just now because it was tripped by hand (drill), and closed at once, because it was reset by hand',
    )
  })

  it('does not say that it never opened when it keeps no trips', async () => {
    const { breaker } = createBreaker({ name: 'users', history: 0 })
    await open(breaker)
    breaker.reset()

    expect(textOf(breaker)).toBe('Circuit "users" is closed: calls pass.')
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
      /^Circuit "circuit" has just opened: .* It opened because 1 call failed \(limit 1\)\./,
    )
    expect(textOf(breaker)).toContain('No calls have been rejected')
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
      /It opened again 200 ms ago because a probe failed with Error: still down\. It first opened 1\.2 s ago because 3 calls failed in a row \(limit 3\); 1 probe has failed since\. The last failure before it first opened was Error: down\. .* No calls have been rejected since it first opened\.$/,
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
    [1, 'has just become half-open: the next call is let through as a probe.'],
    [2, 'has just become half-open: the next 2 calls are let through as probes.'],
  ])('says that %d calls may probe', async (probes, text) => {
    const { breaker, clock } = createBreaker({ recovery: { probes } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    expect(textOf(breaker)).toContain(text)
    expect(textOf(breaker)).toContain(`No probe has succeeded yet (${probes} needed).`)
  })

  it.each([
    [1, 'because the only probe allowed is in flight'],
    [2, 'because 2 probes are in flight, as many as are allowed at once'],
  ])('says that calls are rejected while all %d probe slots are taken', async (probes, text) => {
    const { breaker, clock } = createBreaker({ recovery: { probes, timeout: 500 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const inFlight = Array.from({ length: probes }, () => hang(breaker))
    await clock.advance(100)

    expect(textOf(breaker)).toContain(
      `has been half-open for 100 ms: calls are rejected, ${text}; a slot should be free within 400 ms.`,
    )
    for (const probe of inFlight) await probe.release()
  })

  it.each([
    [1, '1 of 3 probes has succeeded; 1 is in flight.'],
    [2, '2 of 3 probes have succeeded; 1 is in flight.'],
  ])('says how far it has come after %d probes', async (successes, text) => {
    const { breaker, clock } = createBreaker({ recovery: { probes: 3 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    for (let i = 0; i < successes; i++) await succeed(breaker)
    const probe = hang(breaker)

    expect(textOf(breaker)).toContain(text)
    await probe.release()
  })

  it('says what a slow start waits for that has had enough successes', async () => {
    const { breaker, clock } = createBreaker({
      recovery: { slowStart: { successes: 2, quietFor: 3_000 } },
    })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    for (let i = 0; i < 2; i++) await succeed(breaker)

    expect(textOf(breaker)).toContain(
      '2 probes have succeeded (2 needed); it closes once no call has been rejected for 3 s.',
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
})

describe('explain under an override', () => {
  it('says first who forced it open, why and for how long, then the state underneath', async () => {
    const { breaker, clock } = createBreaker()
    await clock.advance(120_000)
    breaker.forceOpen({ by: 'ops', reason: 'deploy', for: 300_000 })
    await clock.advance(60_000)

    expect(textOf(breaker)).toBe(
      'Circuit "circuit" is forced open by ops: deploy, for 4 min more: calls are rejected. ' +
        'The override was set 1 min ago. ' +
        'Underneath it has been closed for 3 min: calls would pass. It has not opened yet.',
    )
  })

  it('says what a circuit that is forced closed would do', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    breaker.forceClosed()
    await clock.advance(400)
    const whileOpen = textOf(breaker)
    await clock.advance(RESET_TIMEOUT)

    expect(whileOpen).toMatch(
      /^Circuit "circuit" is forced closed, until it is released: all calls pass\. .* Underneath it has been open for 400 ms: calls would be rejected for 600 ms more\./,
    )
    expect(textOf(breaker)).toContain('the next call would be let through as a probe.')
  })

  it('says that nothing is recorded while it is disabled', () => {
    const { breaker } = createBreaker()
    breaker.disable({ reason: 'load test' })

    expect(textOf(breaker)).toMatch(
      /^Circuit "circuit" is disabled: load test, until it is released: all calls pass and nothing is recorded\./,
    )
  })
})

describe('explain', () => {
  it('has the trips of the snapshot', async () => {
    const { breaker } = createBreaker()
    await open(breaker)

    expect(breaker.explain().trips).toEqual(breaker.snapshot().trips)
    expect(breaker.explain().trips).toHaveLength(1)
  })

  it('leaves secrets out that redact removes', async () => {
    const { breaker, clock } = createBreaker({
      redact: (message) => message.replace('hunter2', '…'),
    })
    await fail(breaker, new Error('password hunter2'))
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await fail(breaker, new Error('probe hunter2'))

    expect(JSON.stringify([breaker.explain(), breaker.snapshot()])).not.toContain('hunter2')
  })
})
