import type { Feature, TestBed, TestedBreaker } from './adapter.ts'
import { type ConformanceCase, defineCase, insist, notApplicable } from './conformance-case.ts'
import {
  drain,
  elapse,
  fail,
  firstProbe,
  type HeldCall,
  hold,
  holdMany,
  nextProbe,
  RESET_TIMEOUT,
  ran,
  succeed,
  trip,
} from './held-call.ts'

type Has = (feature: Feature) => boolean

const setup = { maxFailures: 3, resetTimeout: RESET_TIMEOUT }

interface Outlived {
  readonly breaker: TestedBreaker
  /** Probes of the first half-open time, still in flight after it. */
  readonly late: readonly HeldCall[]
}

/** The ways a half-open time can end while one of its probes is in flight; `undefined` where it does not end. */
const endings = [
  async function anotherProbeFails(bed: TestBed, has: Has): Promise<Outlived | undefined> {
    if (!has('several-probes')) return undefined
    const breaker = bed.create({ ...setup, probes: 3 })
    const first = await firstProbe(bed, breaker)
    const [second, third] = await holdMany(breaker, 2)
    third?.fail()
    await drain()
    return second?.ran ? { breaker, late: [first, second] } : undefined
  },
  async function trippedByHand(bed: TestBed): Promise<Outlived | undefined> {
    const breaker = bed.create(setup)
    if (breaker.trip === undefined) return undefined
    const late = [await firstProbe(bed, breaker)]
    breaker.trip()
    await drain()
    return { breaker, late }
  },
  async function probeTimesOut(bed: TestBed, has: Has): Promise<Outlived | undefined> {
    if (!has('call-timeout')) return undefined
    const breaker = bed.create({ ...setup, callTimeout: 100 })
    const late = [await firstProbe(bed, breaker)]
    await elapse(bed, 200)
    return { breaker, late }
  },
]

async function lateProbesSucceed(bed: TestBed, { breaker, late }: Outlived): Promise<void> {
  const probe = await nextProbe(bed, breaker)
  insist(probe !== undefined, 'there was no second half-open time')

  await settleAll(late, 'succeed')
  insist(breaker.state() !== 'closed', 'the late success closed it')
  if (late.length > 1) {
    await settleAll([probe], 'succeed')
    insist(breaker.state() !== 'closed', 'one probe of three and two late successes closed it')
    await fail(breaker)
  } else await settleAll([probe], 'fail')
  insist(breaker.state() === 'open', `a probe failed and it reads ${breaker.state()}`)
}

async function settleAll(calls: readonly HeldCall[], how: 'succeed' | 'fail'): Promise<void> {
  for (const call of calls) call[how]()
  await drain()
}

/** Results of calls that were admitted under an earlier state. */
export const staleCases: readonly ConformanceCase[] = [
  defineCase({
    id: 'K4',
    title: 'Calls admitted while closed fail while the probe is in flight',
    expects: 'they are ignored and the probe decides',
    requires: [],
    async check(bed) {
      const breaker = bed.create(setup)
      const late = await holdMany(breaker, 3)
      const probe = await firstProbe(bed, breaker)
      const before = breaker.state()

      await settleAll(late, 'fail')
      const after = breaker.state()
      await settleAll([probe], 'succeed')
      const next = await succeed(breaker)

      insist(after === before, `late failures moved it from ${before} to ${after}`)
      insist(next.ran, `the probe succeeded and it still rejects, reading ${breaker.state()}`)
    },
  }),
  defineCase({
    id: 'K5',
    title: 'Calls admitted while closed succeed while the circuit is open',
    expects: 'they are ignored and it stays open',
    requires: [],
    async check(bed) {
      const breaker = bed.create(setup)
      const late = await holdMany(breaker, 5)
      await trip(breaker)

      await settleAll(late, 'succeed')

      insist(breaker.state() === 'open', `late successes left it ${breaker.state()}`)
      insist(!(await fail(breaker)).ran, 'a call was let through after the late successes')
    },
  }),
  defineCase({
    id: 'K6',
    title: 'Calls admitted while closed succeed while the probe is in flight, and the probe fails',
    expects: 'they are ignored, no call joins the probe, and the failed probe re-opens',
    requires: ['half-open'],
    async check(bed) {
      const breaker = bed.create(setup)
      const late = await holdMany(breaker, 2)
      const probe = await firstProbe(bed, breaker)

      await settleAll(late, 'succeed')
      const closed = breaker.state() === 'closed'
      const joined = ran(await holdMany(breaker, 5))
      await settleAll([probe], 'fail')

      insist(!closed, `late successes closed it; ${joined} of 5 calls ran beside the probe`)
      insist(joined === 0, `${joined} of 5 calls ran beside the probe`)
      insist(breaker.state() === 'open', `the probe failed and it reads ${breaker.state()}`)
    },
  }),
  defineCase({
    id: 'K7',
    title: 'A probe of the first half-open time succeeds during the second one',
    expects: 'it is ignored and the probes of the second one decide',
    requires: ['half-open'],
    async check(bed, has) {
      let ended = 0
      for (const end of endings) {
        const outlived = await end(bed, has)
        if (outlived?.breaker.state() !== 'open') continue
        ended++
        await lateProbesSucceed(bed, outlived)
      }
      if (ended === 0) notApplicable('half-open cannot end while one of its probes is in flight')
    },
  }),
  defineCase({
    id: 'M3',
    title: '8 ignored results of calls admitted while closed arrive beside two probes, two allowed',
    expects: 'they give back nothing: still two probes at once',
    requires: ['several-probes', 'ignored-errors'],
    async check(bed) {
      const ignored = new Error('not found')
      const ignore = (error: unknown): boolean => error === ignored
      const breaker = bed.create({ ...setup, probes: 2, ignore })
      const late = await holdMany(breaker, 8)
      const probe = await firstProbe(bed, breaker)
      const other = await hold(breaker)

      for (const call of late) call.fail(ignored)
      await drain()
      const running = ran([probe, other, ...(await holdMany(breaker, 10))])

      insist(running <= 2, `${running} probes ran at once`)
    },
  }),
  defineCase({
    id: 'M4',
    title: 'Two calls admitted while closed succeed after the open time, before any probe',
    expects: 'they are ignored: the next call is a probe, and its failure re-opens',
    requires: ['half-open'],
    async check(bed) {
      const breaker = bed.create(setup)
      const late = await holdMany(breaker, 2)
      await trip(breaker)
      await elapse(bed, RESET_TIMEOUT + 1)

      await settleAll(late, 'succeed')
      const state = breaker.state()
      const probe = await fail(breaker)

      insist(state !== 'closed', 'closed by two late successes, without a probe')
      insist(probe.ran, 'no probe was let through after the late successes')
      insist(breaker.state() === 'open', `the probe failed and it reads ${breaker.state()}`)
    },
  }),
  defineCase({
    id: 'M10',
    title: 'Five failures open it, then one straggler succeeds',
    expects: 'it stays open for the whole open time',
    requires: [],
    async check(bed) {
      const breaker = bed.create({ ...setup, maxFailures: 5 })
      const straggler = await hold(breaker)
      await trip(breaker)
      await elapse(bed, RESET_TIMEOUT / 2)

      await settleAll([straggler], 'succeed')
      const early = await succeed(breaker)
      await elapse(bed, RESET_TIMEOUT / 2 + 1)
      const due = await succeed(breaker)

      insist(!early.ran, 'one late success let calls through at half of the open time')
      insist(due.ran, 'no call was let through after the open time')
    },
  }),
  defineCase({
    id: 'M11',
    title: 'A call admitted while closed is cancelled while the circuit is open',
    expects: 'it stays open',
    requires: [],
    async check(bed) {
      const breaker = bed.create(setup)
      const caller = new AbortController()
      await hold(breaker, caller.signal)
      const permit = breaker.acquire?.()
      await trip(breaker)

      caller.abort(new Error('gone'))
      permit?.cancel()
      await drain()

      insist(breaker.state() === 'open', `the cancelled call left it ${breaker.state()}`)
      insist(!(await fail(breaker)).ran, 'a call was let through after the cancelled one')
    },
  }),
]
