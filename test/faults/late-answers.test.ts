import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../src/index.ts'

// Answers that come by the timers of this process, which is then busy: when it is free again, all of
// them are due, and the first one is handled before the others.

const STALL = 1_200

describe('a breaker without options, in a process that is stopped', () => {
  it.each([
    { what: 'only successes', fails: 0 },
    { what: 'one error', fails: 1 },
    { what: 'three errors', fails: 3 },
  ])('rejects no call after $what', async ({ fails }) => {
    const { breaker, moves } = await learned(fails)
    const results = Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        await breaker.run(() => answer(30 + i))
        // The first of them asks before the answers of the others are handled.
        return breaker.run(() => answer(5))
      }),
    )
    await answer(1)
    block(STALL)

    expect(await results).toEqual(Array(6).fill('answer'))
    expect(moves).toEqual([])
  })

  it('takes no calls for hung that their callers give up when it goes on', async () => {
    const { breaker, moves } = await learned(1)
    const results = Array.from({ length: 6 }, () => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 50)
      const never = new Promise<never>(() => {})
      return breaker.run(() => never, { signal: controller.signal }).catch(() => 'given up')
    })
    await answer(1)
    block(STALL)

    expect(await Promise.all(results)).toEqual(Array(6).fill('given up'))
    expect(moves).toEqual([])
    expect(await breaker.run(() => 'answer')).toBe('answer')
  })

  it('opens by calls that hang all the same', async () => {
    const { breaker, moves } = await learned(1)
    const hang = (): void => void breaker.run(() => new Promise(() => {})).catch(() => {})
    for (let i = 0; i < 6; i++) hang()
    await answer(1)
    block(STALL)
    hang()

    await expect.poll(() => breaker.state, { interval: 1 }).toBe('open')
    expect(moves).toEqual(['evidence'])
    expect(breaker.snapshot().counts.admitted).toBe(28)
  })

  it('does not open again by probes that are late with it', async () => {
    const { breaker, moves } = await learned(0)
    breaker.trip()
    breaker.halfOpen()
    for (let i = 0; i < 4 && breaker.state === 'half-open'; i++) await breaker.run(() => answer(1))
    const before = moves.length
    const results = Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => breaker.run(() => answer(30 + i))),
    )
    await answer(1)
    block(STALL)
    await results

    expect(moves.slice(before).filter((reason) => reason !== 'recovered')).toEqual([])
  })
})

/** A breaker that knows that answers come in some 20 ms, and has then seen so many errors. */
async function learned(fails: number): Promise<{ breaker: CircuitBreaker; moves: string[] }> {
  const breaker = new CircuitBreaker()
  const moves: string[] = []
  breaker.on('transition', ({ reason }) => moves.push(reason))
  for (let i = 0; i < 20; i++) await breaker.run(() => answer(20))
  for (let i = 0; i < fails; i++) {
    await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
  }
  // Failures of one moment open nothing.
  await answer(300)
  return { breaker, moves }
}

function answer(ms: number): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, ms, 'answer'))
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
