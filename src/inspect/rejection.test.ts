import { describe, expect, it } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  reasonOf,
} from '../../test/helpers/public.ts'
import type { CircuitBreaker } from '../circuit-breaker.ts'

const rejection = (breaker: CircuitBreaker): Promise<unknown> => reasonOf(breaker.run(() => 1))

describe('the error of a rejected call', () => {
  it('has the rule that opened the circuit as its reason', async () => {
    const { breaker } = createBreaker()
    await open(breaker)

    expect(await rejection(breaker)).toMatchObject({
      reason: 'consecutiveFailures',
      message: 'circuit "circuit" is open because 3 calls failed in a row (limit 3)',
    })
  })

  it('has the failed probe as its reason once that has re-opened the circuit', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await fail(breaker, new Error('still down'))

    expect(await rejection(breaker)).toMatchObject({
      reason: 'probeFailed',
      message: 'circuit "circuit" is open because a probe failed with Error: still down',
    })
  })

  it('has the probe that did not end as its reason, also while half-open', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 500 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    hang(breaker)
    await clock.advance(500)
    const whileOpen = await rejection(breaker)
    await clock.advance(RESET_TIMEOUT)
    hang(breaker)

    expect(whileOpen).toMatchObject({
      reason: 'probeExpired',
      message: 'circuit "circuit" is open because a probe did not end in time',
    })
    expect(await rejection(breaker)).toMatchObject({
      reason: 'probeExpired',
      message:
        'circuit "circuit" is half-open with all probes in flight; it opened because a probe did not end in time',
    })
  })

  it('has the override as its reason, whatever the state underneath', async () => {
    const { breaker } = createBreaker()
    await open(breaker)
    breaker.forceOpen({ by: 'Ada', reason: 'drill' })

    expect(await rejection(breaker)).toMatchObject({
      reason: 'forced-open',
      message: 'circuit "circuit" is forced open by Ada: drill',
    })
  })

  it.each([
    [1, 'circuit "circuit" is full: at most 1 call may be in flight'],
    [2, 'circuit "circuit" is full: at most 2 calls may be in flight'],
  ])('counts the calls in flight of a full circuit: %d', async (maxConcurrent, message) => {
    const { breaker } = createBreaker({ maxConcurrent })
    for (let i = 0; i < maxConcurrent; i++) hang(breaker)

    expect(await rejection(breaker)).toMatchObject({ message })
  })
})
