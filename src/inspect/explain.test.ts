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

    expect(textOf(breaker)).toBe('Circuit "users" is closed: calls pass. It has never opened.')
    expect(breaker.explain().trips).toEqual([])
  })

  it('says for how long it has been closed', async () => {
    const { breaker, clock } = createBreaker({ name: 'users' })

    await clock.advance(120 * 3_600_000)

    expect(textOf(breaker)).toMatch(/^Circuit "users" has been closed for 5 days: calls pass\./)
  })

  it.each([
    [1, 'The last call failed.'],
    [2, 'The last 2 calls failed.'],
  ])('says after %d failures that the last calls failed', async (failures, text) => {
    const { breaker } = createBreaker({ maxFailures: 3 })

    for (let i = 0; i < failures; i++) await fail(breaker)

    expect(textOf(breaker)).toContain(text)
  })

  it.each([
    [1, 1, 'while 1 call is in flight (`maxConcurrent` is 1).'],
    [2, 2, 'while 2 calls are in flight (`maxConcurrent` is 2).'],
    [3, 2, 'while 3 calls are in flight (`maxConcurrent` is 2).'],
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
      'and closed 2 s later after 1 failed probe, because enough probes succeeded; 0 calls were rejected meanwhile.',
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

describe('explain under an override', () => {
  it('says first who forced it open, why and for how long, then the state underneath', async () => {
    const { breaker, clock } = createBreaker()
    await clock.advance(120_000)
    breaker.forceOpen({ by: 'ops', reason: 'deploy', for: 300_000 })
    await clock.advance(60_000)

    expect(textOf(breaker)).toBe(
      'Circuit "circuit" is forced open by ops: deploy, for 4 min more: calls are rejected. ' +
        'It was set 1 min ago. ' +
        'Underneath it has been closed for 3 min. It has never opened.',
    )
  })

  it('says how long a circuit that is forced closed has been open underneath', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    breaker.forceClosed()
    await clock.advance(400)

    expect(textOf(breaker)).toMatch(
      /^Circuit "circuit" is forced closed, until it is released: all calls pass\. .* Underneath it has been open for 400 ms\. It opened 400 ms ago because/,
    )
  })

  it('says that nothing is recorded while it is disabled', () => {
    const { breaker } = createBreaker()
    breaker.disable({ reason: 'load test' })

    expect(textOf(breaker)).toMatch(
      /^Circuit "circuit" is disabled: load test, until it is released: all calls pass unrecorded\./,
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
