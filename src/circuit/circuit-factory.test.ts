import { describe, expect, it } from 'vitest'
import { circuitFactoryFor } from './circuit-factory.ts'

describe('the blueprint of options', () => {
  it.each([
    [{ maxFailures: 4 }, { maxFailures: 4 }],
    [
      { maxFailures: 4, name: 'a' },
      { maxFailures: 4, name: 'b' },
    ],
    [
      { maxFailures: 4, fallback: undefined },
      { maxFailures: 4, fallback: undefined },
    ],
  ])('is one for all that say the same in plain data: %j, %j', (one, other) => {
    expect(circuitFactoryFor(one)).toBe(circuitFactoryFor(other))
  })

  it.each([
    [{ maxFailures: 4 }, { maxFailures: 5 }],
    [{ fallback: () => 1 }, { fallback: () => 1 }],
    [{ random: Math.random }, {}],
  ])(
    'is another for any that say something else, or nothing that text can: %j, %j',
    (one, other) => {
      expect(circuitFactoryFor(one)).not.toBe(circuitFactoryFor(other))
    },
  )
})
