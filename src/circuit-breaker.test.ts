import { inspect } from 'node:util'
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
import { CircuitBreaker } from './circuit-breaker.ts'
import { CircuitOpenError } from './errors.ts'
import { ManualClock } from './testing/manual-clock.ts'

describe('CircuitBreaker', () => {
  it('creates an object that is also a function', () => {
    const breaker = new CircuitBreaker()

    expect(breaker).toBeInstanceOf(CircuitBreaker)
    expect(typeof breaker).toBe('function')
  })

  it('needs no options', async () => {
    const breaker = new CircuitBreaker()

    expect(breaker.name).toBe('circuit')
    expect(breaker.state).toBe('closed')
    await expect(breaker.run(() => 42)).resolves.toBe(42)
  })

  it('carries its name where tools look for the name of a function', () => {
    const breaker = new CircuitBreaker({ name: 'users' })

    expect(breaker.name).toBe('users')
    expect(inspect(breaker)).toContain('users')
  })

  it('can be subclassed, and its objects are of the subclass and callable', async () => {
    class Verbose extends CircuitBreaker {
      readonly #prefix = 'the '
      get title(): string {
        return `${this.#prefix}${this.name}`
      }
      override trip(): void {
        super.trip('by the subclass')
      }
    }

    const breaker = new Verbose({ name: 'users' })
    breaker.trip()

    expect(breaker).toBeInstanceOf(Verbose)
    expect(breaker).toBeInstanceOf(CircuitBreaker)
    expect(breaker.title).toBe('the users')
    expect(breaker.snapshot().trips[0]?.note).toBe('by the subclass')
    expect(await reasonOf(breaker(async () => 1)())).toBeInstanceOf(CircuitOpenError)
  })

  it('neither keeps nor changes the options object', async () => {
    const options = { maxFailures: 1, resetTimeout: 10, clock: new ManualClock() }
    const before = { ...options }
    const breaker = new CircuitBreaker(options)

    options.maxFailures = 100
    await fail(breaker)

    expect(breaker.state).toBe('open')
    expect({ ...options, maxFailures: 1 }).toEqual(before)
  })

  it('accepts a deeply frozen options object', async () => {
    const trip = Object.freeze({ consecutiveFailures: 1 })
    const recovery = Object.freeze({ probes: 2 })
    const options = Object.freeze({ name: 'frozen', trip, recovery, clock: new ManualClock() })
    const breaker = new CircuitBreaker(options)

    await fail(breaker)
    breaker.configure(Object.freeze({ resetTimeout: 7 }))

    expect(breaker.state).toBe('open')
    expect(breaker.options.recovery).toMatchObject({ probes: 2 })
  })

  it('shares nothing with another built from the same options object', async () => {
    const options = { maxFailures: 1, resetTimeout: 1_000, clock: new ManualClock() }
    const one = new CircuitBreaker(options)
    const other = new CircuitBreaker(options)
    const heard = vi.fn()
    other.on('failure', heard)

    await fail(one)
    one.forceClosed()
    one.configure({ resetTimeout: 5 })

    expect(other.state).toBe('closed')
    expect(other.snapshot()).toMatchObject({ counts: { admitted: 0 }, override: null })
    expect(other.options.resetTimeout).toBe(1_000)
    expect(heard).not.toHaveBeenCalled()
  })

  it('is one circuit for all the functions it guards', async () => {
    const { breaker } = createBreaker({ maxFailures: 2 })
    const users = breaker(async () => Promise.reject(new Error('users down')))
    const orders = breaker.sync((): number => {
      throw new Error('orders down')
    })

    await reasonOf(users())
    expect(() => orders()).toThrow('orders down')

    expect(breaker.state).toBe('open')
    expect(() => orders()).toThrow(CircuitOpenError)
  })
})

describe('the way of a circuit', () => {
  it('opens with the n-th consecutive failure, not before', async () => {
    const { breaker } = createBreaker({ maxFailures: 3 })

    await fail(breaker)
    await fail(breaker)
    const before = breaker.state
    await fail(breaker)

    expect([before, breaker.state]).toEqual(['closed', 'open'])
  })

  it('starts the count again after a success', async () => {
    const { breaker } = createBreaker({ maxFailures: 2 })

    await fail(breaker)
    await succeed(breaker)
    await fail(breaker)

    expect(breaker.state).toBe('closed')
  })

  it('rejects without running while open, and names the failure that opened it', async () => {
    const { breaker, clock } = createBreaker({ name: 'users', maxFailures: 1 })
    const action = vi.fn()
    const down = new Error('down')
    await fail(breaker, down)

    await clock.advance(400)
    const error = await reasonOf(breaker.run(action))

    expect(action).not.toHaveBeenCalled()
    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(error).toMatchObject({
      breaker: 'users',
      state: 'open',
      reason: 'consecutiveFailures',
      retryAfter: RESET_TIMEOUT - 400,
      cause: down,
    })
  })

  it.each([
    [RESET_TIMEOUT - 1, 'open'],
    [RESET_TIMEOUT, 'half-open'],
    [RESET_TIMEOUT + 1, 'half-open'],
  ])('reads after %d ms as %s', async (ms, state) => {
    const { breaker, clock } = createBreaker()
    await open(breaker)

    await clock.advance(ms)

    expect(breaker.state).toBe(state)
  })

  it('lets one call through as a probe when half-open and rejects the others at once', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    const probe = hang(breaker)
    const errors = await Promise.all(
      Array.from({ length: 9 }, () => reasonOf(breaker.run(() => 1))),
    )

    expect(errors).toHaveLength(9)
    for (const error of errors) expect(error).toMatchObject({ state: 'half-open' })
    await probe.release()
    expect(breaker.state).toBe('closed')
  })

  it('opens again for the whole time when the probe fails', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)

    await fail(breaker)
    await clock.advance(RESET_TIMEOUT - 1)

    expect(breaker.state).toBe('open')
    expect(breaker.snapshot().trips.at(-1)?.reopened).toBe(1)
  })

  it('gives up a probe that never ends and lets the next one through', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 500 } })
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    hang(breaker)

    await clock.advance(500 + RESET_TIMEOUT)
    await succeed(breaker)

    expect(breaker.state).toBe('closed')
  })

  it('lets a result from before the opening decide nothing', async () => {
    const { breaker, clock } = createBreaker()
    const late = [hang(breaker), hang(breaker)] as const
    await open(breaker)

    await late[0].release('answer')
    await clock.advance(RESET_TIMEOUT)
    const probe = hang(breaker)
    await late[1].fail()

    expect(breaker.state).toBe('half-open')
    expect(breaker.snapshot().counts.stale).toBe(2)
    await probe.release()
    expect(breaker.state).toBe('closed')
  })

  it('rejects calls beyond maxConcurrent, which is evidence of nothing', async () => {
    const { breaker } = createBreaker({ maxConcurrent: 2, maxFailures: 1 })
    const calls = [hang(breaker), hang(breaker)] as const

    const error = await reasonOf(breaker.run(() => 1))
    await calls[0].release()
    await succeed(breaker)

    expect(error).toMatchObject({ name: 'CircuitFullError', maxConcurrent: 2 })
    expect(breaker.state).toBe('closed')
    expect(breaker.snapshot().counts.rejected.full).toBe(1)
  })

  it('does not hold up a probe by hanging calls that fill maxConcurrent', async () => {
    const { breaker, clock } = createBreaker({ maxConcurrent: 1 })
    hang(breaker)
    breaker.trip()

    await clock.advance(RESET_TIMEOUT)
    await succeed(breaker)

    expect(breaker.state).toBe('closed')
  })

  it('has no timers at rest, open or half-open', async () => {
    const { breaker, clock } = createBreaker()

    await open(breaker)
    const whileOpen = clock.timers
    await clock.advance(RESET_TIMEOUT)
    const whileHalfOpen = clock.timers
    await succeed(breaker)
    await clock.advance(0)

    expect([whileOpen, whileHalfOpen, clock.timers]).toEqual([0, 0, 0])
  })
})

describe('reading a breaker', () => {
  it('moves nothing, publishes nothing and counts nothing', async () => {
    const { breaker, clock } = createBreaker({ recovery: { timeout: 100 } })
    await open(breaker)
    const events = record(breaker, 'transition', 'override')
    breaker.forceClosed({ for: 10 })
    await clock.advance(RESET_TIMEOUT)
    const { counts, generation } = breaker.snapshot()

    for (let i = 0; i < 3; i++) {
      void [breaker.state, breaker.snapshot(), breaker.explain(), breaker.save(), breaker.options]
    }

    expect(events.map(([name]) => name)).toEqual(['override'])
    expect(breaker.snapshot()).toMatchObject({ counts, generation, state: 'half-open' })
  })
})

describe('a rate over a number of calls', () => {
  it('opens for the whole open time when a success is what reaches its minimum', async () => {
    const clock = new ManualClock()
    const failureRate = { threshold: 0.5, minimumCalls: 2, window: { calls: 2 } }
    const breaker = new CircuitBreaker({ trip: { failureRate }, resetTimeout: 1_000, clock })
    await fail(breaker)
    await clock.advance(60_000)

    await succeed(breaker)

    expect(breaker.snapshot()).toMatchObject({ state: 'open', stateFor: 0, retryAfter: 1_000 })
  })
})
