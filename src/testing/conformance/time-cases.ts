import { type ConformanceCase, defineCase, insist, need } from './conformance-case.ts'
import { elapse, fail, RESET_TIMEOUT, succeed, trip } from './held-call.ts'

const HOUR = 3_600_000
const setup = { maxFailures: 3, resetTimeout: RESET_TIMEOUT }

/** Clocks that are set, and processes that sleep. */
export const timeCases: readonly ConformanceCase[] = [
  defineCase({
    id: 'K12',
    title: 'The wall clock is set back by an hour while the circuit is open',
    expects: 'it recovers when the open time has really passed',
    requires: ['wall-clock'],
    async check(bed) {
      const breaker = bed.create(setup)
      await trip(breaker)

      need(bed.clock.stepWall, 'wall-clock').call(bed.clock, -HOUR)
      await elapse(bed, RESET_TIMEOUT + 1)

      insist((await succeed(breaker)).ran, 'still rejects after the open time')
    },
  }),
  defineCase({
    id: 'K13',
    title: 'The wall clock is set forward by an hour while the circuit is open',
    expects: 'it stays open until the open time has really passed',
    requires: ['wall-clock'],
    async check(bed) {
      const breaker = bed.create(setup)
      await trip(breaker)

      need(bed.clock.stepWall, 'wall-clock').call(bed.clock, HOUR)
      await elapse(bed, 1)
      const early = await fail(breaker)
      await elapse(bed, RESET_TIMEOUT)
      const due = await succeed(breaker)

      insist(!early.ran, 'a call was let through 1 ms into an open time of 1000 ms')
      insist(due.ran, 'no call was let through after the open time')
    },
  }),
  defineCase({
    id: 'K14',
    title: 'The event loop is blocked, or the process asleep, past the open time',
    expects: 'the next call is the probe',
    requires: ['freeze'],
    async check(bed) {
      const breaker = bed.create(setup)
      await trip(breaker)

      need(bed.clock.freeze, 'freeze').call(bed.clock, 5 * RESET_TIMEOUT)

      insist((await succeed(breaker)).ran, 'the first call after the open time was rejected')
    },
  }),
  defineCase({
    id: 'M1',
    title: 'The wall clock is set back by 2 s, then every call fails (10 s window, 20 calls, 50 %)',
    expects: 'it opens at the 20th failure',
    requires: ['rate-window', 'wall-clock'],
    async check(bed) {
      const breaker = bed.create({
        failureRate: { threshold: 0.5, minimumCalls: 20, duration: 10_000 },
        resetTimeout: RESET_TIMEOUT,
      })
      await elapse(bed, HOUR)
      await succeed(breaker)

      need(bed.clock.stepWall, 'wall-clock').call(bed.clock, -2_000)
      let failures = 0
      while (breaker.state() !== 'open' && failures < 500) {
        await elapse(bed, 5)
        await fail(breaker)
        failures++
      }

      insist(breaker.state() === 'open', `stayed ${breaker.state()} through ${failures} failures`)
      insist(failures <= 20, `opened at failure ${failures}`)
    },
  }),
  defineCase({
    id: 'M2',
    title: 'Tripped, then the wall clock is set back by an hour twice during an open time of 60 s',
    expects: 'it is open until the 60 s are over, and no longer',
    requires: ['wall-clock'],
    async check(bed) {
      const breaker = bed.create({ ...setup, resetTimeout: 60_000 })
      const stepWall = need(bed.clock.stepWall, 'wall-clock')
      await trip(breaker)

      stepWall.call(bed.clock, -HOUR)
      await elapse(bed, 30_000)
      stepWall.call(bed.clock, -HOUR)
      await elapse(bed, 29_000)
      const early = await fail(breaker)
      await elapse(bed, 2_000)
      const due = await succeed(breaker)

      insist(!early.ran, 'a call was let through after 59 of 60 s')
      insist(due.ran, 'still rejects after 61 s')
    },
  }),
]
