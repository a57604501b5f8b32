import { describe, expectTypeOf, it } from 'vitest'
import type { Permit } from './call/permit.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { StateName } from './core/transition.ts'
import type { CallOptions, CircuitBreakerOptions, ConfigurePatch } from './options.ts'

const breaker = new CircuitBreaker()

describe('new CircuitBreaker', () => {
  it('takes the type of the fallback from the options', () => {
    expectTypeOf(new CircuitBreaker()).toEqualTypeOf<CircuitBreaker<never>>()
    expectTypeOf(new CircuitBreaker({ maxFailures: 3 })).toEqualTypeOf<CircuitBreaker<never>>()
    expectTypeOf(new CircuitBreaker({ fallback: () => 1 })).toEqualTypeOf<
      CircuitBreaker<number, []>
    >()
    expectTypeOf(new CircuitBreaker({ fallback: (_: unknown, id: string) => id })).toEqualTypeOf<
      CircuitBreaker<string, [id: string]>
    >()
  })

  it('rejects options of the wrong type and unknown ones', () => {
    // @ts-expect-error a count is a number
    new CircuitBreaker({ maxFailures: '3' })
    // @ts-expect-error it is called maxFailures
    new CircuitBreaker({ maxFailure: 3 })
    // @ts-expect-error an outcome is one of four words
    new CircuitBreaker({ classify: () => 'ok' })
    // @ts-expect-error a clock has wall() and setTimer() as well
    new CircuitBreaker({ clock: { now: () => 0 } })
  })

  it('takes options that may be undefined, as they come from a configuration', () => {
    const configured: { resetTimeout: number | undefined } = { resetTimeout: undefined }

    expectTypeOf(new CircuitBreaker({ ...configured })).toEqualTypeOf<CircuitBreaker>()
  })

  it('leaves options readonly', () => {
    const options: CircuitBreakerOptions = {}
    // @ts-expect-error it is read once; changing it later changes nothing
    options.maxFailures = 3
    // @ts-expect-error the resolved ones are frozen
    breaker.options.name = 'other'
  })

  it('narrows what classify sees by its status', () => {
    new CircuitBreaker({
      classify: (settled) => {
        if (settled.status === 'rejected') {
          expectTypeOf(settled.reason).toBeUnknown()
          return 'failure'
        }
        expectTypeOf(settled.value).toBeUnknown()
        // @ts-expect-error a fulfilled call has no reason
        void settled.reason
        return undefined
      },
    })
  })
})

describe('CircuitBreaker<unknown>', () => {
  const cached = new CircuitBreaker({ fallback: (_: unknown, id: string) => id })

  it('is the type of any breaker', () => {
    const describe = (any: CircuitBreaker<unknown>): string => `${any.name} is ${any.state}`

    for (const any of [breaker, new CircuitBreaker({ fallback: () => 1 }), cached]) describe(any)
    expectTypeOf<CircuitBreaker<unknown>>().not.toExtend<CircuitBreaker>()
    expectTypeOf(cached).toExtend<CircuitBreaker<string | number>>()
  })

  it('is needed where a fallback may return what is not expected', () => {
    const call = (without: CircuitBreaker): Promise<number> => without.run(() => 1)

    void call(breaker)
    // @ts-expect-error its fallback may return text
    void call(cached)
    expectTypeOf(cached).not.toExtend<CircuitBreaker<number>>()
  })
})

describe('run', () => {
  it('resolves with what the action returns', () => {
    expectTypeOf(breaker.run(() => 1)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(breaker.run(async () => 'a')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(breaker.run(() => {})).toEqualTypeOf<Promise<void>>()
  })

  it('passes an AbortSignal to the action', () => {
    void breaker.run((signal) => expectTypeOf(signal).toEqualTypeOf<AbortSignal>())
    // @ts-expect-error there is nothing after the signal
    void breaker.run((_signal: AbortSignal, id: string) => id)
  })

  it('widens the result by the fallback of the call', () => {
    const call = { fallback: () => 'cached' as const }

    expectTypeOf(breaker.run(() => 1, call)).toEqualTypeOf<Promise<number | 'cached'>>()
  })

  it('takes options of one call only', () => {
    expectTypeOf<keyof CallOptions>().toEqualTypeOf<
      'signal' | 'timeout' | 'classify' | 'retryAfter' | 'fallback' | 'stream'
    >()
    void breaker.run(() => fetch('http://a.example'), {
      stream: (response, guard) => {
        return response.body ? new Response(guard(response.body), response) : response
      },
    })
    // @ts-expect-error it returns what the action does
    void breaker.run(() => 1, { stream: () => 'text' })
    // @ts-expect-error the limit of one call is called timeout
    void breaker.run(() => 1, { callTimeout: 5 })
    // @ts-expect-error a signal is an AbortSignal
    void breaker.run(() => 1, { signal: new AbortController() })
  })
})

describe('acquire and tryAcquire', () => {
  it('give a permit, or perhaps one', () => {
    expectTypeOf(breaker.acquire()).toEqualTypeOf<Permit>()
    expectTypeOf(breaker.tryAcquire()).toEqualTypeOf<Permit | undefined>()
    expectTypeOf<Permit>().toExtend<Disposable>()
  })

  it('take no fallback, as there is nothing to give', () => {
    // @ts-expect-error a permit is taken or rejected
    breaker.acquire({ fallback: () => 1 })
  })
})

describe('configure', () => {
  it('takes what can change during a life', () => {
    expectTypeOf<keyof ConfigurePatch>().not.toEqualTypeOf<keyof CircuitBreakerOptions>()
    breaker.configure({ maxFailures: 3, resetTimeout: undefined })
    // @ts-expect-error the name is given once
    breaker.configure({ name: 'other' })
    // @ts-expect-error so is the clock
    breaker.configure({ clock: undefined })
  })
})

describe('on', () => {
  it('passes the payload of its event to the listener', () => {
    breaker.on('transition', (event) => {
      expectTypeOf(event.to).toEqualTypeOf<StateName>()
      expectTypeOf(event.breaker).toEqualTypeOf<string>()
    })
    breaker.on('failure', ({ error }) => expectTypeOf(error).toBeUnknown())
    // @ts-expect-error a success has no error
    breaker.on('success', ({ error }) => error)
    // @ts-expect-error the state moves by a transition
    breaker.on('open', () => {})
  })

  it('returns the function that unsubscribes', () => {
    expectTypeOf(breaker.on('success', () => {})).toEqualTypeOf<() => void>()
  })
})

describe('the state', () => {
  it('is one of three, and read only', () => {
    expectTypeOf(breaker.state).toEqualTypeOf<'closed' | 'open' | 'half-open'>()
    // @ts-expect-error trip(), reset() and the overrides move it
    breaker.state = 'open'
  })
})
