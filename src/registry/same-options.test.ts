import { beforeEach, describe, expect, it } from 'vitest'
import { fail, RESET_TIMEOUT } from '../../test/helpers/public.ts'
import { type CircuitBreakerOptions, CircuitRegistry, type RegisteredOptions } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

let registry: CircuitRegistry
beforeEach(() => {
  const defaults = { maxFailures: 3, resetTimeout: RESET_TIMEOUT, clock: new ManualClock() }
  registry = new CircuitRegistry({ defaults })
})

type Functions = Pick<
  CircuitBreakerOptions<unknown>,
  'fallback' | 'classify' | 'retryAfter' | 'redact' | 'trip' | 'random'
>

const kinds: [string, (of: string) => Functions][] = [
  ['fallback', (user) => ({ fallback: () => `orders of ${user}` })],
  ['classify', (user) => ({ classify: () => (user === 'alice' ? 'failure' : 'neutral') })],
  ['retryAfter', (user) => ({ retryAfter: () => user.length })],
  ['redact', (user) => ({ redact: (message) => message.replace(user, '') })],
  ['trip.when', (user) => ({ trip: { when: () => user === 'alice' } })],
  ['random', (user) => ({ random: () => user.length / 10 })],
]

describe('a function among the options of a registered breaker', () => {
  it.each(kinds)('is the same only if it is that very function: %s', (path, create) => {
    const [alice, bob] = [create('alice'), create('bob')]
    const ask = (options: Functions) => registry.breaker('orders', options as RegisteredOptions)
    const breaker = ask(alice)

    expect(ask(alice)).toBe(breaker)
    expect(ask({ ...alice })).toBe(breaker)
    expect(() => ask(bob)).toThrow(`${path} is another function`)
    expect(() => ask(create('alice'))).toThrow(`${path} is another function`)
  })

  it('is not shared by two callers whose closures read alike', async () => {
    const breakerFor = (user: string) =>
      registry.breaker('orders', { fallback: () => `orders of ${user}` })
    breakerFor('alice').trip()

    expect(() => breakerFor('bob')).toThrow(
      new TypeError(
        'circuit "orders" is registered with other options: fallback is another function; define it once, outside of what asks for the breaker',
      ),
    )
  })

  it('is compared among the options of keyed functions as well', () => {
    const keyed = (user: string) =>
      registry.keyed(async (host: string) => host, {
        name: 'host',
        key: (host) => host,
        fallback: () => user,
      })
    keyed('alice')

    expect(() => keyed('bob')).toThrow('circuit "host" is registered with other options: fallback')
  })
})

describe('asking for a breaker that was configured live', () => {
  it('takes the options that are now true, and those that it was created with', () => {
    const breaker = registry.breaker('users', { maxFailures: 5 })
    breaker.configure({ maxFailures: 9, callTimeout: 50 })

    expect(registry.breaker('users', { maxFailures: 9, callTimeout: 50 })).toBe(breaker)
    expect(registry.breaker('users', { maxFailures: 5 })).toBe(breaker)
    expect(() => registry.breaker('users', { maxFailures: 7 })).toThrow(
      'maxFailures is 9, got 7; recovery.timeout is 50, got 30000; callTimeout is 50, got none',
    )
  })

  it('takes the functions that are now true', () => {
    const [before, now] = [() => 'before', () => 'now']
    const breaker = registry.breaker('users', { fallback: before })
    breaker.configure({ fallback: now })

    expect(registry.breaker('users', { fallback: now })).toBe(breaker)
    expect(registry.breaker('users', { fallback: before })).toBe(breaker)
  })

  it('takes the options that a configuration of the registry has made true', async () => {
    const breaker = registry.breaker('users', { maxFailures: 5 })
    await fail(breaker)
    registry.configure({ breakers: { users: { maxFailures: 9 } } })

    expect(registry.breaker('users', { maxFailures: 5 })).toBe(breaker)
    expect(registry.breaker('users', { maxFailures: 9 })).toBe(breaker)
  })

  it('is not compared with defaults that were set after its first use', async () => {
    const breaker = registry.breaker('users', { maxFailures: 5 })
    await fail(breaker)
    registry.defaults = { resetTimeout: 7 }

    expect(registry.breaker('users', { maxFailures: 5 })).toBe(breaker)
  })
})
