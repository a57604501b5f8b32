import { beforeEach, describe, expect, it } from 'vitest'
import { fail } from '../../test/helpers/public.ts'
import { type CircuitBreaker, CircuitRegistry, type Clock } from '../index.ts'
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
  /** A plain object whose time is no option: it looks like any other clock with these methods. */
  const methods = {
    now(this: { time: number }): number {
      return this.time
    },
    wall: () => 0,
    setTimer: () => () => {},
  }
  const plainClock = (): Clock & { time: number } =>
    Object.defineProperty({ ...methods }, 'time', { value: 0, writable: true }) as never

  it.each<[string, () => Clock, (clock: Clock) => unknown]>([
    [
      'instances of a class',
      () => new ManualClock(),
      (clock) => (clock as ManualClock).advance(1_000),
    ],
    ['plain objects', plainClock, (clock) => Object.assign(clock, { time: 1_000 })],
  ])(
    'have their own clocks, also where these have the same methods: %s',
    async (_, create, wait) => {
      const [one, other] = [create(), create()]
      const options = { maxFailures: 1, resetTimeout: 1_000 }
      const [a, b] = [
        registry.breaker('a', { ...options, clock: one }),
        registry.breaker('b', { ...options, clock: other }),
      ]
      await fail(a)
      await fail(b)

      await wait(other)

      expect([a.state, b.state]).toEqual(['open', 'half-open'])
    },
  )

  const sharesOptions = (a: CircuitBreaker<unknown>, b: CircuitBreaker<unknown>): boolean =>
    a.options.trip === b.options.trip
  const clock = new ManualClock()
  const classify = () => undefined

  it.each<[string, object, object]>([
    ['data', { maxFailures: 4 }, { maxFailures: 4 }],
    ['data in another order', { maxFailures: 4, history: 2 }, { history: 2, maxFailures: 4 }],
    ['the same functions', { maxFailures: 4, classify }, { classify, maxFailures: 4 }],
    ['the same clock', { maxFailures: 4, clock }, { maxFailures: 4, clock }],
    ['none of their own', {}, {}],
  ])('keep them once in memory: %s', (_, one, other) => {
    registry.defaults = { maxFailures: 5 }

    expect(sharesOptions(registry.breaker('a', one), registry.breaker('b', other))).toBe(true)
  })

  it.each<[string, object, object]>([
    ['data that differs', { maxFailures: 4 }, { maxFailures: 5 }],
    ['more of it', { maxFailures: 4 }, { maxFailures: 4, history: 2 }],
    [
      'another function',
      { maxFailures: 4, classify },
      { maxFailures: 4, classify: () => 'failure' },
    ],
    ['another clock', { maxFailures: 4, clock }, { maxFailures: 4, clock: new ManualClock() }],
    ['none', { maxFailures: 4 }, {}],
  ])('have those of their own where the other one has %s', (_, one, other) => {
    registry.defaults = { maxFailures: 4 }

    expect(sharesOptions(registry.breaker('a', one), registry.breaker('b', other))).toBe(false)
  })

  it('keep those by name once in memory where all that apply are the same', async () => {
    registry.configure({
      breakers: { users: { maxFailures: 4 }, 'users:c': { maxFailures: 4 }, d: { maxFailures: 4 } },
    })
    const call = registry.keyed(async (id: string) => id, { name: 'users', key: (id) => id })
    for (const id of ['a', 'b', 'c']) await call(id)
    const [a, b, c, d] = ['users:a', 'users:b', 'users:c', 'd'].map((name) =>
      registry.breaker(name),
    ) as [CircuitBreaker, CircuitBreaker, CircuitBreaker, CircuitBreaker]

    expect(sharesOptions(a, b)).toBe(true)
    expect([c, d].map((other) => sharesOptions(a, other))).toEqual([false, false])
  })

  it('find those of the hundred newest sets', () => {
    const names = Array.from({ length: 102 }, (_, i) => `${i}`)
    const create = (history: number): CircuitBreaker =>
      registry.breaker(names.pop() as string, { maxFailures: 4, history })
    const first = create(0)

    for (let history = 1; history < 100; history++) create(history)
    const kept = create(0)
    create(100)

    expect(sharesOptions(first, kept)).toBe(true)
    expect(sharesOptions(first, registry.breaker('last', { maxFailures: 4, history: 0 }))).toBe(
      false,
    )
  })

  it('keep no state that one of them continues from', () => {
    const saved = registry.breaker('other', { maxFailures: 4 }).save()
    const [a, b] = ['a', 'b'].map((name) => registry.breaker(name, { maxFailures: 4, saved })) as [
      CircuitBreaker,
      CircuitBreaker,
    ]

    expect(sharesOptions(a, b)).toBe(false)
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
