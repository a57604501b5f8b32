import { beforeEach, describe, expect, it, vi } from 'vitest'
import { fail, hang, open, RESET_TIMEOUT, succeed } from '../../test/helpers/public.ts'
import { type CircuitBreakerOptions, CircuitRegistry } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

let clock: ManualClock
let lost: Record<string, readonly string[]>
beforeEach(() => {
  clock = new ManualClock()
  lost = {}
})

function createRegistry(
  maxSize: number,
  rules: Pick<CircuitBreakerOptions, 'maxFailures' | 'trip'> = { maxFailures: 3 },
): CircuitRegistry {
  const defaults = { resetTimeout: RESET_TIMEOUT, clock, ...rules }
  const registry = new CircuitRegistry({ defaults, maxSize })
  registry.on('evict', (event) => {
    lost[event.breaker] = event.lost
  })
  return registry
}

const names = (registry: CircuitRegistry): string[] => [...registry].map(({ name }) => name)

describe('a full registry', () => {
  it('drops the oldest breaker that differs in nothing from a new one, and says nothing about it', async () => {
    const registry = createRegistry(3)
    await fail(registry.breaker('a'))
    await succeed(registry.breaker('b'))
    registry.breaker('c')
    registry.breaker('d')
    expect(names(registry)).toEqual(['a', 'c', 'd'])
    registry.breaker('e')

    expect(names(registry)).toEqual(['a', 'd', 'e'])
    expect(lost).toEqual({})
    expect(registry.snapshot().evicted).toBe(2)
  })

  it('drops the oldest closed one when each has something to lose, and says what is lost', async () => {
    const registry = createRegistry(2)
    await fail(registry.breaker('a'))
    await fail(registry.breaker('b'))
    registry.breaker('c')

    expect(names(registry)).toEqual(['b', 'c'])
    expect(lost).toEqual({ a: ['failures in a row'] })
  })

  it.each<[string, (registry: CircuitRegistry) => unknown]>([
    ['open', (registry) => open(registry.breaker('a'))],
    [
      'half-open',
      async (registry) => {
        await open(registry.breaker('a'))
        await clock.advance(RESET_TIMEOUT)
      },
    ],
    ['forced open', (registry) => registry.breaker('a').forceOpen()],
    ['forced closed', (registry) => registry.breaker('a').forceClosed()],
    ['disabled', (registry) => registry.breaker('a').disable()],
  ])('never drops one that is %s, and rather outgrows its size', async (_, move) => {
    const registry = createRegistry(1)
    await move(registry)
    registry.breaker('b')
    expect(names(registry)).toEqual(['a', 'b'])
    registry.breaker('c')

    expect(names(registry)).toEqual(['a', 'c'])
  })

  it('shrinks to its size again once breakers have closed', async () => {
    const registry = createRegistry(1)
    const force = ['a', 'b', 'c'].map((name) => registry.breaker(name).forceOpen())
    expect(registry.size).toBe(3)
    for (const override of force) override[Symbol.dispose]()
    registry.breaker('d')

    expect(names(registry)).toEqual(['d'])
  })

  it('drops one whose override has run out', async () => {
    const registry = createRegistry(1)
    registry.breaker('a').forceOpen({ for: 10 })
    await clock.advance(10)
    registry.breaker('b')

    expect(names(registry)).toEqual(['b'])
  })

  it.each<[string, string, (registry: CircuitRegistry) => unknown]>([
    ['has calls in flight', 'calls in flight', (r) => void hang(r.breaker('a'))],
    [
      'has tripped before',
      'the history of earlier trips',
      (r) => {
        r.breaker('a').trip()
        r.breaker('a').reset()
      },
    ],
    ['has a listener', 'listeners', (r) => r.breaker('a').on('failure', () => {})],
    [
      'was configured live',
      'options configured live',
      (r) => r.breaker('a').configure({ maxFailures: 9 }),
    ],
  ])('keeps one that %s while others have nothing to lose', async (_, words, use) => {
    const registry = createRegistry(2)
    await use(registry)
    registry.breaker('b')
    registry.breaker('c')
    expect(names(registry)).toEqual(['a', 'c'])
    await fail(registry.breaker('c'))
    registry.breaker('d')

    expect(lost).toEqual({ a: [words] })
  })

  it('keeps the evidence of a rate, and drops healthy calls rather than failures', async () => {
    const registry = createRegistry(2, { trip: { failureRate: { window: { duration: 100 } } } })
    await fail(registry.breaker('a'))
    await succeed(registry.breaker('a'))
    await succeed(registry.breaker('b'))
    registry.breaker('c')
    expect(lost).toEqual({ b: ['healthy calls in a window'] })
    await succeed(registry.breaker('c'))
    await clock.advance(200)
    lost = {}
    registry.breaker('d')

    expect(names(registry)).toEqual(['c', 'd'])
    expect(lost).toEqual({})
  })

  it.each([
    { idle: 0, kept: true },
    { idle: 3_599_999, kept: true },
    { idle: 3_600_000, kept: false },
  ])(
    'keeps a score of failures for an hour after the last call: $kept after $idle',
    async (row) => {
      const registry = createRegistry(1, { trip: { evidence: {} } })
      await fail(registry.breaker('a'))
      await clock.advance(row.idle)
      registry.breaker('b')

      expect(lost).toEqual(row.kept ? { a: ['a score of failures'] } : {})
    },
  )

  it('drops a score that a success has taken away', async () => {
    const registry = createRegistry(1, { trip: { evidence: {} } })
    await fail(registry.breaker('a'))
    await succeed(registry.breaker('a'))
    registry.breaker('b')

    expect(lost).toEqual({ a: ['the learned latency and traffic of its target'] })
  })

  it('says so when what it had learned of a healthy target goes', async () => {
    const registry = createRegistry(1, { trip: 'auto' })
    await succeed(registry.breaker('a'))
    registry.breaker('b')

    expect(lost).toEqual({ a: ['the learned latency and traffic of its target'] })
  })

  it('evicts at once when its size is lowered', async () => {
    const registry = createRegistry(5)
    for (const name of ['a', 'b', 'c']) registry.breaker(name)
    await fail(registry.breaker('a'))
    registry.maxSize = 1

    expect(names(registry)).toEqual(['a'])
    expect(registry.maxSize).toBe(1)
  })

  it('tells of an eviction once the new breaker is in place; a listener may use the registry', async () => {
    const registry = createRegistry(1)
    const seen: string[][] = []
    registry.on('evict', ({ breaker }) => {
      seen.push(names(registry))
      if (seen.length < 3) registry.breaker(breaker)
    })
    await fail(registry.breaker('a'))
    registry.breaker('b')

    expect(seen).toEqual([['b']])
    expect(names(registry)).toEqual(['a'])
  })

  it('goes on publishing evict when the last listener of another event is gone', async () => {
    const registry = createRegistry(1)
    registry.on('failure', () => {})()
    await fail(registry.breaker('a'))
    registry.breaker('b')

    expect(lost).toEqual({ a: ['failures in a row'] })
  })

  it('finds the one with nothing to lose among thousands that have', async () => {
    const registry = createRegistry(2_000)
    for (let i = 0; i < 1_999; i++) await fail(registry.breaker(`${i}`))
    registry.breaker('lossless')
    registry.breaker('one more')

    expect(registry.has('lossless')).toBe(false)
    expect(registry.has('0')).toBe(true)
  })

  it.each([0, 1, 10])(
    'looks through its breakers only now and then while all but %i are open',
    async (closed) => {
      const registry = createRegistry(640)
      for (let i = 0; i < 640 - closed; i++) await open(registry.breaker(`open ${i}`))
      for (let i = 0; i < closed; i++) await succeed(registry.breaker(`closed ${i}`))
      const read = vi.spyOn(clock, 'now')

      for (let i = 0; i < 200; i++) await succeed(registry.breaker(`new ${i}`))

      expect(read.mock.calls.length / 200).toBeLessThan(150)
      expect(registry.size).toBeLessThanOrEqual(640 + 640 / 32 + 1)
      expect(names(registry).filter((name) => name.startsWith('open'))).toHaveLength(640 - closed)
    },
  )

  it('drops breakers of keys before named ones', async () => {
    const registry = createRegistry(3)
    registry.breaker('named')
    const call = registry.keyed(async (key: string) => key, { key: (key) => key, name: 'keyed' })
    for (const key of ['a', 'b', 'c', 'd']) await call(key)

    expect(names(registry)).toEqual(['named', 'keyed:c', 'keyed:d'])
  })
})
