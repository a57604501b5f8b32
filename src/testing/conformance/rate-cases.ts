import type { TestBed, TestedBreaker } from './adapter.ts'
import { type ConformanceCase, defineCase, insist } from './conformance-case.ts'
import { drain, elapse, fail, holdMany, RESET_TIMEOUT, succeed, trip } from './held-call.ts'

const MINIMUM = 5

function create(bed: TestBed, duration: number): TestedBreaker {
  const failureRate = { threshold: 0.5, minimumCalls: MINIMUM, duration }
  return bed.create({ failureRate, resetTimeout: RESET_TIMEOUT })
}

async function recover(bed: TestBed, breaker: TestedBreaker): Promise<void> {
  await elapse(bed, RESET_TIMEOUT + 1)
  await succeed(breaker)
  insist(breaker.state() === 'closed', `reads ${breaker.state()} after a successful recovery`)
}

async function opensInTime(breaker: TestedBreaker): Promise<void> {
  const failures = await trip(breaker, 1_200)
  insist(failures <= MINIMUM, `took ${failures} failures in a row to open`)
}

/** What is in a failure rate, and for how long. */
export const rateCases: readonly ConformanceCase[] = [
  defineCase({
    id: 'K15',
    title: 'One failure right after a recovery (50 % of at least 5 calls)',
    expects: 'it stays closed',
    requires: [],
    async check(bed) {
      const breaker = create(bed, 10_000)
      await trip(breaker)
      await recover(bed, breaker)

      await fail(breaker)

      insist(breaker.state() === 'closed', 'one failure re-opened it')
    },
  }),
  defineCase({
    id: 'K16',
    title: '1000 calls rejected while open, a recovery, then every call fails',
    expects: 'it opens at the 5th failure',
    requires: [],
    async check(bed) {
      const breaker = create(bed, 10_000)
      await trip(breaker)
      await holdMany(breaker, 1_000)
      await recover(bed, breaker)

      await opensInTime(breaker)
    },
  }),
  defineCase({
    id: 'K17',
    title: 'Four failures, an hour of nothing, one failure (5 calls in 5 s needed)',
    expects: 'it stays closed, and four more at once open it',
    requires: ['rate-window'],
    async check(bed) {
      const breaker = create(bed, 5_000)
      for (let i = 1; i < MINIMUM; i++) await fail(breaker)
      await elapse(bed, 3_600_000)

      await fail(breaker)
      insist(breaker.state() === 'closed', 'opened on failures of an hour ago')

      const more = await trip(breaker)
      insist(more <= MINIMUM - 1, `took ${more} more failures to open`)
    },
  }),
  defineCase({
    id: 'K18',
    title: '1000 successes, an hour of nothing, then every call fails',
    expects: 'it opens at the 5th failure',
    requires: ['rate-window'],
    async check(bed) {
      const breaker = create(bed, 5_000)
      for (const call of await holdMany(breaker, 1_000)) call.succeed()
      await drain()
      await elapse(bed, 3_600_000)

      await opensInTime(breaker)
    },
  }),
  defineCase({
    id: 'K19',
    title: '100 concurrent calls fail one after the other',
    expects: 'it opens at the 5th failure',
    requires: [],
    async check(bed) {
      const breaker = create(bed, 10_000)
      let failures = 0

      for (const call of await holdMany(breaker, 100)) {
        if (breaker.state() === 'open') break
        call.fail()
        await drain()
        failures++
      }

      insist(breaker.state() === 'open', 'stayed closed although all of them failed')
      insist(failures <= MINIMUM, `opened at failure ${failures}`)
    },
  }),
]
