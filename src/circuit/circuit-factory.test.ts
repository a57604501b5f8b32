import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { CircuitFactory, CircuitFactoryCache, circuitFactoryFor } from './circuit-factory.ts'

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
  ])('returns a factory of their own for %s', (_, one, other) => {
    expect(circuitFactoryFor(one)).not.toBe(circuitFactoryFor(other))
  })

  it.each([
    { maxFailures: 4, maxFailuers: undefined },
    { maxFailures: 4, trip: [] },
    { maxFailures: 4, clock: null },
    null,
    7,
    [],
  ])('rejects wrong options that look like a set it has a factory for: %j', (wrong) => {
    circuitFactoryFor({ maxFailures: 4 })
    circuitFactoryFor({ maxFailures: 4, trip: {} })
    circuitFactoryFor({})

    expect(() => circuitFactoryFor(wrong as never)).toThrow(TypeError)
  })
})

describe('CircuitFactoryCache', () => {
  it('compares functions by identity', () => {
    const cache = new CircuitFactoryCache()
    const get = (options: object) => cache.get(options, () => new CircuitFactory(options))
    const fallback = () => 1

    expect(get({ fallback })).toBe(get({ fallback }))
    expect(get({ fallback })).not.toBe(get({ fallback: () => 1 }))
  })

  it('keeps the hundred newest', () => {
    const cache = new CircuitFactoryCache()
    const get = (history: number) => cache.get({ history }, () => new CircuitFactory({ history }))
    const first = get(0)
    for (let history = 1; history < 100; history++) get(history)
    expect(get(0)).toBe(first)
    get(100)

    expect(get(0)).not.toBe(first)
  })
})
