import { describe, expect, it, vi } from 'vitest'
import {
  createBreaker,
  fail,
  RESET_TIMEOUT,
  reasonOf,
  record,
  succeed,
} from '../../test/helpers/public.ts'
import type { CircuitBreaker, CircuitBreakerOptions, Settled } from '../index.ts'

/** An error of a server that asks to be left alone. */
class Busy extends Error {
  readonly retryAfter: number

  constructor(retryAfter: number) {
    super('busy')
    this.retryAfter = retryAfter
  }
}

const retryAfter = (settled: Settled): number | undefined =>
  settled.status === 'rejected' && settled.reason instanceof Busy
    ? settled.reason.retryAfter
    : undefined

const waitOf = (breaker: CircuitBreaker<unknown>) => breaker.snapshot().retryAfter

describe('maxRetryAfter', () => {
  it.each([
    { maxRetryAfter: undefined, asked: 60_001, waits: 60_000 },
    { maxRetryAfter: 3_600_000, asked: 3_600_000, waits: 3_600_000 },
    { maxRetryAfter: 3_600_000, asked: 3_600_001, waits: 3_600_000 },
    { maxRetryAfter: 2_000, asked: 5_000, waits: 2_000 },
    { maxRetryAfter: 0, asked: 5_000, waits: RESET_TIMEOUT },
  ])('limits how long $asked ms are honoured: $waits with $maxRetryAfter', async (row) => {
    const { maxRetryAfter } = row
    const { breaker } = createBreaker({ maxFailures: 1, retryAfter, maxRetryAfter })

    await fail(breaker, new Busy(row.asked))

    expect(waitOf(breaker)).toBe(row.waits)
  })

  it('is changed live', async () => {
    const { breaker } = createBreaker({ maxFailures: 1, retryAfter })
    breaker.configure({ maxRetryAfter: 90_000 })

    await fail(breaker, new Busy(80_000))

    expect(waitOf(breaker)).toBe(80_000)
  })
})

/** One call that fails by an error, made in some way with a `retryAfter` of its own. */
type Fails = (breaker: CircuitBreaker, error: unknown, retryAfter: Reads) => Promise<unknown>
type Reads = (settled: Settled) => number | undefined

const WAYS: Readonly<Record<string, Fails>> = {
  run: (breaker, error, retryAfter) => breaker.run(() => Promise.reject(error), { retryAfter }),
  acquire: async (breaker, error, retryAfter) => breaker.acquire({ retryAfter }).failure(error),
  tryAcquire: async (breaker, error, retryAfter) =>
    breaker.tryAcquire({ retryAfter })?.failure(error),
  withSignal: async (breaker, error, retryAfter) =>
    breaker.withSignal(async () => Promise.reject(error), { retryAfter })(),
}

describe.each(Object.entries(WAYS))('retryAfter of a single call, by %s', (_, fails) => {
  const failed = (breaker: CircuitBreaker, reads: Reads, error: unknown = new Busy(7_000)) =>
    fails(breaker, error, reads).catch(() => {})

  it('is read where the breaker has none', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })

    await failed(breaker, () => 5_000)

    expect(waitOf(breaker)).toBe(5_000)
  })

  it('is asked about the call, before the one of the breaker', async () => {
    const reads = vi.fn(() => 5_000)
    const { breaker } = createBreaker({ maxFailures: 1, retryAfter })
    const error = new Busy(7_000)

    await failed(breaker, reads, error)

    expect(waitOf(breaker)).toBe(5_000)
    expect(reads.mock.calls).toEqual([[{ status: 'rejected', reason: error }]])
  })

  it.each([
    { own: undefined, waits: 7_000 },
    { own: 0, waits: RESET_TIMEOUT },
    { own: -1, waits: RESET_TIMEOUT },
    { own: Number.NaN, waits: RESET_TIMEOUT },
    { own: Infinity, waits: RESET_TIMEOUT },
    { own: 'soon', waits: 7_000 },
  ])(
    'leaves it to the breaker where it returns nothing: $waits for $own',
    async ({ own, waits }) => {
      const { breaker } = createBreaker({ maxFailures: 1, retryAfter })

      await failed(breaker, () => own as number)

      expect(waitOf(breaker)).toBe(waits)
    },
  )

  it('leaves it to the breaker where it throws, which is reported', async () => {
    const { breaker } = createBreaker({ maxFailures: 1, retryAfter })
    const events = record(breaker, 'listenerError')

    await failed(breaker, () => {
      throw new Error('no header')
    })

    expect(waitOf(breaker)).toBe(7_000)
    expect(events).toMatchObject([['listenerError', { source: 'retryAfter' }]])
  })

  it('must be a function', async () => {
    const { breaker } = createBreaker()

    const thrown = await fails(breaker, 'e', 5 as never).catch((error: unknown) => error)

    expect(thrown).toMatchObject({ message: 'retryAfter must be a function, got 5' })
  })
})

describe('the Retry-After of a call that is tripped for', () => {
  const tripping = (options: CircuitBreakerOptions = {}) => {
    const created: ReturnType<typeof createBreaker> = createBreaker({
      maxFailures: 100,
      retryAfter,
      ...options,
    })
    return created
  }

  it('is kept when classify trips the breaker', async () => {
    const { breaker } = tripping({ classify: () => void breaker.trip() })

    await fail(breaker, new Busy(9_000))

    expect(breaker.snapshot()).toMatchObject({ state: 'open', retryAfter: 9_000 })
    expect(breaker.snapshot().counts).toMatchObject({ stale: 1, failure: 0 })
  })

  it('is known to listeners of that very transition, and to the calls that it rejects', async () => {
    const waits: unknown[] = []
    const { breaker } = tripping({ classify: () => void breaker.trip() })
    breaker.on('transition', () => waits.push(waitOf(breaker)))

    await fail(breaker, new Busy(9_000))

    expect(waits).toEqual([9_000])
    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ retryAfter: 9_000 })
  })

  it('is kept when the classifier and the reader are those of the call', async () => {
    const { breaker } = createBreaker({ maxFailures: 100 })
    const call = { classify: () => void breaker.trip(), retryAfter: () => 8_000 }

    await breaker.run(() => Promise.reject(new Error('busy')), call).catch(() => {})

    expect(waitOf(breaker)).toBe(8_000)
  })

  it('is kept whatever the classifier then says, also of a value', async () => {
    const { breaker } = tripping({
      retryAfter: ({ status }) => (status === 'fulfilled' ? 8_000 : undefined),
      classify: () => {
        breaker.trip()
        return 'neutral'
      },
    })

    await succeed(breaker)

    expect(waitOf(breaker)).toBe(8_000)
  })

  it('is kept for a probe, and for a circuit that is open already', async () => {
    const { breaker, clock } = tripping({ classify: () => void breaker.trip() })
    const late = breaker.acquire()
    await fail(breaker, new Busy(9_000))

    late.failure(new Busy(20_000))
    expect(waitOf(breaker)).toBe(20_000)

    await clock.advance(20_000)
    await fail(breaker, new Busy(4_000))
    expect(waitOf(breaker)).toBe(4_000)
  })

  it('gives way to a time that is said by hand', async () => {
    const { breaker } = tripping({ classify: () => void breaker.trip({ for: 50 }) })

    await fail(breaker, new Busy(9_000))

    expect(waitOf(breaker)).toBe(50)
  })

  it('is not that of another call, nor of one before', async () => {
    const { breaker } = tripping({ classify: () => undefined })
    const other = createBreaker({ retryAfter }).breaker
    const { breaker: outer } = createBreaker({
      retryAfter,
      classify: () => void other.trip(),
    })
    await fail(outer, new Busy(9_000))
    expect(waitOf(other)).toBe(RESET_TIMEOUT)

    await breaker.run(() => Promise.reject(new Error('other'))).catch(() => {})
    breaker.trip()

    expect(waitOf(breaker)).toBe(RESET_TIMEOUT)
  })

  it('is that of the inner call while one is classified within the classifier of another', async () => {
    const inner = (breaker: CircuitBreaker<unknown>) =>
      breaker.sync(() => {
        throw new Busy(3_000)
      })
    const { breaker } = tripping({
      classify: (settled) => {
        if (settled.status === 'rejected' && (settled.reason as Busy).retryAfter === 3_000) return
        try {
          inner(breaker)()
        } catch {
          breaker.trip()
        }
        return undefined
      },
    })

    await fail(breaker, new Busy(9_000))

    expect(waitOf(breaker)).toBe(9_000)
  })

  it('is kept when a listener of the failure trips the breaker', async () => {
    const { breaker } = tripping()
    breaker.on('failure', () => breaker.trip())

    await fail(breaker, new Busy(9_000))

    expect(waitOf(breaker)).toBe(9_000)
  })

  it('is kept when a listener trips after a probe that some others may follow', async () => {
    const { breaker, clock } = tripping({ recovery: { probes: 3, successes: 1 } })
    breaker.trip()
    await clock.advance(RESET_TIMEOUT)
    breaker.on('failure', () => breaker.trip())

    await fail(breaker, new Busy(9_000))

    expect(waitOf(breaker)).toBe(9_000)
  })

  it('has a limit as well', async () => {
    const { breaker } = tripping({ classify: () => void breaker.trip(), maxRetryAfter: 2_000 })

    await fail(breaker, new Busy(9_000))

    expect(waitOf(breaker)).toBe(2_000)
  })

  it('is no option of trip', () => {
    const { breaker } = createBreaker()

    expect(() => breaker.trip({ retryAfter: 5 } as never)).toThrow('unknown option "retryAfter"')
  })
})

it('is named where it returns a promise, which says nothing', async () => {
  const errors: unknown[] = []
  const { breaker } = createBreaker({ retryAfter: (() => Promise.resolve(5)) as never })
  breaker.on('listenerError', ({ error }) => errors.push(error))
  await fail(breaker)

  expect(errors).toEqual([new TypeError('retryAfter must not return a promise')])
})
