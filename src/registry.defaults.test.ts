import { beforeEach, describe, expect, it } from 'vitest'
import { fail, hang, RESET_TIMEOUT, reasonOf, succeed } from '../test/helpers/public.ts'
import { CircuitBreaker, CircuitRegistry } from './index.ts'
import { ManualClock } from './testing/manual-clock.ts'

let clock: ManualClock
let registry: CircuitRegistry
beforeEach(() => {
  clock = new ManualClock()
  registry = new CircuitRegistry()
})

const maxFailuresOf = (breaker: CircuitBreaker<unknown>) => breaker.options.trip.consecutiveFailures

describe('defaults that are set after a breaker was created', () => {
  it.each<[string, () => CircuitBreaker]>([
    ['without options', () => registry.breaker('users')],
    ['with other options', () => registry.breaker('users', { callTimeout: 50 })],
  ])('hold for it from its first use: %s', async (_, create) => {
    const breaker = create()
    registry.defaults = { maxFailures: 2, resetTimeout: RESET_TIMEOUT, clock }
    await fail(breaker)
    await fail(breaker)

    expect(breaker.state).toBe('open')
    await clock.advance(RESET_TIMEOUT)
    expect(breaker.state).toBe('half-open')
  })

  it('hold for functions that were wrapped before, as decorators do when a class is loaded', async () => {
    const down = registry.breaker('users')(async () => Promise.reject(new Error('down')))
    registry.defaults = { maxFailures: 2, clock }
    await reasonOf(down())
    await reasonOf(down())

    expect(registry.breaker('users').state).toBe('open')
  })

  it('hold although the breaker was read: reading is no use', () => {
    const breaker = registry.breaker('users')
    breaker.snapshot()
    expect(maxFailuresOf(breaker)).toBeUndefined()
    registry.defaults = { maxFailures: 2 }

    expect(maxFailuresOf(breaker)).toBe(2)
  })

  it('hold the last ones, when they are set several times', () => {
    const breaker = registry.breaker('users', { callTimeout: 50 })
    registry.defaults = { maxFailures: 2, callTimeout: 10 }
    registry.defaults = { maxFailures: 4, callTimeout: 20 }

    expect(maxFailuresOf(breaker)).toBe(4)
    expect(breaker.options.callTimeout).toBe(50)
  })

  it('give way to an option that happened to be the same as an earlier default', () => {
    registry.defaults = { resetTimeout: 1000 }
    const [first, second] = [
      registry.breaker('first', { maxFailures: 3 }),
      registry.breaker('second', { maxFailures: 3, resetTimeout: 1000 }),
    ]
    registry.defaults = { resetTimeout: 5000 }

    expect([first, second].map(({ options }) => options.resetTimeout)).toEqual([5000, 1000])
  })

  it('hold for the keys of keyed functions that were created before', async () => {
    const ask = registry.keyed(async (host: string) => host, { key: (host) => host, name: 'host' })
    const unnamed = registry.keyed(async (host: string) => host, { key: (host) => host })
    await ask('before')
    registry.defaults = { maxFailures: 2 }
    await ask('after')
    await unnamed('after')

    expect(
      [...registry].map(({ name, options }) => [name, options.trip.consecutiveFailures]),
    ).toEqual([
      ['host:before', undefined],
      ['host:after', 2],
      ['keyed:after', 2],
    ])
  })

  it('keep the listeners of the breaker', async () => {
    const heard: string[] = []
    const breaker = registry.breaker('users')
    breaker.on('failure', () => heard.push('breaker'))
    registry.on('failure', () => heard.push('registry'))
    registry.defaults = { maxFailures: 2 }
    await fail(breaker)

    expect(heard).toEqual(['breaker', 'registry'])
  })

  it('report what a rule of one’s own throws to the listeners of its breaker', async () => {
    const heard: unknown[] = []
    const breaker = registry.breaker('users')
    breaker.on('listenerError', ({ source }) => heard.push(source))
    registry.defaults = {
      trip: {
        when: () => {
          throw new Error('mine')
        },
      },
    }
    await fail(breaker)

    expect(heard).toEqual(['trip.when'])
  })

  it.each<[string, (breaker: CircuitBreaker) => unknown]>([
    ['a call', (breaker) => succeed(breaker)],
    ['a call in flight', (breaker) => void hang(breaker)],
    ['a permit', (breaker) => breaker.acquire().cancel()],
    ['being reset', (breaker) => breaker.reset()],
    ['an override', (breaker) => breaker.forceClosed()],
    ['live configuration', (breaker) => breaker.configure({ history: 3 })],
  ])('do not change one that was used: %s', async (_, use) => {
    const breaker = registry.breaker('users')
    await use(breaker)
    registry.defaults = { maxFailures: 2 }

    expect(maxFailuresOf(breaker)).toBeUndefined()
    expect(maxFailuresOf(registry.breaker('new'))).toBe(2)
  })

  it('do not change one that continues from saved data', () => {
    const tripped = new CircuitBreaker({ resetTimeout: 1_000_000 })
    tripped.trip()
    const breaker = registry.breaker('users', { saved: tripped.save() })
    registry.defaults = { maxFailures: 2 }

    expect(breaker.state).toBe('open')
    expect(maxFailuresOf(breaker)).toBeUndefined()
  })

  it('do not change one that was created elsewhere', () => {
    const breaker = new CircuitBreaker({ name: 'mine', maxFailures: 7, registry })
    registry.defaults = { maxFailures: 2, callTimeout: 5 }

    expect(breaker.options).toMatchObject({
      trip: { consecutiveFailures: 7 },
      callTimeout: undefined,
    })
  })

  it('do not change one that another registry has created', () => {
    const breaker = new CircuitRegistry().breaker('mine', { callTimeout: 7 })
    registry.add(breaker)
    registry.defaults = { maxFailures: 2 }

    expect(maxFailuresOf(breaker)).toBeUndefined()
  })

  it('change nothing when they are wrong', () => {
    const breaker = registry.breaker('users')
    registry.defaults = { maxFailures: 2 }

    expect(() => (registry.defaults = { callTimeout: 5, maxFailures: 0 })).toThrow(RangeError)
    expect(registry.defaults).toEqual({ maxFailures: 2 })
    expect(maxFailuresOf(breaker)).toBe(2)
    expect(breaker.options.callTimeout).toBeUndefined()
  })
})
