import { describe, expect, it } from 'vitest'
import { fail } from '../../test/helpers/public.ts'
import { CircuitRegistry, type RegistryDefaults } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { circuitFactoryFor } from './circuit-factory.ts'

describe('circuitFactoryFor(options)', () => {
  it.each([
    [{ maxFailures: 4 }, { maxFailures: 4 }],
    [
      { maxFailures: 4, resetTimeout: 7 },
      { resetTimeout: 7, maxFailures: 4 },
    ],
    [{ trip: { failureRate: { threshold: 0.5 } } }, { trip: { failureRate: { threshold: 0.5 } } }],
    [
      { maxFailures: 4, name: 'a' },
      { maxFailures: 4, name: 'b' },
    ],
    [
      { maxFailures: 4, fallback: undefined },
      { maxFailures: 4, fallback: undefined },
    ],
  ])('returns one factory for equal data, whatever the name: %j, %j', (one, other) => {
    expect(circuitFactoryFor(one)).toBe(circuitFactoryFor(other))
  })

  const fallback = () => 1
  const inherited = Object.create({ maxFailures: 4 })
  it.each([
    ['data that differs', { maxFailures: 4 }, { maxFailures: 5 }],
    ['other words', { maxFailures: 4 }, { trip: { consecutiveFailures: 4 } }],
    ['functions', { fallback }, { fallback }],
    ['inherited options', inherited, inherited],
    ['clocks', { clock: new ManualClock() }, {}],
    ['random numbers', { random: () => 0.5 }, {}],
    ['saved state', { saved: {} }, {}],
  ])('returns a factory of their own for %s', (_, one, other) => {
    expect(circuitFactoryFor(one)).not.toBe(circuitFactoryFor(other))
  })

  it.each([
    { maxFailures: 4, maxFailuers: undefined },
    { maxFailures: 4, trip: [] },
    { maxFailures: 4, clock: null },
    { maxFailures: 4, random: 0.5 },
    { maxFailures: 4, registry: null },
    null,
    7,
    [],
  ])('rejects wrong options that look like a set it has a factory for: %j', (wrong) => {
    circuitFactoryFor({ maxFailures: 4 })
    circuitFactoryFor({ maxFailures: 4, trip: {} })
    circuitFactoryFor({})

    expect(() => circuitFactoryFor(wrong as never)).toThrow(TypeError)
  })

  it('keeps the hundred newest', () => {
    const get = (history: number) => circuitFactoryFor({ history })
    const first = get(0)
    for (let history = 1; history < 100; history++) get(history)
    expect(get(0)).toBe(first)
    get(100)

    expect(get(0)).not.toBe(first)
  })
})

describe('a function among the options of several breakers', () => {
  const broken = (): never => {
    throw new Error('broken')
  }

  it.each<[string, RegistryDefaults]>([
    ['trip.when', { trip: { when: broken } }],
    ['resetTimeout', { maxFailures: 1, resetTimeout: broken }],
    ['resetTimeout', { maxFailures: 1, resetTimeout: () => 0 }],
    ['classify', { classify: broken }],
  ])('reports its errors to the breaker that called it: %s', async (source, defaults) => {
    const registry = new CircuitRegistry({ defaults })
    const reports: unknown[] = []
    registry.on('listenerError', (event) => reports.push(event))

    await fail(registry.breaker('a'))
    await fail(registry.breaker('b'))

    expect(reports).toEqual([
      { breaker: 'a', error: expect.any(Error), source },
      { breaker: 'b', error: expect.any(Error), source },
    ])
  })
})
