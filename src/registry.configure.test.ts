import { beforeEach, describe, expect, it } from 'vitest'
import { fail, open, RESET_TIMEOUT, reasonOf } from '../test/helpers/public.ts'
import {
  CircuitBreaker,
  CircuitOpenError,
  CircuitRegistry,
  type RegistryConfiguration,
} from './index.ts'
import { ManualClock } from './testing/manual-clock.ts'

let registry: CircuitRegistry
beforeEach(() => {
  const defaults = { maxFailures: 3, resetTimeout: RESET_TIMEOUT, clock: new ManualClock() }
  registry = new CircuitRegistry({ defaults })
})

/** A breaker in use. */
async function used(name: string, options = {}): Promise<CircuitBreaker> {
  const breaker = registry.breaker(name, options)
  await fail(breaker)
  return breaker
}

const maxFailuresOf = (breaker: CircuitBreaker) => breaker.options.trip.consecutiveFailures

describe('registry.configure', () => {
  it('applies defaults and options by name to breakers in use, and keeps their evidence', async () => {
    const [users, orders] = [await used('users'), await used('orders')]
    const results = registry.configure({
      defaults: { maxFailures: 2, callTimeout: 500 },
      breakers: { users: { maxFailures: 7 } },
    })

    expect([users, orders].map(maxFailuresOf)).toEqual([7, 2])
    expect([users, orders].map(({ options }) => options.callTimeout)).toEqual([500, 500])
    expect(Object.keys(results.get('orders')?.changed ?? {})).toContain('callTimeout')
    expect(orders.snapshot().consecutiveFailures).toBe(1)
    await fail(orders)
    expect(orders.state).toBe('open')
  })

  it('applies them to breakers that were not used yet, and to those to come', () => {
    const unused = registry.breaker('unused')
    registry.configure({
      defaults: { maxFailures: 2 },
      breakers: { unused: { maxFailures: 7 }, later: { maxFailures: 8 } },
    })

    expect(maxFailuresOf(unused)).toBe(7)
    expect(maxFailuresOf(registry.breaker('later'))).toBe(8)
    expect(maxFailuresOf(registry.breaker('another'))).toBe(2)
  })

  it('puts options by name over those in code, and those in code over defaults', async () => {
    const code = { maxFailures: 4, callTimeout: 10, history: 3 }
    const existing = await used('existing', code)
    registry.configure({
      defaults: { maxFailures: 2, history: 5, statistics: true },
      breakers: { existing: { callTimeout: 20 }, later: { callTimeout: 20 } },
    })

    for (const { options } of [existing, registry.breaker('later', code)]) {
      expect(options).toMatchObject({
        trip: { consecutiveFailures: 4 },
        callTimeout: 20,
        history: 3,
        statistics: true,
      })
    }
  })

  it('replaces the rule of one option by that of the other', async () => {
    const users = await used('users', { maxFailures: 4 })
    registry.configure({ breakers: { users: { trip: { failureRate: {} } } } })

    expect(users.options.trip).toMatchObject({ consecutiveFailures: undefined })
    expect(users.options.trip.failureRate).toBeDefined()
  })

  it('replaces the earlier configuration, and changes that breakers were given live', async () => {
    const [users, orders] = [await used('users'), await used('orders')]
    registry.configure({ breakers: { users: { maxFailures: 7 } } })
    orders.configure({ callTimeout: 5 })
    registry.configure({ breakers: { orders: { history: 2 } } })

    expect(maxFailuresOf(users)).toBe(3)
    expect(orders.options).toMatchObject({ callTimeout: undefined, history: 2 })
  })

  it('leaves defaults or names alone that it does not have', async () => {
    const users = await used('users')
    registry.configure({ breakers: { users: { maxFailures: 7 } } })
    registry.configure({ defaults: { callTimeout: 50 } })

    expect(users.options).toMatchObject({ trip: { consecutiveFailures: 7 }, callTimeout: 50 })
    registry.defaults = { history: 3 }
    expect(maxFailuresOf(registry.breaker('users'))).toBe(7)
  })

  it('changes nothing the second time, and publishes nothing', async () => {
    const users = await used('users')
    const configuration = { defaults: { maxFailures: 2 }, breakers: { users: { history: 2 } } }
    registry.configure(configuration)
    let published = 0
    users.on('configure', () => published++)

    expect(registry.configure(configuration).size).toBe(0)
    expect(published).toBe(0)
  })

  it('keeps an open circuit open, an override in force and a call in flight counted', async () => {
    const users = await used('users')
    await open(users)
    users.forceOpen()
    const orders = await used('orders')
    const permit = orders.acquire()
    registry.configure({ defaults: { callTimeout: 50 } })
    permit.failure()

    expect(users.snapshot()).toMatchObject({ automatic: 'open', override: { mode: 'forced-open' } })
    expect(orders.snapshot().consecutiveFailures).toBe(2)
  })

  it('applies the options of a keyed function to all its keys, and those of one key over them', async () => {
    const ask = registry.keyed(async (host: string) => host, { name: 'host', key: (host) => host })
    await ask('a')
    await ask('b')
    registry.configure({
      breakers: { host: { maxFailures: 7, history: 2 }, 'host:b': { maxFailures: 8 } },
    })
    await ask('c')

    expect(['a', 'b', 'c'].map((key) => registry.get(`host:${key}`)?.options)).toMatchObject([
      { trip: { consecutiveFailures: 7 }, history: 2 },
      { trip: { consecutiveFailures: 8 }, history: 2 },
      { trip: { consecutiveFailures: 7 }, history: 2 },
    ])
  })

  it('applies options by name to a breaker that was created elsewhere, but no defaults', () => {
    const early = new CircuitBreaker({ name: 'early', maxFailures: 4, registry })
    registry.configure({
      defaults: { callTimeout: 50 },
      breakers: { early: { history: 2 }, late: { history: 2 } },
    })
    const late = new CircuitBreaker({ name: 'late', maxFailures: 4, registry })

    for (const { options } of [early, late]) {
      expect(options).toMatchObject({
        trip: { consecutiveFailures: 4 },
        history: 2,
        callTimeout: undefined,
      })
    }
    registry.configure({ breakers: {} })
    expect(early.options.history).toBe(8)
  })

  it('copies what it is given', () => {
    const users = { maxFailures: 7 }
    registry.configure({ breakers: { users } })
    users.maxFailures = 1

    expect(maxFailuresOf(registry.breaker('users'))).toBe(7)
  })

  it('may be called by a listener of the changes that it makes', async () => {
    const [users, orders] = [await used('users'), await used('orders')]
    let calls = 0
    registry.on('configure', () => {
      if (calls++ === 0) registry.configure({ defaults: { maxFailures: 9 } })
    })
    registry.configure({ defaults: { maxFailures: 7 } })

    expect([users, orders, registry.breaker('later')].map(maxFailuresOf)).toEqual([9, 9, 9])
  })
})

describe('a wrong configuration', () => {
  it.each<[unknown, string]>([
    [{ defaults: { callTimeout: 5, maxFailures: 0 } }, 'maxFailures must be an integer'],
    [
      { defaults: { callTimeout: 5 }, breakers: { users: { maxFailures: 0 } } },
      'breakers.users: maxFailures must be an integer of at least 1, got 0',
    ],
    [
      { defaults: { callTimeout: 5 }, breakers: { later: { maxFailure: 1 } } },
      'breakers.later: unknown option "maxFailure" (in options); did you mean "maxFailures"?',
    ],
    [
      { defaults: { callTimeout: 5 }, breakers: { users: null } },
      'breakers.users: options must be',
    ],
    [{ defaults: { callTimeout: 5 }, breakers: [] }, 'breakers must be an object, got an array'],
    [
      { defaults: { callTimeout: 5 }, breakers: new Map([['users', { maxFailures: 1 }]]) },
      'breakers must be an object, got a Map',
    ],
    [
      { defaults: { callTimeout: 5 }, breakers: { users: new Map([['maxFailures', 1]]) } },
      'breakers.users: options must be an object, got a Map',
    ],
    [new Map([['defaults', {}]]), 'configuration must be an object, got a Map'],
    [{ defaults: { callTimeout: 5 }, breakers: null }, 'breakers must be an object, got null'],
    [
      { defaults: { callTimeout: 5 }, breakers: { users: { name: 'x' } } },
      'breakers.users: the configuration of a registry can\'t have "name"',
    ],
    [
      { defaults: { callTimeout: 5 }, breakers: { users: { clock: new ManualClock() } } },
      'can\'t have "clock"',
    ],
    [{ defaults: { saved: {} } }, 'the defaults of a registry can\'t have "saved"'],
    [{ default: {} }, 'unknown option "default" (in configuration); did you mean "defaults"?'],
    [undefined, 'configuration must be an object, got undefined'],
  ])('changes nothing at all: %j', async (configuration, message) => {
    const users = await used('users')
    registry.configure({ breakers: { orders: { maxFailures: 8 } } })

    expect(() => registry.configure(configuration as RegistryConfiguration)).toThrow(message)
    expect(users.options).toMatchObject({
      trip: { consecutiveFailures: 3 },
      callTimeout: undefined,
    })
    expect(registry.defaults.maxFailures).toBe(3)
    expect(maxFailuresOf(registry.breaker('orders'))).toBe(8)
  })
})

describe('names of keyed functions and keys with colons', () => {
  it('do not lead to the same breaker', async () => {
    const down = async (_: string) => Promise.reject(new Error('down'))
    const byKey = { key: (key: string) => key, maxFailures: 1 }
    const ask = registry.keyed(down, { ...byKey, name: 'a' })
    const other = registry.keyed(async (key: string) => key, { ...byKey, name: 'a:b' })
    await reasonOf(ask('b:c'))

    expect(await reasonOf(ask('b:c'))).toBeInstanceOf(CircuitOpenError)
    expect(await other('c')).toBe('c')
    expect([...registry].map(({ name }) => name)).toEqual(['a:b:c', 'a%3Ab:c'])
  })

  it.each([
    ['a%3Ab', 'a:b'],
    ['a:', 'a'],
    ['%', '%25'],
  ])('are told apart: %s and %s', async (one, another) => {
    const byKey = { key: (key: string) => key }
    const ask = async (key: string) => key
    for (const key of ['', ':', 'c', ':c', 'b:c']) {
      await registry.keyed(ask, { ...byKey, name: one })(key)
      await registry.keyed(ask, { ...byKey, name: another })(key)
    }

    expect(registry.size).toBe(10)
  })
})
