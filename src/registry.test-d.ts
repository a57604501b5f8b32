import { describe, expectTypeOf, it } from 'vitest'
import { CircuitRegistry, type JsonOptions } from './index.ts'

describe('JsonOptions', () => {
  it('has what JSON can hold, and fits into a configuration', () => {
    const users: JsonOptions = {
      maxFailures: 5,
      resetTimeout: { initial: 1_000, max: 30_000 },
      recovery: { probes: 2 },
      callTimeout: 500,
      maxConcurrent: 10,
      maxRetryAfter: 300_000,
      statistics: true,
      history: 4,
    }
    const orders: JsonOptions = { trip: { failureRate: { threshold: 0.5 } }, recovery: 'auto' }

    expectTypeOf(new CircuitRegistry().configure).toBeCallableWith({
      defaults: orders,
      breakers: { users, orders },
    })
  })

  it('has no functions, names or objects of code', () => {
    // @ts-expect-error a function
    const classify: JsonOptions = { classify: () => 'failure' }
    // @ts-expect-error a function within a rule
    const when: JsonOptions = { trip: { when: () => true } }
    // @ts-expect-error the name is the key of the configuration
    const name: JsonOptions = { name: 'users' }
    // @ts-expect-error a clock is code
    const clock: JsonOptions = { clock: { now: () => 0 } }
    expectTypeOf([classify, when, name, clock]).toBeArray()
  })
})

describe('registry.read', () => {
  it('takes a list of names, and no single one, which would be read letter by letter', () => {
    const { read } = new CircuitRegistry()

    expectTypeOf(read).toBeCallableWith(() => {}, ['users'])
    expectTypeOf(read).toBeCallableWith(() => {}, new Set(['users']))
    // @ts-expect-error one name
    const one: Parameters<typeof read>[1] = 'users'
    expectTypeOf(one).not.toBeAny()
  })
})
