import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createProcesses,
  EXCHANGE,
  OPEN,
  type Process,
  pass,
  reasonOf,
  states,
} from '../../test/helpers/fleet-processes.ts'
import { policyOf } from './policy.ts'
import type { Ask } from './store.ts'

const SLOW = 100
const slowCallRate = {
  slowerThan: SLOW,
  threshold: 0.5,
  minimumCalls: 20,
  window: { duration: 10_000 },
}
const options = { trip: { slowCallRate } }

/** So many calls at once that take so long. */
async function callFor(
  { clock }: ReturnType<typeof createProcesses>,
  { breaker }: Process,
  count: number,
  ms: number,
): Promise<void> {
  const calls = Array.from({ length: count }, () =>
    reasonOf(breaker.run(() => new Promise<void>((resolve) => clock.setTimer(ms, resolve)))),
  )
  // Not a millisecond more, or they would have taken longer.
  await clock.advance(0)
  await clock.advance(ms)
  await pass(clock, 100)
  await Promise.all(calls)
}

describe('breakers of a fleet with a rule for slow calls', () => {
  it('open all together by slow calls of which none of them had enough', async () => {
    const fleet = createProcesses(2, options)
    await fleet.clock.advance(0)

    for (const process of fleet.processes) await callFor(fleet, process, 10, SLOW)
    await pass(fleet.clock, EXCHANGE)

    expect(states(fleet.processes)).toEqual(['open', 'open'])
    expect(fleet.processes[0]?.breaker.snapshot().fleet?.reason).toBe('slowCallRate')
  })

  it.each([
    ['are a millisecond faster', 20, SLOW - 1],
    ['are too few', 19, SLOW],
  ])('stay closed when calls %s', async (_, count, ms) => {
    const fleet = createProcesses(2, options)
    const [a, b] = fleet.processes as [Process, Process]
    await fleet.clock.advance(0)

    await callFor(fleet, a, 10, ms)
    await callFor(fleet, b, count - 10, ms)
    await pass(fleet.clock, 2_000)

    expect(states(fleet.processes)).toEqual(['closed', 'closed'])
  })

  it('take a slow probe for one that has failed', async () => {
    const fleet = createProcesses(2, options)
    const [a] = fleet.processes as [Process]
    await fleet.clock.advance(0)
    a.breaker.trip({ fleet: true })
    await pass(fleet.clock, OPEN + EXCHANGE)

    await callFor(fleet, a, 1, SLOW)
    await pass(fleet.clock, 1_000)

    expect(states(fleet.processes)).toEqual(['open', 'open'])
    expect(a.breaker.snapshot().fleet?.reason).toBe('probeFailed')
  })

  it('report as many of them as their own rule has seen', async () => {
    const call = fc.record({
      ms: fc.integer({ min: 0, max: 2 * SLOW }),
      outcome: fc.constantFrom('success', 'success', 'failure', 'neutral', 'cancelled'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 15 }), async (calls) => {
        const fleet = createProcesses(1, options)
        const { clock, store } = fleet
        const [{ breaker }] = fleet.processes as [Process]
        const asks: Ask[] = []
        store.onAsk = (ask) => asks.push(ask)
        await clock.advance(0)

        for (const { ms, outcome } of calls) {
          const permit = breaker.acquire()
          clock.setTimer(ms, () => {
            if (outcome === 'failure') permit.failure(new Error('down'))
            else if (outcome === 'cancelled') permit.cancel()
            else permit[outcome as 'success' | 'neutral']()
          })
        }
        await pass(clock, 2_000)

        const seen = breaker.snapshot().window.find(({ rule }) => rule === 'slowCallRate')
        const sum = (count: (ask: Ask) => number): number =>
          asks.reduce((total, ask) => total + count(ask), 0)
        expect(sum(({ report }) => report?.slow ?? 0)).toBe(seen?.hits)
        const ended = sum(({ report }) => (report?.success ?? 0) + (report?.failure ?? 0))
        expect(ended).toBe(seen?.calls)
      }),
      { numRuns: 50 },
    )
  })
})

describe('the policy of a fleet', () => {
  const base = { resetTimeout: 1_000, recovery: {}, callTimeout: undefined }
  const failureRate = { threshold: 0.3, minimumCalls: 7, window: { duration: 2_000 } }

  it('has the share of slow calls of the rule, and its numbers if there is no other rate', () => {
    const trip = { failureRate: undefined, slowCallRate: { ...slowCallRate, minimumCalls: 9 } }

    expect(policyOf({ ...base, trip })).toMatchObject({
      failureRate: 0.5,
      slowCallRate: 0.5,
      minimumCalls: 9,
      bucketMs: 1_000,
    })
    expect(policyOf({ ...base, trip: { ...trip, failureRate } })).toMatchObject({
      failureRate: 0.3,
      slowCallRate: 0.5,
      minimumCalls: 7,
      bucketMs: 200,
    })
  })

  it('does not open by slow calls without that rule', () => {
    const trip = { failureRate, slowCallRate: undefined }

    expect(policyOf({ ...base, trip }).slowCallRate).toBe(0)
  })
})
