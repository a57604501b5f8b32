import { beforeEach, describe, expect, it } from 'vitest'
import { fail } from '../../test/helpers/public.ts'
import { CircuitRegistry } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

let registry: CircuitRegistry
beforeEach(() => {
  registry = new CircuitRegistry()
})

const limitOf = (name: string): unknown => registry.get(name)?.options.trip.consecutiveFailures

describe('options by name', () => {
  it('may have both maxFailures and other rules, which replace those before', () => {
    const failureCount = { threshold: 5, window: { calls: 9 } }
    registry.configure({
      defaults: { maxFailures: 2 },
      breakers: { a: { maxFailures: 4, trip: { failureCount } } },
    })

    const { trip } = registry.breaker('a').options

    expect(trip).toMatchObject({ consecutiveFailures: 4, failureCount })
  })

  it('are those of each key, also where those of the function are the same', async () => {
    registry.configure({
      breakers: {
        users: { history: 3 },
        'users:a': { maxFailures: 4 },
        'users:b': { maxFailures: 6 },
      },
    })
    const key = (id: string): string => id
    const call = registry.keyed(async (id: string) => id, { name: 'users', key })

    for (const id of ['a', 'b', 'c']) await call(id)

    expect(['a', 'b', 'c'].map((id) => limitOf(`users:${id}`))).toEqual([4, 6, undefined])
    expect(registry.get('users:c')?.options.history).toBe(3)
  })

  it.each(['saved', 'clock', 'random', 'registry', 'name'])("can't have %s", (option) => {
    const breakers = { a: { [option]: undefined } }

    expect(() => registry.configure({ breakers } as never)).toThrow(
      `breakers.a: the configuration of a registry can't have "${option}"`,
    )
  })
})

describe('breakers of one registry with equal options', () => {
  it('have their own clocks, also where these have the same methods', async () => {
    const clocks = [new ManualClock(), new ManualClock()] as const
    const [a, b] = clocks.map((clock, i) =>
      registry.breaker(`b${i}`, { clock, maxFailures: 1, resetTimeout: 1_000 }),
    ) as [ReturnType<CircuitRegistry['breaker']>, ReturnType<CircuitRegistry['breaker']>]
    await fail(a)
    await fail(b)

    await clocks[1].advance(1_000)

    expect([a.state, b.state]).toEqual(['open', 'half-open'])
  })

  it('keep what one of them was restored with', () => {
    const other = registry.breaker('other', { maxFailures: 1 })
    other.trip()
    registry.breaker('saved', { maxFailures: 1, saved: other.save() })

    registry.defaults = { history: 2 }

    expect(registry.get('saved')?.state).toBe('open')
    expect(registry.breaker('third', { maxFailures: 1 }).state).toBe('closed')
  })
})

describe('the names of keyed functions', () => {
  it('tell colons from their code', async () => {
    const key = (): string => 'c'
    await registry.keyed(async () => 1, { name: 'a:b', key })()
    await registry.keyed(async () => 1, { name: 'a%3Ab', key })()

    expect([...registry].map(({ name }) => name)).toEqual(['a%3Ab:c', 'a%253Ab:c'])
  })

  it.each([5, '', null])('are strings that are not empty: %j', (name) => {
    const options = { name, key: () => 'a' } as never

    expect(() => registry.keyed(async () => 1, options)).toThrow(
      /^name must be a string that is not empty/,
    )
  })

  it('have the options of that name from the first call on', async () => {
    registry.configure({ breakers: { users: { maxFailures: 7 } } })

    await registry.keyed(async () => 1, { name: 'users', key: () => 'a' })()

    expect(limitOf('users:a')).toBe(7)
  })
})
