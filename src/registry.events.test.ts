import { beforeEach, describe, expect, it, vi } from 'vitest'
import { fail, hang, RESET_TIMEOUT, succeed } from '../test/helpers/public.ts'
import { CircuitBreaker, CircuitRegistry } from './index.ts'
import { ManualClock } from './testing/manual-clock.ts'

let clock: ManualClock
let registry: CircuitRegistry
beforeEach(() => {
  clock = new ManualClock()
  registry = new CircuitRegistry({
    defaults: { maxFailures: 3, resetTimeout: RESET_TIMEOUT, clock },
  })
})

describe('registry.on', () => {
  it('hears every breaker that was there, that comes later, or that is added', async () => {
    const heard: string[] = []
    const early = registry.breaker('early')
    const called = registry.breaker('called')
    await succeed(called)
    registry.on('transition', ({ breaker, to }) => heard.push(`${breaker} ${to}`))
    const late = registry.breaker('late')
    const added = new CircuitBreaker({ name: 'added', maxFailures: 1, registry, clock })
    for (const breaker of [early, called, late, added]) breaker.trip()

    expect(heard).toEqual(['early open', 'called open', 'late open', 'added open'])
  })

  it('leaves listeners of the breakers themselves alone, in either order', async () => {
    const heard: string[] = []
    const breaker = registry.breaker('users')
    breaker.on('failure', () => heard.push('first own'))
    registry.on('failure', () => heard.push('registry'))
    breaker.on('failure', () => heard.push('second own'))
    const other = registry.breaker('orders')
    const off = other.on('failure', () => heard.push('other'))
    await fail(breaker)
    await fail(other)
    off()
    await fail(other)

    expect(heard).toEqual(['first own', 'second own', 'registry', 'other', 'registry', 'registry'])
  })

  it('hears nothing after it is unsubscribed, or of a breaker that is gone', async () => {
    const heard: string[] = []
    const controller = new AbortController()
    const listen = (name: string) => () => heard.push(name)
    registry.on('failure', listen('aborted'), { signal: controller.signal })
    const off = registry.on('failure', listen('off'))
    const breaker = registry.breaker('users')
    const unused = registry.breaker('unused')
    await fail(breaker)
    registry.delete('users')
    registry.delete('unused')
    await fail(breaker)
    await fail(unused)
    controller.abort()
    await fail(registry.breaker('users'))
    off()
    await fail(registry.breaker('users'))

    expect(heard).toEqual(['aborted', 'off', 'off'])
  })

  it.each<[string, (registry: CircuitRegistry) => () => void]>([
    ['calling off twice', (r) => r.on('transition', () => {})],
    [
      'aborting the signal and then calling off',
      (r) => {
        const controller = new AbortController()
        const off = r.on('transition', () => {}, { signal: controller.signal })
        return () => {
          controller.abort()
          off()
        }
      },
    ],
    ['calling off of another event twice', (r) => r.on('evict', () => {})],
  ])('keeps later listeners after %s', (_, listenOnce) => {
    const heard: string[] = []
    const existing = registry.breaker('existing')
    existing.snapshot()
    const off = listenOnce(registry)
    off()
    registry.on('transition', ({ breaker }) => heard.push(breaker))
    off()
    off()
    existing.trip()
    registry.breaker('new').trip()

    expect(heard).toEqual(['existing', 'new'])
  })

  it('can be heard by several registries', async () => {
    const other = new CircuitRegistry()
    const breaker = registry.breaker('users')
    other.add(breaker)
    const heard: string[] = []
    const off = registry.on('failure', () => heard.push('one'))
    other.on('failure', () => heard.push('two'))
    await fail(breaker)
    off()
    await fail(breaker)

    expect(heard).toEqual(['one', 'two', 'two'])
  })

  it('reports a listener that throws as listenerError, and changes no result', async () => {
    const errors: unknown[] = []
    registry.on('success', () => {
      throw new Error('mine')
    })
    registry.on('listenerError', ({ breaker, source }) => errors.push([breaker, source]))

    await expect(registry.breaker('users').run(() => 1)).resolves.toBe(1)
    expect(errors).toEqual([['users', 'listener of "success"']])
  })

  it.each<[string, (breaker: CircuitBreaker) => unknown]>([
    ['without listeners', () => {}],
    ['with listeners', (breaker) => breaker.on('failure', () => {})],
  ])(
    'leaves errors to the console where it listens to others only: a breaker %s',
    async (_, prepare) => {
      const print = vi.spyOn(console, 'error').mockImplementation(() => {})
      const error = new Error('bad classifier')
      const breaker = registry.breaker('users', {
        classify: () => {
          throw error
        },
      })
      registry.on('success', () => {})
      prepare(breaker)

      await succeed(breaker)

      expect(print.mock.calls).toEqual([['short-circuit: circuit "users": classify threw', error]])
      print.mockRestore()
    },
  )

  it('prints nothing about events that it does not hear', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {})
    const small = new CircuitRegistry({ maxSize: 1 })
    const heard: string[] = []
    small.on('failure', ({ breaker }) => heard.push(breaker))
    await fail(small.breaker('users'))

    await fail(small.breaker('orders'))

    expect([heard, small.size, print.mock.calls]).toEqual([['users', 'orders'], 1, []])
    print.mockRestore()
  })

  it('names the nearest known event', () => {
    expect(() => registry.on('evicted' as 'evict', () => {})).toThrow('did you mean "evict"?')
  })

  it('hears calls that were in flight when it subscribed, the first one after the last was gone', async () => {
    const breaker = registry.breaker('users')
    const off = registry.on('success', () => {})
    await succeed(breaker)
    off()
    const inFlight = hang(breaker)
    registry.on('success', ({ breaker: name }) => expect(name).toBe('users'))
    await inFlight.release()

    expect.assertions(1)
  })
})

describe('a lower maxSize', () => {
  it('evicts at once, and tells of what is lost', async () => {
    const registry = new CircuitRegistry({ defaults: { maxFailures: 3 } })
    const evicted: string[] = []
    registry.on('evict', ({ breaker }) => evicted.push(breaker))
    for (const name of ['a', 'b']) await fail(registry.breaker(name))

    registry.maxSize = 1

    expect(evicted).toEqual(['a'])
    expect(registry.size).toBe(1)
  })
})

describe('registry.get(name)', () => {
  it('knows no breaker of another name, and takes nothing but names', () => {
    const registry = new CircuitRegistry()

    expect(registry.get('missing')).toBeUndefined()
    expect(() => registry.get(5 as never)).toThrow(new TypeError('name must be a string, got 5'))
  })
})
