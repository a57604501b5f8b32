import { describe, expect, it } from 'vitest'
import { collectGarbage } from '../../test/conformance/collect-garbage.ts'
import { CircuitBreaker, type CircuitBreakerOptions, protect } from '../index.ts'
import { ManualClock } from '../testing/index.ts'

const RESET = 1_000
const PROBES = 60

/** What fails in an outage, each time with an error that was made within the call. */
class Target {
  readonly errors: WeakRef<Error>[] = []

  get send(): () => Promise<never> {
    return async () => {
      throw this.createError()
    }
  }

  createError(): Error {
    const error = new Error('not connected')
    this.errors.push(new WeakRef(error))
    return error
  }

  get kept(): number {
    return this.errors.filter((error) => error.deref() !== undefined).length
  }
}

type Call = (breaker: CircuitBreaker, target: Target) => () => Promise<unknown>

const shapes: Record<string, Call> = {
  run: (breaker, target) => () => breaker.run(target.send),
  'run with a signal': (breaker, target) => {
    const { signal } = new AbortController()
    return () => breaker.run(target.send, { signal })
  },
  'run with a timeout': (breaker, target) => () => breaker.run(target.send, { timeout: 5_000 }),
  'run with a fallback': (breaker, target) => () => breaker.run(target.send, { fallback: () => 0 }),
  'a wrapped function': (breaker, target) => breaker(target.send),
  'a function that is not async': (breaker, target) => {
    const call = breaker.sync(() => {
      throw target.createError()
    })
    return async () => call()
  },
  'a client': (breaker, target) => {
    const client = protect({ send: target.send }, breaker)
    return () => client.send()
  },
  'a stream': (breaker, target) => async () => {
    const { send } = target
    // biome-ignore lint/correctness/useYield: it fails before its first part
    const read = breaker.stream(async function* () {
      await send()
    })
    for await (const _ of read()) expect.unreachable()
  },
  permits: (breaker, target) => async () => {
    breaker.acquire().failure(target.createError())
  },
}

async function outage(call: () => Promise<unknown>, clock: ManualClock, wait: number) {
  for (let i = 0; i < PROBES; i++) {
    await call().catch(() => {})
    await clock.advance(wait)
  }
}

function createBreaker(clock: ManualClock, options: CircuitBreakerOptions = {}) {
  return new CircuitBreaker({ maxFailures: 1, resetTimeout: RESET, history: 0, clock, ...options })
}

describe('what a breaker keeps of an outage', () => {
  it.each(Object.keys(shapes))('is not each probe that has failed: %s', async (shape) => {
    const clock = new ManualClock()
    const breaker = createBreaker(clock)
    const target = new Target()
    const call = (shapes[shape] as Call)(breaker, target)

    await outage(call, clock, RESET)
    await collectGarbage()

    expect(target.errors).toHaveLength(PROBES)
    // That of the last opening is the cause of rejections.
    expect(target.kept).toBeLessThanOrEqual(3)
    expect(breaker.state).toBe('half-open')
  })
})
