import { beforeEach, describe, expect, it } from 'vitest'
import { open, RESET_TIMEOUT, reasonOf, succeed } from '../../test/helpers/public.ts'
import { CircuitBreaker, type CircuitBreakerOptions, CircuitRegistry } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

const HOUR = 3_600_000

let clock: ManualClock
let lost: Record<string, readonly string[]>
beforeEach(() => {
  clock = new ManualClock()
  lost = {}
})

function createRegistry(maxSize: number, options: Partial<CircuitBreakerOptions> = {}) {
  const defaults = { maxFailures: 3, resetTimeout: RESET_TIMEOUT, clock, ...options }
  const registry = new CircuitRegistry({ defaults, maxSize })
  registry.on('evict', (event) => {
    lost[event.breaker] = event.lost
  })
  return registry
}

const names = (registry: CircuitRegistry): string[] => [...registry].map(({ name }) => name)

describe('an open breaker without calls', () => {
  it.each([
    ['an hour', RESET_TIMEOUT, HOUR],
    ['ten of its open times, if those are longer', HOUR / 4, 10 * (HOUR / 4)],
  ])('is kept for %s', async (_, resetTimeout, kept) => {
    const registry = createRegistry(1, { resetTimeout })
    await open(registry.breaker('a'))
    await clock.advance(kept - 1)
    registry.breaker('b')
    expect(names(registry)).toEqual(['a', 'b'])
    await clock.advance(1)
    registry.breaker('c')

    expect(names(registry)).toEqual(['c'])
    expect(lost).toEqual({ a: ['an open circuit', 'the history of earlier trips'] })
  })

  it('is forgotten while half-open, too', async () => {
    const registry = createRegistry(1)
    const breaker = registry.breaker('a')
    await open(breaker)
    await clock.advance(RESET_TIMEOUT)
    void breaker.run(() => new Promise(() => {})).catch(() => {})
    expect(breaker.state).toBe('half-open')
    // The probe is given up.
    await clock.advance(30_000)
    await clock.advance(HOUR)
    registry.breaker('b')

    expect(names(registry)).toEqual(['b'])
  })

  it('is kept when calls have been rejected since', async () => {
    const registry = createRegistry(1, { resetTimeout: HOUR / 10 })
    const breaker = registry.breaker('a')
    await open(breaker)
    await clock.advance(HOUR / 10 - 1)
    await reasonOf(breaker.run(() => 1))
    await clock.advance(HOUR - 1)
    registry.breaker('b')

    expect(names(registry)).toEqual(['a', 'b'])
  })

  it('is forgotten although it was read meanwhile: reading is no call', async () => {
    const registry = createRegistry(1)
    await open(registry.breaker('a'))
    await clock.advance(HOUR - 1)
    registry.snapshot()
    expect(registry.breaker('a').state).toBe('half-open')
    expect(registry.breaker('a').explain().text).not.toBe('')
    await clock.advance(1)
    registry.breaker('b')

    expect(names(registry)).toEqual(['b'])
  })

  it.each(['forceOpen', 'forceClosed', 'disable'] as const)(
    'is kept for ever after %s, until the override is lifted',
    async (force) => {
      const registry = createRegistry(1)
      const breaker = registry.breaker('a')
      await open(breaker)
      breaker[force]()
      await clock.advance(1000 * HOUR)
      registry.breaker('b')
      expect(names(registry)).toEqual(['a', 'b'])
      breaker.release()
      await clock.advance(HOUR)
      registry.breaker('c')

      expect(names(registry)).toEqual(['c'])
    },
  )

  it('goes before closed ones that have healthy calls or failures', async () => {
    const registry = createRegistry(3, { trip: { failureRate: { window: { calls: 10 } } } })
    await succeed(registry.breaker('healthy'))
    registry.breaker('abandoned').trip()
    await clock.advance(HOUR)
    await reasonOf(registry.breaker('failing').run(() => Promise.reject(new Error('down'))))
    registry.breaker('new')

    expect(names(registry)).toEqual(['healthy', 'failing', 'new'])
  })

  it('goes first if it is the one that was not called for the longest time', async () => {
    const registry = createRegistry(3)
    for (const name of ['a', 'b', 'c']) registry.breaker(name).trip()
    await clock.advance(RESET_TIMEOUT / 2)
    for (const name of ['b', 'a']) await reasonOf(registry.breaker(name).run(() => 1))
    await clock.advance(1)
    await reasonOf(registry.breaker('a').run(() => 1))
    await clock.advance(HOUR)
    for (const name of ['d', 'e']) await open(registry.breaker(name))

    expect(names(registry)).toEqual(['a', 'd', 'e'])
  })

  it('counts from its restoration when it continues from saved data', async () => {
    const registry = createRegistry(1)
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: RESET_TIMEOUT, clock })
    breaker.trip()
    await clock.advance(2 * HOUR)
    registry.breaker('a', { saved: breaker.save() })
    registry.breaker('b')
    expect(names(registry)).toEqual(['a', 'b'])
    await clock.advance(HOUR)
    registry.breaker('c')

    expect(names(registry)).toEqual(['c'])
  })

  it('keeps working for code that holds it', async () => {
    const registry = createRegistry(1)
    const breaker = registry.breaker('a')
    await open(breaker)
    await clock.advance(HOUR)
    registry.breaker('b')

    expect(await breaker.run(() => 'answer')).toBe('answer')
    expect(registry.breaker('a')).not.toBe(breaker)
  })
})

it('a registry of dead hosts comes back to its size an hour after the outage', async () => {
  const registry = createRegistry(100, { maxFailures: 1 })
  const visit = registry.keyed(async (_: number) => Promise.reject(new Error('down')), {
    name: 'host',
    key: (host) => host,
  })
  for (let host = 0; host < 2_000; host++) await reasonOf(visit(host))
  expect(registry.size).toBe(2_000)
  await clock.advance(HOUR)
  await reasonOf(visit(2_000))

  expect(registry.size).toBe(100)
  expect(registry.snapshot().evicted).toBe(1_901)
})
