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
} from '../test/helpers/public.ts'
import type { EventName } from './events.ts'

describe('events', () => {
  it('tell of every transition, after the new state is in place', async () => {
    const { breaker, clock } = createBreaker({ name: 'users', maxFailures: 1 })
    const transitions = record(breaker, 'transition')
    const states: string[] = []
    breaker.on('transition', () => states.push(breaker.state))

    await fail(breaker)
    await clock.advance(RESET_TIMEOUT)
    await succeed(breaker)

    const common = { breaker: 'users', enforced: true }
    expect(transitions.map(([, event]) => event)).toEqual([
      { ...common, from: 'closed', to: 'open', reason: 'consecutiveFailures', generation: 2 },
      { ...common, from: 'open', to: 'half-open', reason: 'elapsed', generation: 3 },
      { ...common, from: 'half-open', to: 'closed', reason: 'recovered', generation: 4 },
    ])
    expect(states).toEqual(['open', 'half-open', 'closed'])
  })

  it('tell of the failure before the transition that follows from it', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const events = record(breaker, 'transition', 'failure')
    const down = new Error('down')

    await fail(breaker, down)

    expect(events).toEqual([
      ['failure', { breaker: 'circuit', error: down, duration: 0, generation: 1, probe: false }],
      ['transition', expect.objectContaining({ to: 'open' })],
    ])
  })

  it('tell of the success of a probe before the circuit closes', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const events = record(breaker, 'transition', 'success')

    await succeed(breaker)

    expect(events.map(([name]) => name)).toEqual(['transition', 'success', 'transition'])
    expect(events[1]?.[1]).toMatchObject({ probe: true, generation: 3 })
  })

  it('tell of a timeout, then of its failure, then of the transition', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, callTimeout: 100 })
    const events = record(breaker, 'transition', 'failure', 'timeout')
    hang(breaker)

    await clock.advance(100)

    expect(events.map(([name]) => name)).toEqual(['timeout', 'failure', 'transition'])
    expect(events[0]?.[1]).toMatchObject({ timeout: 100, generation: 1, probe: false })
  })

  it('tell of a rejection and when to come back', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    const events = record(breaker, 'reject')

    await clock.advance(300)
    await reasonOf(breaker.run(() => 1))

    expect(events.map(([, event]) => event)).toEqual([
      { breaker: 'circuit', reason: 'open', retryAfter: RESET_TIMEOUT - 300, enforced: true },
    ])
  })

  it('tell of a value that counts as failed', async () => {
    const { breaker } = createBreaker({ classify: () => 'failure' })
    const events = record(breaker, 'failure')

    await breaker.run(() => 'a 500')

    expect(events[0]?.[1]).toMatchObject({ error: 'a 500' })
  })

  it('say nothing of stale, neutral and cancelled results', async () => {
    const { breaker } = createBreaker()
    const events = record(breaker, 'success', 'failure')
    const late = hang(breaker)

    breaker.reset()
    await late.release()
    await breaker.run(() => 1, { classify: () => 'neutral' })
    await breaker.run(() => 1, { classify: () => 'cancelled' })

    expect(events).toEqual([])
  })

  it('are heard by listeners that come after calls have passed', async () => {
    const { breaker } = createBreaker()
    const guarded = breaker(async () => 'answer')
    await guarded()

    const events = record(breaker, 'success')
    await guarded()

    expect(events).toHaveLength(1)
  })
})

describe('on', () => {
  it('returns a function that unsubscribes that listener and no other', async () => {
    const { breaker } = createBreaker()
    const listener = vi.fn()
    const off = breaker.on('success', listener)
    breaker.on('success', listener)

    off()
    off()
    await succeed(breaker)

    expect(listener).toHaveBeenCalledOnce()
  })

  it('calls a listener that subscribed twice twice', async () => {
    const { breaker } = createBreaker()
    const listener = vi.fn()
    breaker.on('success', listener)
    breaker.on('success', listener)

    await succeed(breaker)

    expect(listener).toHaveBeenCalledTimes(2)
  })

  it('unsubscribes when the signal aborts', async () => {
    const { breaker } = createBreaker()
    const listener = vi.fn()
    const subscription = new AbortController()
    const off = breaker.on('success', listener, { signal: subscription.signal })

    await succeed(breaker)
    subscription.abort()
    await succeed(breaker)
    off()

    expect(listener).toHaveBeenCalledOnce()
  })

  it('does not subscribe when the signal is aborted already', async () => {
    const { breaker } = createBreaker()
    const listener = vi.fn()

    const off = breaker.on('success', listener, { signal: AbortSignal.abort() })
    await succeed(breaker)
    off()

    expect(listener).not.toHaveBeenCalled()
  })

  it('throws a TypeError with the nearest known name for an unknown event', () => {
    const { breaker } = createBreaker()
    const subscribe = (name: string) => () => breaker.on(name as EventName, () => {})

    expect(subscribe('sucess')).toThrow(
      new TypeError('unknown event "sucess"; did you mean "success"?'),
    )
    expect(subscribe('x')).toThrow(/^unknown event "x"; known are transition, reject, /)
  })

  it('throws a TypeError for a listener that is no function', () => {
    const { breaker } = createBreaker()

    expect(() => breaker.on('success', 'log' as never)).toThrow(
      new TypeError('listener must be a function, got "log"'),
    )
  })
})

it('tells of a probe that expired before it tells of the call that found it, under forceClosed', async () => {
  const { breaker, clock } = createBreaker({ maxFailures: 1, recovery: { timeout: 500 } })
  await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
  await clock.advance(RESET_TIMEOUT)
  breaker.acquire()
  breaker.forceClosed()
  const seen: unknown[] = []
  breaker.on('transition', ({ reason }) => seen.push(reason))
  breaker.on('reject', ({ reason, enforced }) => seen.push([reason, enforced]))
  await clock.advance(500)

  await breaker.run(() => Promise.resolve())

  expect(seen).toEqual(['probeExpired', ['open', false]])
})
