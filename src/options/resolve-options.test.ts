import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import type { CircuitBreakerOptions } from '../options.ts'
import { ManualClock } from '../testing/manual-clock.ts'

const LONGEST = 2 ** 31 - 1

function construct(options: unknown): () => unknown {
  return () => new CircuitBreaker(options as CircuitBreakerOptions)
}

describe('options', () => {
  it('are shown resolved, with every default applied', () => {
    const { options } = new CircuitBreaker({
      maxFailures: 3,
      resetTimeout: 3_000,
    })

    expect(options).toMatchObject({
      name: 'circuit',
      trip: { consecutiveFailures: 3 },
      resetTimeout: 3_000,
      recovery: { probes: 1, successes: 1, concurrent: 1, timeout: 30_000 },
      callTimeout: undefined,
      maxConcurrent: undefined,
      classify: undefined,
      retryAfter: undefined,
      maxRetryAfter: 60_000,
      fallback: undefined,
      redact: undefined,
      history: 8,
    })
  })

  it('are frozen, the nested ones too', () => {
    const { options } = new CircuitBreaker({ maxFailures: 3 })

    expect([options, options.trip, options.recovery].map(Object.isFrozen)).toEqual([
      true,
      true,
      true,
    ])
  })

  it('given as undefined have their defaults', () => {
    const given = {
      name: undefined,
      maxFailures: undefined,
      resetTimeout: undefined,
    }
    const more = {
      trip: undefined,
      recovery: undefined,
      history: undefined,
      clock: undefined,
    }

    const breaker = new CircuitBreaker({ ...given, ...more, saved: undefined })

    expect(breaker.options).toEqual(new CircuitBreaker().options)
  })

  it('let the deadline of probes follow callTimeout unless it is given', () => {
    const following = new CircuitBreaker({ callTimeout: 100 })
    const given = new CircuitBreaker({
      callTimeout: 100,
      recovery: { timeout: 700 },
    })

    expect(following.options.recovery).toMatchObject({ timeout: 100 })
    expect(given.options.recovery).toMatchObject({ timeout: 700 })
  })

  it('let the number of probes at once follow the number needed unless it is given', () => {
    const following = new CircuitBreaker({ recovery: { probes: 3 } })
    const given = new CircuitBreaker({
      recovery: { probes: 3, concurrent: 1 },
    })

    expect(following.options.recovery).toMatchObject({
      probes: 3,
      concurrent: 3,
    })
    expect(given.options.recovery).toMatchObject({ probes: 3, concurrent: 1 })
  })

  it('count five failures within a minute unless failureCount says otherwise', () => {
    const { options } = new CircuitBreaker({ trip: { failureCount: {} } })

    expect(options.trip.failureCount).toEqual({ threshold: 5, window: { duration: 60_000 } })
    expect(Object.isFrozen(options.trip.failureCount)).toBe(true)
  })

  it('take maxFailures for the rule it is short for', () => {
    const short = new CircuitBreaker({ maxFailures: 4 })
    const long = new CircuitBreaker({ trip: { consecutiveFailures: 4 } })

    expect(short.options).toEqual(long.options)
  })
})

describe('a wrong option', () => {
  const duration = `milliseconds, more than 0 and at most ${LONGEST}`
  const count = 'an integer of at least 1'

  it.each([
    [{ name: '' }, TypeError, 'name must be a string that is not empty, got ""'],
    [{ name: 5 }, TypeError, 'name must be a string that is not empty, got 5'],
    [{ maxFailures: 0 }, RangeError, `maxFailures must be ${count}, got 0`],
    [{ maxFailures: -1 }, RangeError, `maxFailures must be ${count}, got -1`],
    [{ maxFailures: 1.5 }, RangeError, `maxFailures must be ${count}, got 1.5`],
    [{ maxFailures: Number.NaN }, RangeError, `maxFailures must be ${count}, got NaN`],
    [{ maxFailures: Infinity }, RangeError, `maxFailures must be ${count}, got Infinity`],
    [{ maxFailures: '3' }, TypeError, `maxFailures must be ${count}, got "3"`],
    [{ maxFailures: null }, TypeError, `maxFailures must be ${count}, got null`],
    [{ maxFailures: 3n }, TypeError, `maxFailures must be ${count}, got 3`],
    [{ trip: { consecutiveFailures: 0 } }, RangeError, 'trip.consecutiveFailures must be'],
    [{ trip: null }, TypeError, /^trip must /],
    [
      { trip: { failureRate: { window: { duration: 0.5 } } } },
      RangeError,
      'trip.failureRate.window.duration must be a number, at least 1, got 0.5',
    ],
    [
      { trip: { slowCallRate: { slowerThan: 5, window: { duration: Number.MIN_VALUE } } } },
      RangeError,
      'trip.slowCallRate.window.duration must be a number, at least 1, got 5e-324',
    ],
    [{ trip: { failureCount: 5 } }, TypeError, 'trip.failureCount must be an object, got 5'],
    [
      { trip: { failureCount: { threshold: 0 } } },
      RangeError,
      'trip.failureCount.threshold must be an integer from 1 to 100000, got 0',
    ],
    [{ trip: { failureCount: { threshold: 100_001 } } }, RangeError, 'got 100001'],
    [{ trip: { failureCount: { threshold: 2.5 } } }, RangeError, 'got 2.5'],
    [
      { trip: { failureCount: { window: {} } } },
      TypeError,
      'trip.failureCount.window must have either calls or duration, got neither',
    ],
    [{ trip: { failureCount: { window: { duration: 0 } } } }, RangeError, 'got 0'],
    [
      { trip: { failureCount: { threshold: 4, window: { calls: 3 } } } },
      RangeError,
      'trip.failureCount.threshold must be at most window.calls (3) or the rule can never fire, got 4',
    ],
    [{ resetTimeout: 0 }, RangeError, /^resetTimeout must be .*, got 0$/],
    [{ resetTimeout: -1 }, RangeError, /^resetTimeout must be .*, got -1$/],
    [{ resetTimeout: Number.NaN }, RangeError, /^resetTimeout must be .*, got NaN$/],
    [
      { resetTimeout: '1 s' },
      TypeError,
      'resetTimeout must be milliseconds, a function, { initial, max, factor, jitter } or \'auto\', got "1 s"',
    ],
    [
      { resetTimeout: { initial: 0 } },
      RangeError,
      'resetTimeout.initial must be milliseconds, more than 0, got 0',
    ],
    [{ maxRetryAfter: -1 }, RangeError, `maxRetryAfter must be ${duration}, got -1`],
    [{ maxRetryAfter: LONGEST + 1 }, RangeError, `maxRetryAfter must be ${duration}, got`],
    [{ maxRetryAfter: '1 h' }, TypeError, `maxRetryAfter must be ${duration}, got "1 h"`],
    [{ recovery: [] }, TypeError, /^recovery must be .*, got an array$/],
    [{ recovery: { probes: 0 } }, RangeError, `recovery.probes must be ${count}, got 0`],
    [{ recovery: { successes: 0 } }, RangeError, `recovery.successes must be ${count}, got 0`],
    [
      { recovery: { probes: 3, successes: 4 } },
      RangeError,
      'recovery.successes must be at most probes (3), got 4',
    ],
    [{ recovery: { successes: 2 } }, RangeError, 'must be at most probes (1), got 2'],
    [{ recovery: { slowStart: {}, successes: 2 } }, TypeError, 'either probes or slowStart'],
    [{ recovery: { concurrent: 0 } }, RangeError, `recovery.concurrent must be ${count}, got 0`],
    [{ recovery: { timeout: 0 } }, RangeError, `recovery.timeout must be ${duration}, got 0`],
    [{ callTimeout: 0 }, RangeError, `callTimeout must be ${duration}, got 0`],
    [{ callTimeout: false }, TypeError, `callTimeout must be ${duration}, got false`],
    [{ callTimeout: Infinity }, RangeError, `callTimeout must be ${duration}, got Infinity`],
    [{ maxConcurrent: 0 }, RangeError, `maxConcurrent must be ${count}, got 0`],
    [{ classify: 'failure' }, TypeError, 'classify must be a function, got "failure"'],
    [{ retryAfter: 5 }, TypeError, 'retryAfter must be a function, got 5'],
    [{ fallback: 'none' }, TypeError, 'fallback must be a function, got "none"'],
    [{ redact: /secret/ }, TypeError, 'redact must be a function, got a RegExp'],
    [{ history: -1 }, RangeError, 'history must be an integer from 0 to 1000, got -1'],
    [{ history: 1001 }, RangeError, 'history must be an integer from 0 to 1000, got 1001'],
    [{ saved: null }, TypeError, 'saved must be what save() returned, got null'],
    [{ clock: null }, TypeError, 'clock must be an object with now(), wall() and setTimer()'],
    [{ clock: { now: performance.now } }, TypeError, 'clock must be an object with now(), wall()'],
    [{ clock: Date }, TypeError, 'clock must be an object with now(), wall()'],
  ])('throws at construction and says what is wrong: %o', (options, type, message) => {
    expect(construct(options)).toThrow(type)
    expect(construct(options)).toThrow(message)
  })

  it.each([null, 5, 'name', [], () => {}])('throws when there are no options but %s', (options) => {
    expect(construct(options)).toThrow(/^options must be an object, got /)
  })

  it.each([
    [{ maxFailure: 3 }, 'unknown option "maxFailure" (in options); did you mean "maxFailures"?'],
    [{ MAXFAILURES: 3 }, 'unknown option "MAXFAILURES" (in options); did you mean "maxFailures"?'],
    [
      { resetTimeOut: 3 },
      'unknown option "resetTimeOut" (in options); did you mean "resetTimeout"?',
    ],
    [{ calltimeout: 3 }, 'unknown option "calltimeout" (in options); did you mean "callTimeout"?'],
    [
      { maxFailuers: undefined },
      'unknown option "maxFailuers" (in options); did you mean "maxFailures"?',
    ],
    [{ recovery: { probe: 3 } }, 'unknown option "probe" (in recovery); did you mean "probes"?'],
    [{ trip: { consecutiveFailure: 3 } }, 'did you mean "consecutiveFailures"?'],
    [{ trip: { failureCounts: {} } }, 'did you mean "failureCount"?'],
    [{ trip: { failureCount: { minimumCalls: 3 } } }, '(in trip.failureCount); known are '],
    [
      { zzzzzzzzzzzz: 3 },
      'unknown option "zzzzzzzzzzzz" (in options); known are name, maxFailures, ',
    ],
  ])('throws for an unknown name, with the nearest known one: %j', (options, message) => {
    expect(construct(options)).toThrow(TypeError)
    expect(construct(options)).toThrow(message)
  })

  it('throws when the same is said in two ways', () => {
    expect(construct({ maxFailures: 3, trip: { consecutiveFailures: 3 } })).toThrow(
      'maxFailures and trip.consecutiveFailures are the same rule; set only one of them',
    )
  })
})

describe('the name of an option of another circuit breaker', () => {
  it.each([
    [{ timeout: 3_000 }, 'callTimeout'],
    [{ errorThresholdPercentage: 50 }, 'trip.failureRate.threshold'],
    [{ volumeThreshold: 5 }, 'trip.failureRate.minimumCalls'],
    [{ rollingCountTimeout: 10_000 }, 'trip.failureRate.window'],
    [{ errorFilter: () => true }, 'classify'],
    [{ isFailure: () => true }, 'classify'],
    [{ halfOpenAfter: 10_000 }, 'resetTimeout'],
    [{ breaker: {} }, 'trip'],
    [{ waitDurationInOpenState: 60_000 }, 'resetTimeout'],
    [{ permittedNumberOfCallsInHalfOpenState: 10 }, 'recovery.probes'],
    [{ slowCallDurationThreshold: 60_000 }, 'trip.slowCallRate.slowerThan'],
    [{ FailureRatio: 0.1 }, 'trip.failureRate.threshold'],
    [{ MinimumThroughput: 100 }, 'trip.failureRate.minimumCalls'],
    [{ ReadyToTrip: () => true }, 'trip.when'],
    [{ fail_max: 5 }, 'maxFailures'],
    [{ failureThreshold: 5 }, 'maxFailures'],
    [{ capacity: 10 }, 'maxConcurrent'],
  ])('gets the name that it has here: %o', (options, own) => {
    const [name] = Object.keys(options)

    expect(construct(options)).toThrow(
      new TypeError(`unknown option "${name}" (in options); here it is "${own}"`),
    )
  })

  it('gets no hint where that option does not fit', () => {
    expect(construct({ recovery: { timeouts: 5, probes: 1 } })).toThrow('did you mean "timeout"?')
    expect(construct({ recovery: { capacity: 5 } })).toThrow('known are probes')
  })
})

it('a function in place of options is told how to be guarded', () => {
  expect(construct(async () => 1)).toThrow(
    new TypeError('options must be an object, got a function; breaker(fn) guards one'),
  )
})

describe('a boundary of an option', () => {
  it.each([
    { name: 'x' },
    { maxFailures: 1 },
    { maxFailures: Number.MAX_SAFE_INTEGER },
    { resetTimeout: 0.5 },
    { resetTimeout: LONGEST + 1 },
    { resetTimeout: Infinity },
    { resetTimeout: { initial: LONGEST + 1, max: Infinity } },
    { resetTimeout: () => 5 },
    { maxRetryAfter: 0 },
    { maxRetryAfter: LONGEST },
    { callTimeout: LONGEST },
    { trip: { failureRate: { window: { duration: 1 } } } },
    { recovery: { probes: 1, concurrent: 5, timeout: LONGEST } },
    { trip: { failureCount: { threshold: 1 } } },
    { trip: { failureCount: { threshold: 100_000 } } },
    { trip: { failureCount: { threshold: 3, window: { calls: 3 } } } },
    { trip: { failureCount: { window: { calls: 5, duration: undefined } } } },
    { recovery: { probes: 3, successes: 3 } },
    { recovery: { probes: 3, successes: 1 } },
    { maxConcurrent: 1 },
    { history: 0 },
    { history: 1_000 },
  ])('is allowed: %j', (options) => {
    expect(construct(options)).not.toThrow()
  })
})

describe('recovery', () => {
  it.each([
    [1, ['closed']],
    [3, ['half-open', 'half-open', 'closed']],
  ])('closes after %d successful probes', async (probes, expected) => {
    const { breaker, clock } = createBreaker({ recovery: { probes } })
    breaker.trip()
    await clock.advance(1_000)

    const states = []
    for (let i = 0; i < probes; i++) {
      await breaker.run(() => 1)
      states.push(breaker.state)
    }

    expect(states).toEqual(expected)
  })

  it('lets at most `concurrent` probes out at once', async () => {
    const { breaker, clock } = createBreaker({
      recovery: { probes: 5, concurrent: 2 },
    })
    breaker.trip()
    await clock.advance(1_000)

    const permits = [breaker.tryAcquire(), breaker.tryAcquire(), breaker.tryAcquire()]
    permits[0]?.success()

    expect(permits.map((permit) => permit?.probe)).toEqual([true, true, undefined])
    expect(breaker.tryAcquire()?.probe).toBe(true)
  })
})

describe('history', () => {
  it.each([0, 1, 2])('keeps %d trip records, the newest', (history) => {
    const { breaker } = createBreaker({ history, clock: new ManualClock() })

    for (const note of ['first', 'second', 'third']) {
      breaker.trip(note)
      breaker.reset()
    }

    const kept = breaker.snapshot().trips.map(({ note }) => note)
    expect(kept).toEqual(['first', 'second', 'third'].slice(3 - history))
  })
})
