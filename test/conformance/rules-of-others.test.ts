import { describe, expect, it } from 'vitest'
import { createBreaker, fail, open, succeed } from '../helpers/public.ts'

// Rules that other libraries have, each said in one option here.

describe('a rule of another library', () => {
  it('two successes of three probes close (Failsafe, withSuccessThreshold)', async () => {
    const { breaker, clock } = createBreaker({
      maxFailures: 1,
      resetTimeout: 100,
      recovery: { probes: 3, successes: 2, concurrent: 1 },
    })
    const states: string[] = []
    for (const probes of [
      [succeed, fail, succeed],
      [fail, fail],
      [succeed, succeed],
    ]) {
      await open(breaker)
      await clock.advance(100)
      for (const probe of probes) await probe(breaker)
      states.push(breaker.state)
      breaker.reset()
    }

    expect(states).toEqual(['closed', 'open', 'closed'])
  })

  it('seven failures of the last ten calls open (Failsafe, withFailureThreshold)', async () => {
    const { breaker } = createBreaker({
      trip: { failureCount: { threshold: 7, window: { calls: 10 } } },
    })
    for (const call of [succeed, succeed, succeed, succeed]) await call(breaker)
    for (let i = 0; i < 6; i++) await fail(breaker)
    const before = breaker.state
    await fail(breaker)

    expect([before, breaker.state]).toEqual(['closed', 'open'])
  })

  it('three failures within ten seconds open (Semian, Stoplight)', async () => {
    const { breaker, clock } = createBreaker({
      trip: { failureCount: { threshold: 3, window: { duration: 10_000 } } },
    })
    for (let i = 0; i < 6; i++) {
      await fail(breaker)
      await succeed(breaker)
      await clock.advance(5_001)
    }
    const seldom = breaker.state
    for (let i = 0; i < 2; i++) await fail(breaker)

    expect([seldom, breaker.state]).toEqual(['closed', 'open'])
  })

  it('half-open by hand (Failsafe, resilience4j)', async () => {
    const { breaker } = createBreaker({ resetTimeout: 60_000 })
    await open(breaker)
    breaker.halfOpen()
    const before = breaker.state
    await succeed(breaker)

    expect([before, breaker.state]).toEqual(['half-open', 'closed'])
  })

  it('open times from a list (cockatiel, IterableBackoff)', async () => {
    const list = [100, 200, 400]
    const { breaker, clock } = createBreaker({
      maxFailures: 1,
      resetTimeout: ({ attempt }) => list[Math.min(attempt, list.length) - 1] as number,
    })
    const waited: number[] = []
    await fail(breaker)
    for (let i = 0; i < 5; i++) {
      let ms = 0
      for (; breaker.state === 'open'; ms += 50) await clock.advance(50)
      waited.push(ms)
      await fail(breaker)
    }

    expect(waited).toEqual([100, 200, 400, 400, 400])
  })

  it('stay open until somebody closes it (isolation)', async () => {
    const { breaker, clock } = createBreaker({ maxFailures: 1, resetTimeout: Infinity })
    await fail(breaker)
    await clock.advance(1e9)
    const before = breaker.state
    breaker.reset()

    expect([before, breaker.state]).toEqual(['open', 'closed'])
  })
})
