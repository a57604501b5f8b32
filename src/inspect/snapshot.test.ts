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

describe('snapshot', () => {
  it('is plain JSON data, with functions shown by a word', async () => {
    const { breaker } = createBreaker({
      classify: () => undefined,
      callTimeout: 100,
    })
    await open(breaker)
    breaker.forceClosed({ by: 'Ada' })

    const snapshot = breaker.snapshot()

    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
    expect(snapshot.options).toMatchObject({
      classify: '[function]',
      callTimeout: 100,
    })
  })

  it('shows a new breaker', () => {
    const { breaker } = createBreaker({ name: 'users' })

    expect(breaker.snapshot()).toMatchObject({
      name: 'users',
      state: 'closed',
      stateFor: 0,
      automatic: 'closed',
      generation: 1,
      override: null,
      inFlight: 0,
      probes: null,
      consecutiveFailures: 0,
      trips: [],
      retryAfter: null,
      counts: {
        admitted: 0,
        settled: 0,
        expired: 0,
        success: 0,
        failure: 0,
        neutral: 0,
        cancelled: 0,
        timeout: 0,
        stale: 0,
        rejected: {
          open: 0,
          'half-open': 0,
          'forced-open': 0,
          full: 0,
          unenforced: 0,
        },
      },
    })
  })

  it('shows for how long it has been in its state', async () => {
    const { breaker, clock } = createBreaker()
    await clock.advance(50)
    await open(breaker)

    await clock.advance(300)

    expect(breaker.snapshot()).toMatchObject({
      state: 'open',
      stateFor: 300,
      retryAfter: RESET_TIMEOUT - 300,
    })
  })

  it('shows how far the way back is while half-open', async () => {
    const { breaker, clock } = createBreaker({
      recovery: { probes: 3, concurrent: 2 },
    })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    await succeed(breaker)
    const probe = hang(breaker)

    expect(breaker.snapshot().probes).toEqual({
      inFlight: 1,
      limit: 2,
      succeeded: 1,
      failed: 0,
      needed: 3,
    })
    await probe.release()
  })

  it('shows what the next call would find, without moving there', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT + 70)

    expect(breaker.snapshot()).toMatchObject({
      state: 'half-open',
      stateFor: 70,
      retryAfter: null,
    })
  })

  it('counts rejections by reason', async () => {
    const { breaker, clock } = createBreaker({ maxConcurrent: 1 })
    const rejected = async (): Promise<unknown> => reasonOf(breaker.run(() => 1))

    const call = hang(breaker)
    await rejected()
    await call.release()
    await open(breaker)
    await rejected()
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)
    await rejected()
    breaker.forceOpen()
    await rejected()
    await probe.release()

    expect(breaker.snapshot().counts.rejected).toEqual({
      full: 1,
      open: 1,
      'half-open': 1,
      'forced-open': 1,
      unenforced: 0,
    })
  })

  it('shows an override over the automatic state', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(100)

    breaker.disable({ reason: 'drill' })
    await clock.advance(50)

    expect(breaker.snapshot()).toMatchObject({
      state: 'closed',
      stateFor: 50,
      automatic: 'open',
      override: {
        mode: 'disabled',
        by: null,
        reason: 'drill',
        since: 100,
        until: null,
      },
    })
  })

  it('takes instants from the wall clock and ages from the monotonic one', async () => {
    let wall = 1_700_000_000_000
    const { breaker, clock } = createBreaker()
    const { breaker: displayed } = createBreaker({
      clock: {
        now: () => clock.now(),
        wall: () => wall,
        setTimer: (ms, fn) => clock.setTimer(ms, fn),
      },
    })
    await open(displayed)

    await clock.advance(200)
    wall -= 3_600_000

    expect(displayed.snapshot().trips[0]).toMatchObject({
      at: wall - 200,
      age: 200,
    })
    expect(displayed.state).toBe('open')
    expect(breaker.state).toBe('closed')
  })
})

describe('a trip record', () => {
  it('keeps both sides of the rule, the last failures and what came before', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 2 })
    await fail(breaker, Object.assign(new Error('first'), { code: 'E1' }))
    await clock.advance(10)
    await fail(breaker, new TypeError('second'))

    expect(breaker.snapshot().trips).toEqual([
      expect.objectContaining({
        at: 10,
        age: 0,
        reason: 'consecutiveFailures',
        finding: expect.objectContaining({ observed: 2, threshold: 2 }),
        from: 'closed',
        generation: 1,
        enforced: true,
        consecutiveFailures: 2,
        openFor: RESET_TIMEOUT,
        lasted: null,
        endedBy: null,
        rejected: 0,
        note: null,
        failures: [
          { name: 'Error', code: 'E1', message: 'first', age: 10 },
          { name: 'TypeError', code: null, message: 'second', age: 0 },
        ],
      }),
    ])
  })

  it('keeps how long it lasted, what ended it and how many were rejected', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await reasonOf(breaker.run(() => 1))
    await clock.advance(RESET_TIMEOUT + 500)

    await succeed(breaker)

    expect(breaker.snapshot().trips[0]).toMatchObject({
      lasted: RESET_TIMEOUT + 500,
      endedBy: 'recovered',
      rejected: 1,
    })
  })

  it('keeps only the last of many failures in a row', async () => {
    const { breaker } = createBreaker({ maxFailures: 50 })
    for (let i = 1; i <= 50; i++) await fail(breaker, new Error(`no ${i}`))

    const failures = breaker.snapshot().trips[0]?.failures ?? []

    expect(failures.length).toBeLessThan(50)
    expect(failures.at(-1)?.message).toBe('no 50')
  })
})
