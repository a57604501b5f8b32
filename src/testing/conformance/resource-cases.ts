import type { TestBed } from './adapter.ts'
import { type ConformanceCase, defineCase, insist, need } from './conformance-case.ts'
import { drain, elapse, fail, observe, RESET_TIMEOUT, succeed, trip } from './held-call.ts'

const setup = { maxFailures: 3, resetTimeout: RESET_TIMEOUT }

/** A function of its own, so that nothing on its stack outlives it. */
async function useAndDrop(bed: TestBed): Promise<WeakRef<object>> {
  const breaker = bed.create(setup)
  await succeed(breaker)
  await trip(breaker)
  return new WeakRef(need(breaker.target, 'garbage-collection'))
}

/** What a breaker shares, holds and keeps. */
export const resourceCases: readonly ConformanceCase[] = [
  defineCase({
    id: 'K23',
    title: 'Two breakers are built from one options object',
    expects: 'they share nothing',
    requires: ['shared-options'],
    async check(bed) {
      const createTwins = need(bed.createTwins, 'shared-options')
      const [a, b] = createTwins.call(bed, setup)
      const [broken, healthy] = createTwins.call(bed, setup)

      const ofA = await observe(a, async () => 'a')
      const ofB = await observe(b, async () => 'b')
      await trip(broken)
      await fail(healthy)

      insist(
        ofA.result === 'a' && ofB.result === 'b',
        `"a" was called, then "b" through the other, which returned "${String(ofB.result)}"`,
      )
      insist(
        healthy.state() === 'closed',
        `after the first one tripped, one failure left the other ${healthy.state()}`,
      )
      insist((await succeed(healthy)).ran, 'the other one rejects')
    },
  }),
  defineCase({
    id: 'K24',
    title: 'Three used and tripped breakers are dropped, and an hour passes',
    expects: 'they are freed, and no timer is left',
    requires: ['garbage-collection', 'timers'],
    async check(bed) {
      const collectGarbage = need(bed.collectGarbage, 'garbage-collection')
      const pendingTimers = need(bed.clock.pendingTimers, 'timers')
      const dropped = [await useAndDrop(bed), await useAndDrop(bed), await useAndDrop(bed)]

      await elapse(bed, 3_600_000)
      await collectGarbage.call(bed)
      await drain()

      const alive = dropped.filter((breaker) => breaker.deref() !== undefined).length
      const timers = pendingTimers.call(bed.clock)
      insist(alive + timers === 0, `still alive: ${alive} of 3; timers still armed: ${timers}`)
    },
  }),
  defineCase({
    id: 'K25',
    title: 'The circuit is open and no call is in flight',
    expects: 'nothing keeps the process alive',
    requires: ['timers'],
    async check(bed) {
      const breaker = bed.create(setup)
      await trip(breaker)
      // Promise libraries look for unhandled rejections a moment later.
      await elapse(bed, 10)

      const holding = need(bed.clock.holdingTimers, 'timers').call(bed.clock)

      insist(holding === 0, `timers that keep the process alive: ${holding}`)
    },
  }),
]
