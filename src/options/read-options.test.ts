import { describe, expect, it } from 'vitest'
import { CircuitBreaker, CircuitRegistry, type RegistryDefaults } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

type Options = Record<string, unknown>

/** Options that count how often each of them is read, and are right only the first time. */
function oneTime(options: Options): { given: Options; reads: Record<string, number> } {
  const reads: Record<string, number> = {}
  const given = {}
  for (const [key, value] of Object.entries(options)) {
    reads[key] = 0
    Object.defineProperty(given, key, {
      enumerable: true,
      get: () => ((reads[key] as number)++ === 0 ? value : 'wrong'),
    })
  }
  return { given, reads }
}

const breakerOptions = {
  maxFailures: 2,
  resetTimeout: 50,
  callTimeout: 10,
  history: 3,
  classify: () => undefined,
  clock: new ManualClock(),
  random: () => 0,
}
const { clock: _, random: __, ...patch } = breakerOptions

const doors: [string, Options, (given: Options) => { options: object } | undefined][] = [
  ['new CircuitBreaker', { ...breakerOptions, name: 'a' }, (given) => new CircuitBreaker(given)],
  [
    'configure',
    patch,
    (given) => {
      const breaker = new CircuitBreaker()
      breaker.configure(given)
      return breaker
    },
  ],
  ['registry.breaker', breakerOptions, (given) => new CircuitRegistry().breaker('a', given)],
  [
    'the defaults of a new registry',
    breakerOptions,
    (given) => new CircuitRegistry({ defaults: given }).breaker('a'),
  ],
  [
    'registry.defaults',
    breakerOptions,
    (given) => {
      const registry = new CircuitRegistry()
      registry.defaults = given
      return registry.breaker('a')
    },
  ],
  [
    'registry.configure',
    patch,
    (given) => {
      const registry = new CircuitRegistry()
      registry.configure({ breakers: { a: given } })
      return registry.breaker('a')
    },
  ],
]

describe.each(doors)('the options of %s', (_, options, enter) => {
  it('are read once each: what was checked is what applies', () => {
    const { given, reads } = oneTime(options)
    const breaker = enter(given)

    expect(Object.values(reads)).toEqual(Object.keys(options).map(() => 1))
    expect(breaker?.options).toMatchObject({ callTimeout: 10, history: 3, resetTimeout: 50 })
  })

  it('may be a proxy, an instance of a class, or inherit from others', () => {
    class Config {
      get callTimeout(): number {
        return 10
      }
    }

    for (const given of [
      new Proxy({ callTimeout: 10 }, {}),
      new Config(),
      Object.create({ callTimeout: 10 }),
    ]) {
      expect(enter(given)?.options).toMatchObject({ callTimeout: 10 })
    }
  })

  it.each<[string, (error: Error) => Options]>([
    [
      'an accessor',
      (error) => ({
        get callTimeout() {
          throw error
        },
      }),
    ],
    [
      'an accessor further down',
      (error) => ({
        callTimeout: {
          get inner() {
            throw error
          },
        },
      }),
    ],
    [
      'the trap of a proxy',
      (error) =>
        new Proxy({ callTimeout: 1 } as Options, {
          get: (target, key) => {
            if (key === 'callTimeout') throw error
            return target[key as string]
          },
        }),
    ],
  ])('are named when they can not be read: %s that throws', (_, create) => {
    const mine = new Error('mine')
    let thrown: unknown
    try {
      enter(create(mine))
    } catch (error) {
      thrown = error
    }

    expect(thrown).toBeInstanceOf(TypeError)
    expect((thrown as Error).message).toMatch(/callTimeout can't be read$/)
    expect((thrown as Error).cause).toBe(mine)
  })

  it('can not hold themselves', () => {
    const trip: Options = {}
    trip['failureRate'] = trip

    expect(() => enter({ trip })).toThrow(TypeError)
  })

  it('can not be arrays, at any depth', () => {
    expect(() => enter([] as never)).toThrow('must be an object, got an array')
    expect(() => enter({ trip: [] })).toThrow('trip must be an object, got an array')
  })
})

describe('the options of registry.keyed', () => {
  it('are read once each', () => {
    const options = { ...breakerOptions, key: (host: string) => host, name: 'host' }
    const { given, reads } = oneTime(options)
    new CircuitRegistry().keyed(async (host: string) => host, given as never)

    expect(Object.values(reads)).toEqual(Object.keys(options).map(() => 1))
  })
})

describe('the options of a registry', () => {
  it('are read once each', () => {
    const { given, reads } = oneTime({ maxSize: 3, defaults: {} as RegistryDefaults })
    const registry = new CircuitRegistry(given)

    expect(reads).toEqual({ maxSize: 1, defaults: 1 })
    expect(registry.maxSize).toBe(3)
  })
})
