import type { TestBed, TestedBreaker } from './adapter.ts'
import {
  type ConformanceCase,
  defineCase,
  insist,
  need,
  notApplicable,
} from './conformance-case.ts'
import {
  drain,
  elapse,
  fail,
  firstProbe,
  HeldCall,
  hold,
  holdMany,
  RESET_TIMEOUT,
  ran,
  succeed,
  trip,
} from './held-call.ts'

const setup = { maxFailures: 3, resetTimeout: RESET_TIMEOUT }
const everyCall = 'every call is let through after the open time, which K1 reports'

async function recoversFromLostProbe(bed: TestBed, breaker: TestedBreaker): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await elapse(bed, 10_000)
    const call = await hold(breaker)
    if (call.ran) return
    insist(!call.waiting, 'later callers are left hanging behind the lost probe')
  }
  insist(false, `rejected every call for 10 minutes, and reads ${breaker.state()}`)
}

/** Which calls may run after the open time, and what becomes of the others. */
export const halfOpenCases: readonly ConformanceCase[] = [
  defineCase({
    id: 'K1',
    title: '10 concurrent calls after the open time, one probe allowed',
    expects: 'one runs',
    requires: [],
    async check(bed) {
      const breaker = bed.create(setup)
      await trip(breaker)
      await elapse(bed, RESET_TIMEOUT + 1)

      const running = ran(await holdMany(breaker, 10))

      insist(running === 1, `${running} of 10 ran at once`)
    },
  }),
  defineCase({
    id: 'K2',
    title: 'The other callers while the probe is in flight',
    expects: 'are rejected at once',
    requires: ['half-open'],
    async check(bed) {
      const breaker = bed.create(setup)
      await firstProbe(bed, breaker)

      const others = await holdMany(breaker, 9)

      if (ran(others) === 9) notApplicable(everyCall)
      const waiting = others.filter((call) => call.waiting).length
      insist(waiting === 0, `${waiting} of 9 callers were left waiting for the probe`)
      insist(ran(others) === 0, `${ran(others)} of 9 ran beside the probe`)
    },
  }),
  defineCase({
    id: 'K3',
    title: '499 callers come while the probe is in flight, then it succeeds',
    expects: 'none of them falls on the recovering target',
    requires: ['half-open'],
    async check(bed) {
      const breaker = bed.create(setup)
      const probe = await firstProbe(bed, breaker)
      const others = await holdMany(breaker, 499)
      if (ran(others) === 499) notApplicable(everyCall)

      probe.succeed()
      await drain()

      insist(ran(others) === 0, `${ran(others)} callers ran at the moment the probe succeeded`)
    },
  }),
  defineCase({
    id: 'K8',
    title: 'A probe that never settles, while calls keep coming',
    expects: 'the others are answered at once and another probe is let through within 10 minutes',
    requires: ['half-open'],
    async check(bed) {
      const breaker = bed.create(setup)
      await firstProbe(bed, breaker)

      const others = await holdMany(breaker, 9)

      const waiting = others.filter((call) => call.waiting).length
      insist(waiting === 0, `${waiting} of 9 callers hang behind the lost probe`)
      await recoversFromLostProbe(bed, breaker)
    },
  }),
  defineCase({
    id: 'K9',
    title: 'A caller aborts its own signal while another call is the probe',
    expects: 'it has its answer, or gets it now',
    requires: ['half-open'],
    async check(bed) {
      const breaker = bed.create(setup)
      await firstProbe(bed, breaker)
      const caller = new AbortController()
      const call = new HeldCall(breaker, caller.signal)
      await drain()
      if (call.ran) notApplicable(everyCall)

      caller.abort(new Error('gone'))
      await drain()

      insist(call.status === 'rejected', `the aborted caller is still ${call.status}`)
    },
  }),
  defineCase({
    id: 'M5',
    title: 'A probe that never settles, with the call timeout left at the default of the library',
    expects: 'another probe is let through within 10 minutes',
    requires: ['half-open'],
    async check(bed) {
      const breaker = bed.create({ ...setup, callTimeout: 'default' })
      await firstProbe(bed, breaker)

      await recoversFromLostProbe(bed, breaker)
    },
  }),
  defineCase({
    id: 'M6',
    title: 'Tripped, closed by hand, and tripped again before the first open time is over',
    expects: 'the second open time is as long as the first',
    requires: ['reset'],
    async check(bed) {
      const breaker = bed.create(setup)
      await trip(breaker)
      need(breaker.reset, 'reset').call(breaker)
      await drain()
      await elapse(bed, RESET_TIMEOUT - 100)
      await trip(breaker)

      await elapse(bed, 200)
      const early = await fail(breaker)
      await elapse(bed, RESET_TIMEOUT - 199)
      const due = await succeed(breaker)

      insist(!early.ran, 'a call was let through 200 ms into an open time of 1000 ms')
      insist(due.ran, 'the second open time did not end')
    },
  }),
  defineCase({
    id: 'M12',
    title: '50 concurrent calls after the open time, three probes allowed',
    expects: 'three run',
    requires: ['several-probes'],
    async check(bed) {
      const breaker = bed.create({ ...setup, probes: 3 })
      await trip(breaker)
      await elapse(bed, RESET_TIMEOUT + 1)

      const running = ran(await holdMany(breaker, 50))

      insist(running <= 3, `${running} of 50 ran at once`)
      insist(running > 0, 'none of 50 ran')
    },
  }),
  defineCase({
    id: 'M13',
    title: 'A probe that never settles, and then a year without a call',
    expects: 'the year later there is another probe',
    requires: ['half-open', 'freeze'],
    async check(bed) {
      const breaker = bed.create(setup)
      const freeze = need(bed.clock.freeze, 'freeze')
      await firstProbe(bed, breaker)

      freeze.call(bed.clock, 365 * 24 * 3_600_000)
      await elapse(bed, 1_000)

      await recoversFromLostProbe(bed, breaker)
    },
  }),
]
