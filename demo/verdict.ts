import type { Change } from './columns.ts'
import type { Fault } from './faults.ts'
import type { Response, Side } from './summary.ts'

/** The breaker's own totals, of `breaker.snapshot()`. */
export interface Totals {
  inFlight: number
  counts: {
    admitted: number
    settled: number
    expired: number
    rejected: Readonly<Record<string, number>>
  }
}

/** At most this share of the waiting without a breaker may be left with it. */
const wasteAllowed = 0.5

/** Every way in which the breaker did not do its job; none when it did. */
export function shortcomings(run: {
  guarded: Side
  bare: Side
  faults: readonly Fault[]
  changes: readonly Change[]
  responses: readonly Response[]
  totals: Totals
  /** `reject` events that its listener was told of. */
  rejectsHeard: number
  callTimeout: number
}): string[] {
  const { guarded, bare, faults, changes, responses, totals, rejectsHeard, callTimeout } = run
  const { admitted, settled, expired } = totals.counts
  const rejected = Object.values(totals.counts.rejected).reduce((sum, count) => sum + count, 0)
  const found: string[] = []
  const expect = (fact: boolean, otherwise: string) => {
    if (!fact) found.push(otherwise)
  }

  expect(faults.length > 0, 'no fault happened')
  for (const { kind, tripMs, recoveryMs } of responses) {
    expect(tripMs !== undefined, `it did not open while the upstream was ${kind}`)
    expect(recoveryMs !== undefined, `it did not close after the upstream had been ${kind}`)
  }
  const opened = changes.filter(({ state }) => state === 'open')
  // A call sent during a fault may fail up to its timeout after it.
  const down = ({ at }: Change) =>
    faults.some(({ from, until = Infinity }) => at >= from && at < until + callTimeout)
  expect(opened.every(down), 'it opened while the upstream was up')

  expect(
    guarded.wastedMs < bare.wastedMs * wasteAllowed,
    `callers wasted ${Math.round(guarded.wastedMs)} ms with it, ${Math.round(bare.wastedMs)} ms without`,
  )
  expect(
    admitted === settled + expired + totals.inFlight,
    `its counts do not add up: ${admitted} admitted, ${settled} settled, ${expired} expired, ` +
      `${totals.inFlight} in flight`,
  )
  expect(
    admitted + rejected === guarded.calls && rejected === guarded.rejected,
    `it counted ${admitted} admitted and ${rejected} rejected, its callers ` +
      `${guarded.calls - guarded.rejected} and ${guarded.rejected}`,
  )
  expect(
    rejectsHeard === guarded.rejected,
    `it told of ${rejectsHeard} rejections, its callers saw ${guarded.rejected}`,
  )
  return found
}
