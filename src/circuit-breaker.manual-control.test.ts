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

describe('trip', () => {
  it('opens now and lets the circuit recover by itself', async () => {
    const { breaker, clock } = createBreaker()

    breaker.trip('deploy went wrong')
    const error = await reasonOf(breaker.run(() => 1))
    await clock.advance(RESET_TIMEOUT)
    await succeed(breaker)

    expect(error).toMatchObject({ state: 'open', reason: 'manual', retryAfter: RESET_TIMEOUT })
    expect((error as Error).message).toContain('deploy went wrong')
    expect(breaker.state).toBe('closed')
  })

  it('starts the open time of an open circuit again', async () => {
    const { breaker, clock } = createBreaker()
    breaker.trip()

    await clock.advance(RESET_TIMEOUT - 1)
    breaker.trip()
    await clock.advance(RESET_TIMEOUT - 1)

    expect(breaker.state).toBe('open')
  })

  it('throws for a reason that is no string, and leaves the circuit alone', () => {
    const { breaker } = createBreaker()

    expect(() => breaker.trip(42 as never)).toThrow(
      'trip takes a reason or { reason, by, fleet, for }, got 42',
    )
    expect(breaker.state).toBe('closed')
  })
})

describe('reset', () => {
  it('closes with fresh evidence', async () => {
    const { breaker } = createBreaker({ maxFailures: 2 })
    await fail(breaker)

    breaker.reset()
    await fail(breaker)

    expect(breaker.state).toBe('closed')
    expect(breaker.snapshot().consecutiveFailures).toBe(1)
  })

  it('closes an open circuit', async () => {
    const { breaker } = createBreaker()
    await open(breaker)

    breaker.reset()

    expect(breaker.state).toBe('closed')
    await succeed(breaker)
  })

  it('makes calls in flight stale, also when the circuit was closed', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const call = hang(breaker)

    breaker.reset()
    await call.fail()

    expect(breaker.state).toBe('closed')
    expect(breaker.snapshot().counts).toMatchObject({ stale: 1, failure: 0 })
  })
})

describe('forceOpen', () => {
  it('rejects every call until released', async () => {
    const { breaker } = createBreaker({ name: 'users' })
    const action = vi.fn(() => 'answer')

    breaker.forceOpen({ reason: 'maintenance', by: 'Ada' })
    const error = await reasonOf(breaker.run(action))
    breaker.release()

    expect(action).not.toHaveBeenCalled()
    expect(error).toMatchObject({ code: 'ERR_CIRCUIT_OPEN', reason: 'forced-open', state: 'open' })
    expect((error as Error).message).toBe('circuit "users" is forced open by Ada: maintenance')
    await expect(breaker.run(action)).resolves.toBe('answer')
  })

  it('lifts itself after `for` ms and says so in retryAfter', async () => {
    const { breaker, clock } = createBreaker()
    breaker.forceOpen({ for: 500 })

    await clock.advance(100)
    const error = await reasonOf(breaker.run(() => 1))
    await clock.advance(400)

    expect(error).toMatchObject({ retryAfter: 400 })
    expect(breaker.state).toBe('closed')
    await succeed(breaker)
  })

  it('leaves retryAfter undefined when only a hand can lift it', async () => {
    const { breaker } = createBreaker()
    breaker.forceOpen()

    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ retryAfter: undefined })
  })

  it('shows the automatic state as it then is when lifted', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    breaker.forceOpen()

    await clock.advance(RESET_TIMEOUT)
    const { automatic, state } = breaker.snapshot()
    breaker.release()

    expect({ automatic, state }).toEqual({ automatic: 'half-open', state: 'open' })
    expect(breaker.state).toBe('half-open')
  })
})

describe('forceClosed', () => {
  it('lets calls pass that would be rejected, counts them as such, and ignores their results', async () => {
    const { breaker } = createBreaker()
    await open(breaker)
    const events = record(breaker, 'reject', 'failure', 'success')

    breaker.forceClosed()
    await expect(breaker.run(() => 'answer')).resolves.toBe('answer')
    await fail(breaker)

    expect(breaker.state).toBe('closed')
    const { automatic, counts } = breaker.snapshot()
    expect(automatic).toBe('open')
    expect(counts.rejected.unenforced).toBe(2)
    expect(events.map(([name, event]) => [name, 'enforced' in event && event.enforced])).toEqual([
      ['reject', false],
      ['reject', false],
    ])
  })

  it('records and moves underneath, with transitions marked as not enforced', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const transitions = record(breaker, 'transition')

    breaker.forceClosed()
    await fail(breaker)

    expect(transitions).toEqual([
      ['transition', expect.objectContaining({ from: 'closed', to: 'open', enforced: false })],
    ])
    expect(breaker.state).toBe('closed')
    breaker.release()
    expect(breaker.state).toBe('open')
  })

  it('lets calls beyond maxConcurrent pass', async () => {
    const { breaker } = createBreaker({ maxConcurrent: 1 })
    breaker.forceClosed()
    const events = record(breaker, 'reject')

    const call = hang(breaker)
    await succeed(breaker)
    await call.release()

    expect(breaker.snapshot().counts.rejected.unenforced).toBe(1)
    expect(events).toMatchObject([
      ['reject', { reason: 'full', enforced: false, retryAfter: undefined }],
    ])
  })
})

describe('disable', () => {
  it('lets every call pass and records nothing', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    const events = record(breaker, 'success', 'failure', 'reject')

    breaker.disable()
    await fail(breaker)
    await succeed(breaker)

    expect(breaker.state).toBe('closed')
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 0, settled: 0, failure: 0 })
    expect(events).toEqual([])
  })

  it('lets calls pass through an open circuit', async () => {
    const { breaker } = createBreaker()
    await open(breaker)

    breaker.disable()

    await succeed(breaker)
    expect(breaker.state).toBe('closed')
  })
})

describe('an override', () => {
  it('replaces the one that is there', async () => {
    const { breaker } = createBreaker()

    breaker.forceOpen()
    breaker.disable()

    expect(breaker.snapshot().override?.mode).toBe('disabled')
    await succeed(breaker)
  })

  it('is released by its own disposable and by none of an earlier one', () => {
    const { breaker } = createBreaker()
    const first = breaker.forceOpen()
    const second = breaker.forceOpen()

    first[Symbol.dispose]()
    const afterFirst = breaker.state
    second[Symbol.dispose]()
    second[Symbol.dispose]()

    expect([afterFirst, breaker.state]).toEqual(['open', 'closed'])
  })

  it('shows who set it, why, since when and until when', async () => {
    const { breaker, clock } = createBreaker()
    await clock.advance(1_000)

    breaker.forceClosed({ by: 'Ada', reason: 'load test', for: 500 })

    expect(breaker.snapshot().override).toEqual({
      mode: 'forced-closed',
      by: 'Ada',
      reason: 'load test',
      since: 1_000,
      until: 1_500,
    })
  })

  it('is published when it is set, replaced and lifted, and not when there is none', () => {
    const { breaker } = createBreaker({ name: 'users' })
    const events = record(breaker, 'override')

    breaker.forceOpen({ by: 'Ada', reason: 'drill', for: 500 })
    breaker.disable()
    breaker.release({ by: 'Bob', reason: 'drill is over' })
    breaker.release()

    expect(events.map(([, event]) => event)).toEqual([
      { breaker: 'users', mode: 'forced-open', by: 'Ada', reason: 'drill', for: 500 },
      { breaker: 'users', mode: 'disabled' },
      { breaker: 'users', by: 'Bob', reason: 'drill is over' },
    ])
  })

  it('is lifted without a name and without a reason when its time is over', async () => {
    const { breaker, clock } = createBreaker()
    const events = record(breaker, 'override')
    await clock.advance(300)
    breaker.forceClosed({ by: 'Ada', reason: 'load test', for: 500 })

    await clock.advance(500)
    await succeed(breaker)

    expect(events.map(([, event]) => event)).toEqual([
      { breaker: 'circuit', mode: 'forced-closed', by: 'Ada', reason: 'load test', for: 500 },
      { breaker: 'circuit' },
    ])
  })

  it.each([
    [{ for: 0 }, 'forceOpen.for must be'],
    [{ by: 1 }, 'forceOpen.by must be a string, got 1'],
    [{ reason: {} }, 'forceOpen.reason must be a string, got an object'],
    [{ until: 5 }, 'unknown option "until" (in forceOpen); known are reason, by, fleet, for'],
    [42, 'forceOpen takes a reason or { reason, by, fleet, for }, got 42'],
    [null, 'forceOpen takes a reason or { reason, by, fleet, for }, got null'],
  ])('is rejected for %j and changes nothing', (why, message) => {
    const { breaker } = createBreaker()

    expect(() => breaker.forceOpen(why as never)).toThrow(message)
    expect(breaker.state).toBe('closed')
  })
})
