import { describe, expect, it } from 'vitest'
import { createBreaker, fail, open, spoil } from '../../test/helpers/public.ts'
import { CircuitBreaker } from '../circuit-breaker.ts'
import type { CircuitBreakerOptions } from '../options.ts'

/** An object within an object that the caller still holds and goes on changing. */
type Open = Record<string, Record<string, unknown>>

function nested(): { trip: Open; recovery: Open; resetTimeout: Record<string, unknown> } {
  return {
    trip: {
      failureRate: { threshold: 0.5, minimumCalls: 4, window: { calls: 8 } },
      slowCallRate: { slowerThan: 100, threshold: 0.5, minimumCalls: 4, window: { duration: 500 } },
      evidence: { threshold: 20, overdue: false },
    },
    recovery: { slowStart: { successes: 3 } },
    resetTimeout: { initial: 10, max: 20, jitter: 0 },
  }
}

describe('the options that were given', () => {
  it('may change afterwards: the breaker has copies', () => {
    const given = nested()
    const { breaker } = createBreaker(given as CircuitBreakerOptions)
    const before = JSON.stringify(breaker.options)

    spoil(given)
    breaker.configure({ callTimeout: 5 })
    breaker.configure({ callTimeout: undefined })

    expect(JSON.stringify(breaker.options)).toBe(before)
  })

  it('may change after configure: the breaker has copies of the patch', () => {
    const { breaker } = createBreaker()
    const patch = { ...nested(), maxFailures: undefined }
    breaker.configure(patch)
    const before = JSON.stringify(breaker.options)

    spoil(patch.trip)
    spoil(patch.recovery)
    spoil(patch.resetTimeout)
    breaker.configure({ history: 3 })
    breaker.configure({ history: undefined })

    expect(JSON.stringify(breaker.options)).toBe(before)
  })

  it('are left as they are', async () => {
    const given = nested()
    const before = structuredClone(given)

    const { breaker } = createBreaker(given as CircuitBreakerOptions)
    await open(breaker)
    breaker.configure({ callTimeout: 5 })

    expect(given).toEqual(before)
  })

  it('may be frozen, all the way down', () => {
    const freeze = (value: object): object => {
      for (const member of Object.values(value)) if (typeof member === 'object') freeze(member)
      return Object.freeze(value)
    }

    const { breaker } = createBreaker(freeze(nested()))

    expect(breaker.configure({ callTimeout: 5 }).changed).toMatchObject({ callTimeout: 5 })
  })

  it('survive configure where they were inherited through a prototype', () => {
    class Defaults {
      get maxFailures(): number {
        return 7
      }
      readonly resetTimeout = 123
    }
    const breaker = new CircuitBreaker(Object.create(new Defaults()))

    breaker.configure({ callTimeout: 5 })

    expect(breaker.options).toMatchObject({
      trip: { consecutiveFailures: 7 },
      resetTimeout: 123,
      callTimeout: 5,
    })
  })

  it('survive configure where a part of them was inherited', () => {
    const trip = Object.create({ consecutiveFailures: 4 })
    const breaker = new CircuitBreaker({ trip, recovery: Object.create({ probes: 3 }) })

    breaker.configure({ callTimeout: 5 })

    expect(breaker.options).toMatchObject({
      trip: { consecutiveFailures: 4 },
      recovery: { probes: 3 },
    })
  })

  it('keep their functions when something else is configured', async () => {
    const { breaker } = createBreaker({
      trip: { when: ({ failures }) => failures === 2 },
      fallback: () => 'kept',
      classify: () => undefined,
    })

    breaker.configure({ history: 2 })
    await fail(breaker)
    await fail(breaker)

    expect(breaker.state).toBe('open')
    expect(await breaker.run(() => 1)).toBe('kept')
  })
})
