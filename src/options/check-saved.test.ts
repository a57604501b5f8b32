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
import type { Saved } from '../core/save.ts'
import { CircuitBreaker, type CircuitBreakerOptions } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

/** Through text, as it goes from process to process, to one whose clock reads something else. */
function continued(
  from: CircuitBreaker,
  options: CircuitBreakerOptions = {},
): { breaker: CircuitBreaker; clock: ManualClock } {
  const saved: Saved = JSON.parse(JSON.stringify(from.save()))
  const clock = new ManualClock(5_000_000)
  const same = { maxFailures: 3, resetTimeout: RESET_TIMEOUT, clock, saved }
  return { breaker: new CircuitBreaker({ ...same, ...options }), clock }
}

describe('saved thresholds', () => {
  it.each<CircuitBreakerOptions>([
    { maxFailures: Number.MAX_SAFE_INTEGER },
    { trip: { evidence: { threshold: Number.MAX_VALUE } } },
    { trip: { failureCount: { threshold: 100_000 } } },
    {
      trip: {
        failureRate: {
          threshold: 1,
          minimumCalls: Number.MAX_SAFE_INTEGER,
          window: { duration: 1_000 },
        },
      },
    },
  ])('are restored however large they are: %o', (options) => {
    const { breaker, clock } = createBreaker({ maxFailures: undefined, ...options })
    breaker.trip()

    const again = new CircuitBreaker({ ...options, clock, saved: breaker.save() })

    expect(again.snapshot().trips).toEqual(breaker.snapshot().trips)
  })
})

describe('saved failures of failureCount', () => {
  const trip = { failureCount: { threshold: 2, window: { duration: 60_000 } } }
  const failed = async () => {
    const { breaker, clock } = createBreaker({ trip })
    await fail(breaker)
    await clock.advance(5)
    return JSON.parse(JSON.stringify(breaker.save()))
  }

  it('are their ages', async () => {
    const saved = await failed()

    expect(saved.state.rules).toMatchObject({ failureCount: { unit: 'duration', ages: [5] } })
    const again = new CircuitBreaker({ trip, saved })
    await fail(again)
    expect(again.snapshot().trips).toMatchObject([{ reason: 'failureCount' }])
  })

  it('were not saved by older versions', async () => {
    const saved = await failed()
    delete saved.state.rules.failureCount

    expect(new CircuitBreaker({ trip, saved }).state).toBe('closed')
  })

  it.each([
    [{ unit: 'hours', ages: [] }, 'failureCount.unit must be one of "calls", "duration"'],
    [{ unit: 'calls', ages: [-1] }, 'failureCount.ages[0] must be a number from 0'],
    [{ unit: 'calls', ages: 5 }, 'failureCount.ages must be an array, got 5'],
    [{ unit: 'calls' }, 'failureCount must have "ages", it is missing'],
    [{ unit: 'calls', ages: new Array(100_001).fill(0) }, 'must have at most 100000 items'],
  ])('are checked: %j', async (failureCount, message) => {
    const saved = await failed()
    saved.state.rules.failureCount = failureCount

    expect(() => new CircuitBreaker({ trip, saved })).toThrow(message)
  })
})

describe('an open time that was set by hand', () => {
  it('stays as it is when other options are configured, also once it was saved', () => {
    const { breaker } = createBreaker()
    breaker.trip({ for: 60_000 })

    const again = continued(breaker).breaker
    again.configure({ resetTimeout: 2_000 })

    expect(again.snapshot().retryAfter).toBe(60_000)
  })

  it('was not saved by older versions', () => {
    const { breaker } = createBreaker()
    breaker.trip({ for: 60_000 })
    const { state, ...saved } = breaker.save() as { state: { lasts?: unknown } } & Saved
    delete state.lasts

    const again = new CircuitBreaker({ clock: new ManualClock(), saved: { ...saved, state } })

    expect(again.snapshot().retryAfter).toBe(60_000)
  })
})

describe('save', () => {
  it('returns versioned, plain data', async () => {
    const { breaker } = createBreaker()
    await open(breaker)

    const saved = breaker.save()

    expect(saved.version).toBe(1)
    expect(JSON.parse(JSON.stringify(saved))).toEqual(saved)
  })

  it('holds ages, never times', async () => {
    const early = createBreaker()
    const late = createBreaker({ clock: new ManualClock(1_700_000_000_000) })

    for (const { breaker } of [early, late]) await open(breaker)

    expect(early.breaker.save()).toEqual(late.breaker.save())
  })

  it('returns a copy that later calls leave alone', async () => {
    const { breaker } = createBreaker()
    await open(breaker)
    const saved = breaker.save()
    const before = structuredClone(saved)

    await reasonOf(breaker.run(() => 1))
    breaker.reset()
    await fail(breaker)

    expect(saved).toEqual(before)
  })
})

describe('saved', () => {
  it('continues a row of failures', async () => {
    const { breaker: before } = createBreaker()
    await fail(before)
    await fail(before)

    const { breaker } = continued(before)
    await fail(breaker)

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().trips[0]?.failures).toHaveLength(3)
  })

  it('continues an open time where it was', async () => {
    const { breaker: before, clock: clockBefore } = createBreaker()
    await open(before)
    await clockBefore.advance(400)

    const { breaker, clock } = continued(before)
    const error = await reasonOf(breaker.run(() => 1))
    await clock.advance(RESET_TIMEOUT - 401)
    const states = [breaker.state]
    await clock.advance(1)
    states.push(breaker.state)

    expect(error).toMatchObject({
      retryAfter: RESET_TIMEOUT - 400,
      reason: 'consecutiveFailures',
    })
    expect(states).toEqual(['open', 'half-open'])
  })

  it('continues a half-open circuit with the probes that succeeded, and none in flight', async () => {
    const recovery = { probes: 2 }
    const { breaker: before, clock } = createBreaker({ recovery })
    await open(before)
    await clock.advance(RESET_TIMEOUT)
    await succeed(before)
    hang(before)

    const { breaker } = continued(before, { recovery })
    const { state, inFlight } = breaker.snapshot()
    await succeed(breaker)

    expect([state, inFlight, breaker.state]).toEqual(['half-open', 0, 'closed'])
  })

  it.each([
    [undefined, 'half-open'],
    [0, 'half-open'],
    [1, 'open'],
  ])('continues a half-open circuit with %s failed probes', async (failed, state) => {
    const recovery = { probes: 3, successes: 2 }
    const { breaker, clock } = createBreaker({ recovery })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    const saved = JSON.parse(JSON.stringify(breaker.save()))
    saved.state.failed = failed

    const again = new CircuitBreaker({ maxFailures: 3, recovery, saved, clock })
    await fail(again)

    expect(again.state).toBe(state)
  })

  it('continues an override and the time left to it', async () => {
    const { breaker: before, clock: clockBefore } = createBreaker()
    before.forceOpen({ by: 'Ada', reason: 'drill', for: 500 })
    await clockBefore.advance(200)

    const { breaker, clock } = continued(before)
    const { override } = breaker.snapshot()
    await clock.advance(300)

    expect(override).toMatchObject({
      mode: 'forced-open',
      by: 'Ada',
      reason: 'drill',
    })
    expect(breaker.state).toBe('closed')
  })

  it('continues counts, generation and trip records', async () => {
    const { breaker: before, clock } = createBreaker()
    await open(before)
    await clock.advance(RESET_TIMEOUT)
    await succeed(before)

    const { breaker } = continued(before)

    const was = before.snapshot()
    expect(breaker.snapshot()).toMatchObject({
      counts: was.counts,
      generation: was.generation,
    })
    expect(breaker.explain().trips).toHaveLength(1)
    expect(breaker.save()).toEqual(before.save())
  })

  it('leaves calls in flight behind', () => {
    const { breaker: before } = createBreaker()
    hang(before)

    const { breaker } = continued(before)

    expect(breaker.snapshot()).toMatchObject({
      inFlight: 0,
      counts: { admitted: 0 },
    })
  })

  it('is not kept: changing it later changes nothing', async () => {
    const { breaker: before } = createBreaker()
    await fail(before)
    const saved = before.save()

    const breaker = new CircuitBreaker({
      maxFailures: 3,
      saved,
      clock: new ManualClock(),
    })
    Object.assign(saved.state, { consecutiveFailures: 100, failures: [] })

    expect(breaker.snapshot().consecutiveFailures).toBe(1)
  })

  it('may be deeply frozen, and serve several breakers', async () => {
    const { breaker: before } = createBreaker()
    await open(before)
    const freeze = <T extends object>(value: T): T => {
      for (const member of Object.values(value)) if (Object(member) === member) freeze(member)
      return Object.freeze(value)
    }
    const saved = freeze(before.save())

    const breakers = [1, 2].map(() => new CircuitBreaker({ saved, clock: new ManualClock() }))
    breakers[0]?.reset()

    expect(breakers.map(({ state }) => state)).toEqual(['closed', 'open'])
  })

  it('keeps only as many trip records as the history has room for', () => {
    const { breaker: before } = createBreaker()
    for (let i = 0; i < 3; i++) before.trip()
    before.reset()
    before.trip('the last')

    const { breaker } = continued(before, { history: 1 })

    expect(breaker.snapshot().trips.map(({ note }) => note)).toEqual(['the last'])
  })

  it.each([
    ['no object', () => 'closed', 'saved must be what save() returned, got "closed"'],
    ['no version', () => ({}), 'saved.version must be 1, got undefined'],
    [
      'a newer version',
      (saved: object) => ({ ...saved, version: 2 }),
      'saved.version must be 1, got 2; it was saved by a newer short-circuit',
    ],
    ['no state', ({ state: _, ...rest }: Saved) => rest, 'saved must have "state", it is missing'],
    [
      'an unknown state',
      (saved: Saved) => ({ ...saved, state: { ...saved.state, name: 'ajar' } }),
      'saved.state.name must be one of "closed", "open", "half-open", got "ajar"',
    ],
    [
      'a negative age',
      (saved: Saved) => ({ ...saved, state: { ...saved.state, for: -1 } }),
      'saved.state.for must be a number from 0 to 1000000000000000, got -1',
    ],
    [
      'an age that is no number',
      (saved: Saved) => ({ ...saved, state: { ...saved.state, for: null } }),
      'saved.state.for must be a number from 0 to 1000000000000000, got null',
    ],
    [
      'a count that is no integer',
      (saved: Saved) => ({
        ...saved,
        counts: { ...saved.counts, success: 1.5 },
      }),
      'saved.counts.success must be an integer of at least 0, got 1.5',
    ],
    [
      'an unknown field',
      (saved: Saved) => ({ ...saved, extra: 1 }),
      'unknown field "extra" (in saved)',
    ],
    [
      'an unknown override',
      (saved: Saved) => ({ ...saved, override: { mode: 'ajar' } }),
      'saved.override',
    ],
  ])('throws for %s', (_, change, message) => {
    const { breaker } = createBreaker()
    const saved = change(breaker.save()) as Saved

    expect(() => new CircuitBreaker({ saved })).toThrow(message)
  })
})

describe('a number that is too large', () => {
  it.each([
    ['state', 'notBefore'],
    ['state', 'for'],
    ['counts', 'settled'],
  ] as const)('is rejected: saved.%s.%s of 1e308', (part, key) => {
    const saved = structuredClone(new CircuitBreaker({ maxFailures: 1 }).save())
    Object.assign(saved[part], { [key]: 1e308 })

    expect(() => new CircuitBreaker({ maxFailures: 1, saved })).toThrow(`saved.${part}.${key}`)
  })
})
