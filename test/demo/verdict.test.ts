import { describe, expect, it } from 'vitest'
import { responses } from '../../demo/summary.ts'
import { shortcomings } from '../../demo/verdict.ts'
import { side } from './side.ts'

const faults = [{ kind: 'frozen', from: 1_000, until: 3_000 }] as const
const changes = [
  { at: 2_000, state: 'open' },
  { at: 3_500, state: 'closed' },
] as const
const good = {
  guarded: side({ calls: 100, rejected: 40, wastedMs: 1_000 }),
  bare: side({ calls: 100, wastedMs: 5_000 }),
  faults,
  changes,
  rejectsHeard: 40,
  callTimeout: 1_000,
  responses: responses(faults, changes),
  totals: {
    inFlight: 0,
    counts: { admitted: 60, settled: 59, expired: 1, rejected: { open: 40 } },
  },
}

describe('shortcomings', () => {
  it('finds none in a run in which the breaker did its job', () => {
    expect(shortcomings(good)).toEqual([])
  })

  it.each([
    ['never opened', { responses: [{ kind: 'frozen' as const }] }, 'did not open'],
    ['never closed', { responses: [{ kind: 'frozen' as const, tripMs: 9 }] }, 'did not close'],
    ['met no fault', { faults: [], responses: [], changes: [] }, 'no fault happened'],
    [
      'opened for no reason',
      { changes: [{ at: 500, state: 'open' as const }, ...changes] },
      'opened while the upstream was up',
    ],
    [
      'saved too little',
      { guarded: { ...good.guarded, wastedMs: 2_500 } },
      'wasted 2500 ms with it, 5000 ms without',
    ],
    [
      'lost a call',
      { totals: { ...good.totals, counts: { ...good.totals.counts, settled: 58 } } },
      'do not add up',
    ],
    ['kept a rejection from its listener', { rejectsHeard: 39 }, 'told of 39 rejections'],
    [
      'counted other rejections than its callers',
      { guarded: { ...good.guarded, rejected: 41 } },
      'admitted and 40 rejected, its callers 59 and 41',
    ],
  ])('says so when the breaker %s', (_, change, reason) => {
    expect(shortcomings({ ...good, ...change }).join()).toContain(reason)
  })
})
