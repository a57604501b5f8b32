import { beforeEach, describe, expect, it } from 'vitest'
import { fail, open, RESET_TIMEOUT, succeed } from '../../test/helpers/public.ts'
import { type CircuitBreaker, type CircuitBreakerOptions, CircuitRegistry } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

const HOUR = 3_600_000

let clock: ManualClock
beforeEach(() => {
  clock = new ManualClock()
})

function createRegistry(maxSize: number, options: Partial<CircuitBreakerOptions> = {}) {
  const trip = options.trip === undefined ? { maxFailures: 3 } : {}
  const defaults = { resetTimeout: RESET_TIMEOUT, clock, ...trip, ...options }
  return new CircuitRegistry({ defaults, maxSize })
}

const names = (registry: CircuitRegistry): string[] => [...registry].map(({ name }) => name)

/** What an event says is lost with a breaker after these uses, when it is dropped. */
async function lostAfter(
  options: Partial<CircuitBreakerOptions>,
  use: (breaker: CircuitBreaker) => unknown,
): Promise<readonly string[] | undefined> {
  const registry = createRegistry(1, options)
  let lost: readonly string[] | undefined
  registry.on('evict', (event) => (lost = event.lost))
  await use(registry.breaker('a'))
  registry.breaker('b')
  expect(registry.has('a')).toBe(false)
  return lost
}

describe('what is lost with a breaker', () => {
  const window = { calls: 10 }
  const failureRate = { threshold: 0.9, minimumCalls: 10, window }

  it.each<[string, Partial<CircuitBreakerOptions>, (breaker: CircuitBreaker) => unknown, string[]]>(
    [
      [
        'failures in a row that a predicate reads',
        { trip: { when: () => false } },
        fail,
        ['failures in a row'],
      ],
      [
        'failures that do not age, after any time',
        { trip: { failureCount: { threshold: 3, window } } },
        async (breaker) => {
          await fail(breaker)
          await clock.advance(2 * HOUR)
        },
        ['a score of failures'],
      ],
      ['a window with failures', { trip: { failureRate } }, fail, ['failures in a window']],
      ['a window without', { trip: { failureRate } }, succeed, ['healthy calls in a window']],
      [
        'a Retry-After',
        { retryAfter: () => 10_000 },
        fail,
        ['failures in a row', "the server's Retry-After"],
      ],
      [
        'a trip whose record is not kept',
        { history: 0 },
        (breaker) => {
          breaker.trip()
          breaker.reset()
        },
        ['the history of earlier trips'],
      ],
      [
        'traffic that an automatic open time goes by',
        { resetTimeout: 'auto' },
        succeed,
        ['the learned latency and traffic of its target'],
      ],
    ],
  )('is %s', async (_, options, use, lost) => {
    expect(await lostAfter(options, use)).toEqual(lost)
  })

  it.each<[string, Partial<CircuitBreakerOptions>, (breaker: CircuitBreaker) => unknown]>([
    ['that was read', { resetTimeout: 'auto' }, (breaker) => breaker.snapshot()],
    ['whose calls have left nothing', {}, succeed],
  ])('is nothing for one %s', async (_, options, use) => {
    expect(await lostAfter(options, use)).toBeUndefined()
  })

  it('is no configuration that its registry has applied', async () => {
    const registry = createRegistry(1)
    const lost: unknown[] = []
    registry.on('evict', (event) => lost.push(event.lost))
    await fail(registry.breaker('a'))
    registry.configure({ defaults: { clock, resetTimeout: 1, maxFailures: 7 } })

    registry.breaker('b')

    expect(lost).toEqual([['failures in a row']])
  })
})

describe('a full registry without listeners', () => {
  it('drops one with nothing to lose before an older one', async () => {
    const registry = createRegistry(2)
    await fail(registry.breaker('a'))
    await succeed(registry.breaker('b'))

    registry.breaker('c')

    expect(names(registry)).toEqual(['a', 'c'])
  })

  it('drops the one of the abandoned that was not called for longest', async () => {
    const registry = createRegistry(3)
    for (const name of ['a', 'b', 'c']) await open(registry.breaker(name))
    for (const name of ['b', 'a', 'c']) {
      await clock.advance(RESET_TIMEOUT / 4)
      await registry
        .breaker(name)
        .run(() => 1)
        .catch(() => {})
    }
    await clock.advance(2 * HOUR)

    registry.breaker('d')

    expect(names(registry)).toEqual(['a', 'c', 'd'])
  })

  it('does not drop one that has had failures since it was chosen', async () => {
    const registry = createRegistry(3)
    for (const name of ['a', 'b', 'c']) registry.breaker(name)
    registry.breaker('d')
    await fail(registry.breaker('b'))

    registry.breaker('e')

    expect(names(registry)).toEqual(['b', 'd', 'e'])
  })

  it('drops one of those that came since it looked, when no other may go', async () => {
    const registry = createRegistry(64)
    for (let i = 0; i < 63; i++) await open(registry.breaker(`open ${i}`))
    await fail(registry.breaker('first'))
    const kept: string[] = []

    for (let i = 0; i < 6; i++) {
      await fail(registry.breaker(`later ${i}`))
      kept.push(names(registry).slice(63).join())
    }

    expect(kept).toEqual(Array.from({ length: 6 }, (_, i) => `later ${i}`))
  })
})
