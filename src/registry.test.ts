import { beforeEach, describe, expect, it } from 'vitest'
import { createBreaker, fail, open, RESET_TIMEOUT } from '../test/helpers/public.ts'
import { CircuitBreaker, CircuitRegistry, circuits } from './index.ts'
import { ManualClock } from './testing/manual-clock.ts'

let clock: ManualClock
let registry: CircuitRegistry
beforeEach(() => {
  clock = new ManualClock()
  registry = new CircuitRegistry({
    defaults: { maxFailures: 3, resetTimeout: RESET_TIMEOUT, clock },
  })
})

const names = (): string[] => [...registry].map(({ name }) => name)

describe('registry.breaker(name)', () => {
  it('creates a breaker of that name, and returns the same one from then on', () => {
    const breaker = registry.breaker('users')

    expect(breaker).toBeInstanceOf(CircuitBreaker)
    expect(breaker.name).toBe('users')
    expect(breaker.snapshot().name).toBe('users')
    expect(registry.breaker('users')).toBe(breaker)
    expect(registry.breaker('orders')).not.toBe(breaker)
  })

  it('creates breakers that share nothing but their options', async () => {
    await open(registry.breaker('users'))

    expect(registry.breaker('users').state).toBe('open')
    expect(registry.breaker('orders').state).toBe('closed')
  })

  it.each([[''], [7], [undefined]])('rejects %j for a name', (name) => {
    expect(() => registry.breaker(name as string)).toThrow('name must be a string')
    expect(registry.size).toBe(0)
  })

  it('configures each breaker from its own options, even where others mean the same', () => {
    registry.breaker('users', { maxFailures: 5 })
    const orders = registry.breaker('orders', { trip: { consecutiveFailures: 5 } })
    orders.configure({ trip: { failureRate: {} } })

    expect(orders.options.trip.consecutiveFailures).toBeUndefined()
  })

  it('rejects a wrong option as the constructor does, and registers nothing', () => {
    expect(() => registry.breaker('users', { maxFailures: 0 })).toThrow(RangeError)
    expect(() => registry.breaker('users', { name: 'x' } as never)).toThrow(
      'the options of a registry can\'t have "name"',
    )
    expect(registry.has('users')).toBe(false)
  })

  it('continues from saved data, whose time begins at once', async () => {
    const { breaker } = createBreaker()
    await open(breaker)
    const revived = registry.breaker('users', { saved: breaker.save() })
    await clock.advance(RESET_TIMEOUT - 1)
    expect(revived.state).toBe('open')
    await clock.advance(1)

    expect(revived.state).toBe('half-open')
  })
})

describe('asking for a name that is taken', () => {
  it('returns the breaker when the options are the same, however written', () => {
    const breaker = registry.breaker('users', { maxFailures: 5 })

    expect(registry.breaker('users', { trip: { consecutiveFailures: 5 } })).toBe(breaker)
    expect(registry.breaker('users', {})).toBe(breaker)
  })

  it('throws when they differ, and shows how', () => {
    registry.breaker('users', { maxFailures: 5, callTimeout: 100 })
    const asked = { maxFailures: 3, resetTimeout: { initial: 10 }, classify: () => undefined }

    expect(() => registry.breaker('users', asked)).toThrow(
      new TypeError(
        'circuit "users" is registered with other options: maxFailures is 5, got 3; resetTimeout is 1000, got {"initial":10,"max":30000,"factor":2,"jitter":0.25}; recovery.timeout is 100, got 30000; callTimeout is 100, got none; classify is none, got a function',
      ),
    )
  })

  it('compares clocks and sources of chance, too', () => {
    registry.breaker('users', { maxFailures: 3 })

    expect(() => registry.breaker('users', { maxFailures: 3, clock: new ManualClock() })).toThrow(
      'other options: clock is another one',
    )
  })
})

describe('the option registry', () => {
  it('registers the new breaker under its name', () => {
    const breaker = new CircuitBreaker({ name: 'users', registry })

    expect(registry.get('users')).toBe(breaker)
    expect(registry.add(breaker).size).toBe(1)
  })

  it('throws for a name that is taken, saying whether the options are the same', () => {
    new CircuitBreaker({ name: 'users', maxFailures: 2, registry })

    expect(() => new CircuitBreaker({ name: 'users', maxFailures: 3, registry })).toThrow(
      new TypeError(
        'circuit "users" is registered with other options: trip.consecutiveFailures is 2, got 3',
      ),
    )
    expect(() => new CircuitBreaker({ name: 'users', maxFailures: 2, registry })).toThrow(
      new TypeError(
        'circuit "users" is registered already; use registry.breaker("users") to share it',
      ),
    )
    expect(registry.size).toBe(1)
  })

  it('takes nothing but a registry', () => {
    expect(() => new CircuitBreaker({ registry: {} as never })).toThrow(
      'registry must be a CircuitRegistry, got an object',
    )
    expect(() => registry.add({} as never)).toThrow('breaker must be a CircuitBreaker')
  })
})

describe('looking at a registry', () => {
  it('creates nothing', () => {
    expect(registry.get('users')).toBeUndefined()
    expect(registry.has('users')).toBe(false)
    expect(registry.delete('users')).toBe(false)
    expect(registry.size).toBe(0)
  })

  it('iterates in the order in which breakers came', () => {
    for (const name of ['b', 'a', 'c']) registry.breaker(name)
    registry.breaker('a')

    expect(names()).toEqual(['b', 'a', 'c'])
  })

  it('shows everything in a snapshot, and moves nothing', async () => {
    await open(registry.breaker('a'))
    registry.breaker('b')
    const snapshot = registry.snapshot()

    expect(JSON.parse(JSON.stringify(snapshot))).toMatchObject({
      size: 2,
      maxSize: 10_000,
      evicted: 0,
      breakers: [
        { name: 'a', state: 'open' },
        { name: 'b', state: 'closed' },
      ],
    })
    expect(registry.snapshot()).toEqual(snapshot)
  })

  it('forgets a breaker that is deleted, which goes on for those who hold it', async () => {
    const breaker = registry.breaker('users')
    expect(registry.delete('users')).toBe(true)
    await fail(breaker)

    expect(breaker.snapshot().counts.failure).toBe(1)
    expect(registry.breaker('users')).not.toBe(breaker)
  })
})

describe('defaults', () => {
  it('hold for each option that is not given', () => {
    registry.breaker('users', { maxFailures: 5, resetTimeout: undefined })

    expect(registry.get('users')?.options).toMatchObject({
      trip: { consecutiveFailures: 5 },
      resetTimeout: RESET_TIMEOUT,
    })
  })

  it('give way where maxFailures and trip say the same thing', () => {
    registry.breaker('rate', { trip: { failureRate: {} } })
    expect(registry.get('rate')?.options.trip.consecutiveFailures).toBeUndefined()

    registry.defaults = { trip: { failureRate: {} } }
    registry.breaker('count', { maxFailures: 2 })
    expect(registry.get('count')?.options.trip.failureRate).toBeUndefined()
  })

  it('are copied and frozen', () => {
    const userOptions = { maxFailures: 7 }
    registry.defaults = userOptions
    userOptions.maxFailures = 1

    expect(registry.breaker('users').options.trip.consecutiveFailures).toBe(7)
    expect(Object.isFrozen(registry.defaults)).toBe(true)
  })

  it('are checked at once and kept as they were when they are wrong', () => {
    expect(() => (registry.defaults = { maxFailures: 0 })).toThrow(RangeError)
    expect(() => (registry.defaults = { name: 'x' } as never)).toThrow(
      'the defaults of a registry can\'t have "name"',
    )
    expect(registry.defaults.maxFailures).toBe(3)
  })
})

describe('the constructor of a registry', () => {
  it.each([
    [{ maxSize: 0 }, 'maxSize must be an integer of at least 1, got 0'],
    [{ maxsize: 3 }, 'unknown option "maxsize" (in options); did you mean "maxSize"?'],
    [{ defaults: { maxFailure: 3 } }, 'did you mean "maxFailures"?'],
  ])('rejects %j', (options, message) => {
    expect(() => new CircuitRegistry(options as never)).toThrow(message)
  })

  it('is not needed for the registry that is there from the start', () => {
    expect(circuits).toBeInstanceOf(CircuitRegistry)
  })
})
