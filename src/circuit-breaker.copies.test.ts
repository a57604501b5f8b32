import { describe, expect, it } from 'vitest'
import { createBreaker, fail, open, RESET_TIMEOUT, spoil, succeed } from '../test/helpers/public.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'

/** A breaker with something in every part of it. */
async function lived(): Promise<CircuitBreaker> {
  const window = { calls: 5 }
  const { breaker, clock } = createBreaker({
    trip: {
      consecutiveFailures: 4,
      failureRate: { threshold: 1, minimumCalls: 5, window },
      slowCallRate: {
        slowerThan: 10,
        threshold: 1,
        minimumCalls: 5,
        window: { duration: 60_000 },
      },
      evidence: {},
    },
    classify: undefined,
  })
  await open(breaker)
  await clock.advance(RESET_TIMEOUT)
  await fail(breaker)
  await clock.advance(RESET_TIMEOUT)
  await succeed(breaker)
  await fail(breaker)
  breaker.forceClosed({ by: 'ops', reason: 'test' })
  await clock.advance(7)
  return breaker
}

describe.each(['closed', 'open', 'half-open'])('what is read of a breaker that is %s', (state) => {
  const read: [string, (breaker: CircuitBreaker) => object][] = [
    ['save()', (breaker) => breaker.save()],
    ['snapshot()', (breaker) => breaker.snapshot()],
    ['explain()', (breaker) => breaker.explain()],
  ]

  async function inState(): Promise<CircuitBreaker> {
    const breaker = await lived()
    if (state !== 'closed') breaker.trip()
    if (state === 'half-open') breaker.configure({ resetTimeout: 1 })
    return breaker
  }

  it.each(read)('by %s is a copy: changing it changes nothing', async (_, reading) => {
    const breaker = await inState()
    const before = read.map(([, part]) => JSON.stringify(part(breaker)))

    spoil(reading(breaker))

    expect(read.map(([, part]) => JSON.stringify(part(breaker)))).toEqual(before)
  })

  it('is continued from a copy: changing what was saved changes nothing', async () => {
    const saved = (await inState()).save()
    const { breaker } = createBreaker({ saved })
    const before = JSON.stringify(breaker.save())

    spoil(saved)

    expect(JSON.stringify(breaker.save())).toBe(before)
  })
})
