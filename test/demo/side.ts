import type { Side } from '../../demo/summary.ts'

/** A side of a comparison in which nothing happened but what is given. */
export function side(given: Partial<Side>): Side {
  return {
    calls: 0,
    ok: 0,
    failed: 0,
    rejected: 0,
    sentWhileDown: 0,
    rejectedWhileUp: 0,
    wastedMs: 0,
    hung: 0,
    hungMs: 0,
    worstInFlight: 0,
    meanInFlight: 0,
    p90: 0,
    p99: 0,
    rejectedP50: 0,
    ...given,
  }
}
