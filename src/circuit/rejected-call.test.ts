import { describe, expect, it } from 'vitest'
import {
  createBreaker,
  fail,
  hang,
  open,
  RESET_TIMEOUT,
  reasonOf,
  record,
  turn,
} from '../../test/helpers/public.ts'
import { systemClock } from '../clock.ts'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitOpenError,
  isCircuitFullError,
} from '../index.ts'

/** What can happen to a breaker between a rejection and the first look at its error. */
const moves: readonly [string, (breaker: CircuitBreaker) => void][] = [
  ['is reset', (breaker) => breaker.reset()],
  [
    'is reset and tripped',
    (breaker) => {
      breaker.reset()
      breaker.trip('later')
    },
  ],
  ['is tripped once more', (breaker) => breaker.trip('later')],
  ['is made half-open', (breaker) => breaker.halfOpen()],
  ['is forced open', (breaker) => breaker.forceOpen('later')],
  ['is forced closed', (breaker) => breaker.forceClosed('later')],
  ['is configured', (breaker) => breaker.configure({ maxConcurrent: 7, resetTimeout: 9 })],
]

const before: readonly [string, (breaker: CircuitBreaker) => void, object][] = [
  [
    'open',
    (breaker) => breaker.trip('maintenance'),
    {
      code: 'ERR_CIRCUIT_OPEN',
      message: 'circuit "circuit" is open because it was tripped by hand (maintenance)',
      reason: 'manual',
      state: 'open',
      retryAfter: RESET_TIMEOUT,
    },
  ],
  [
    'forced open',
    (breaker) => breaker.forceOpen('maintenance'),
    {
      code: 'ERR_CIRCUIT_OPEN',
      message: 'circuit "circuit" is forced open: maintenance',
      reason: 'forced-open',
      retryAfter: undefined,
    },
  ],
  [
    'half-open',
    (breaker) => {
      breaker.trip('maintenance')
      breaker.halfOpen()
      breaker.acquire()
    },
    { code: 'ERR_CIRCUIT_OPEN', reason: 'manual', state: 'half-open', retryAfter: 30_000 },
  ],
  [
    'full',
    (breaker) => breaker.acquire(),
    {
      code: 'ERR_CIRCUIT_FULL',
      message: 'circuit "circuit" is full: at most 1 call may be in flight',
      maxConcurrent: 1,
    },
  ],
]

const fallbacks: readonly [string, (move: () => void) => () => unknown][] = [
  [
    'throws',
    (move) => () => {
      move()
      throw new Error('no cache')
    },
  ],
  [
    'rejects at once',
    (move) => async () => {
      move()
      throw new Error('no cache')
    },
  ],
  [
    'rejects later',
    (move) => async () => {
      await turn()
      move()
      throw new Error('no cache')
    },
  ],
]

describe('the error of a rejected call', () => {
  const cases = before.flatMap(([was, prepare, expected]) =>
    moves.flatMap(([becomes, move]) =>
      fallbacks.map(([ends, make]) => ({ was, becomes, ends, prepare, expected, move, make })),
    ),
  )

  it.each(cases)(
    'tells of the circuit that was $was, although it $becomes before the fallback $ends',
    async ({ prepare, expected, move, make }) => {
      const { breaker } = createBreaker({
        maxConcurrent: 1,
        fallback: make(() => move(breaker as CircuitBreaker)),
      } as CircuitBreakerOptions<unknown>)
      prepare(breaker as CircuitBreaker)

      const error = await reasonOf(breaker.run(() => 1))

      expect((error as Error).cause).toMatchObject(expected)
    },
  )

  it.each(moves)(
    'tells why it was rejected, although a listener of transitions sees to it that it %s',
    async (_, move) => {
      const { breaker, clock } = createBreaker({
        trip: { evidence: { threshold: 3, minimumSpan: 0 } },
        recovery: { probes: 1 },
      })
      for (let i = 0; i < 20; i++) {
        const permit = breaker.acquire()
        await clock.advance(10)
        permit.success()
      }
      breaker.acquire()
      let moved = false
      breaker.on('transition', () => {
        if (!moved) move(breaker)
        moved = true
      })
      await clock.advance(5_000)

      // Its admission notices that the other call hangs, and opens.
      const error = await reasonOf(breaker.run(() => 1))

      expect(moved).toBe(true)
      expect(error).toMatchObject({ code: 'ERR_CIRCUIT_OPEN', reason: 'evidence', state: 'open' })
      expect((error as Error).message).toMatch(
        /^circuit "circuit" is open because the evidence score/,
      )
    },
  )

  it('is the same that a listener of rejections hears of', async () => {
    const { breaker } = createBreaker()
    breaker.trip({ for: 500 })
    const events = record(breaker, 'reject')
    breaker.on('reject', () => breaker.reset())

    const error = await reasonOf(breaker.run(() => 1))

    expect(events[0]?.[1]).toMatchObject({ reason: 'open', retryAfter: 500, enforced: true })
    expect(error).toMatchObject({ reason: 'manual', retryAfter: 500 })
  })

  it('names who tripped it once more, for calls rejected from then on', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    await fail(breaker)
    const messages: string[] = []
    for (const why of [undefined, 'first', { reason: 'second', by: 'Ada' }]) {
      if (why !== undefined) breaker.trip(why)
      messages.push(((await reasonOf(breaker.run(() => 1))) as Error).message)
    }

    expect(messages).toEqual([
      'circuit "circuit" is open because 1 call failed (limit 1)',
      'circuit "circuit" is open because it was tripped by hand (first)',
      'circuit "circuit" is open because it was tripped by hand by Ada (second)',
    ])
  })

  it('has the last failure as its cause, also where a success makes enough calls for a rate', async () => {
    const { breaker } = createBreaker({
      trip: { failureRate: { threshold: 0.5, minimumCalls: 4, window: { calls: 10 } } },
    })
    const error = new Error('down')
    await fail(breaker, new Error('an earlier one'))
    await fail(breaker, error)
    await breaker.run(() => 1)
    await breaker.run(() => 1)

    const rejection = await reasonOf(breaker.run(() => 1))

    expect(breaker.state).toBe('open')
    expect((rejection as Error).cause).toBe(error)
  })

  it('says when the next probe may pass, which changes with each probe', async () => {
    const recovery = { probes: 1, timeout: 1_000 }
    const { breaker, clock } = createBreaker({ maxFailures: 1, recovery })
    breaker.trip()
    breaker.halfOpen()
    const probe = breaker.acquire()
    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ retryAfter: 1_000 })
    await clock.advance(400)
    probe.cancel()
    breaker.acquire()

    await clock.advance(100)

    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ retryAfter: 900 })
  })

  it('is made from nothing that is kept once the circuit has moved on', async () => {
    const { breaker } = createBreaker({ maxFailures: 1 })
    await fail(breaker)
    await reasonOf(breaker.run(() => 1))
    breaker.reset()
    await fail(breaker, new Error('another one'))

    const error = await reasonOf(breaker.run(() => 1))

    expect((error as Error).cause).toMatchObject({ message: 'another one' })
  })
})

function rejectionOf(breaker: CircuitBreaker): CircuitOpenError {
  try {
    breaker.acquire()
  } catch (error) {
    return error as CircuitOpenError
  }
  throw new Error('expected a rejection')
}

describe('retryAfter', () => {
  it('is in whole milliseconds, and long enough for timers that fire up to one too early', async () => {
    for (let i = 1; i < 77; i++) {
      const { breaker, clock } = createBreaker({ resetTimeout: 100 + i / 7 })
      await clock.advance(i / 13)
      await open(breaker)
      await clock.advance(i / 11)
      const { retryAfter } = (await reasonOf(breaker.run(() => 1))) as CircuitOpenError

      expect(Number.isInteger(retryAfter)).toBe(true)
      await clock.advance((retryAfter as number) - 1)
      expect(await breaker.run(() => 'in time')).toBe('in time')
    }
  })

  it('is exact by a clock of whole milliseconds', async () => {
    const { breaker, clock } = createBreaker()
    await open(breaker)
    await clock.advance(1)

    expect(await reasonOf(breaker.run(() => 1))).toMatchObject({ retryAfter: RESET_TIMEOUT - 1 })
    expect(breaker.snapshot().retryAfter).toBe(RESET_TIMEOUT - 1)
  })

  it('lets through who sleeps that long with the timers of the process', async () => {
    let early = 0
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const breaker = new CircuitBreaker({ resetTimeout: 500 + i / 10 })
        breaker.trip()
        const { retryAfter = 0 } = rejectionOf(breaker)
        await new Promise<void>((resolve) => systemClock.setTimer(retryAfter, resolve))
        await breaker.run(() => 1).catch(() => early++)
      }),
    )

    expect(early).toBe(0)
  })
})

it('is no CircuitFullError when the limit was not the reason', async () => {
  const { breaker } = createBreaker({ maxConcurrent: 1 })
  breaker.trip()

  expect(isCircuitFullError(await reasonOf(breaker.run(() => 1)))).toBe(false)
})

describe('the retryAfter of a half-open circuit', () => {
  it('goes by the probe that is in flight, not by the one before', async () => {
    const { breaker, clock } = createBreaker({
      recovery: { probes: 3, concurrent: 1, timeout: 400 },
    })
    const rejection = (): Promise<unknown> => reasonOf(breaker.run(() => 'answer'))
    breaker.trip()
    breaker.halfOpen()
    const first = hang(breaker)
    const before = await rejection()

    await first.release()
    await clock.advance(100)
    hang(breaker)

    expect([before, await rejection()]).toMatchObject([{ retryAfter: 400 }, { retryAfter: 400 }])
  })
})
