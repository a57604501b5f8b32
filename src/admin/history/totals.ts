import type { BreakerReading } from '../../index.ts'

/** What is counted of a breaker, in the order of the fields. */
export interface Totals {
  readonly ok: number
  readonly failed: number
  readonly rejected: number
  /** Neutral, cancelled and stale calls. */
  readonly other: number
  /** Calls that would have been rejected without an override. */
  readonly unenforced: number
  /** Rejected because too many calls were in flight; they are among the rejected ones. */
  readonly full: number
}

export const NO_TOTALS: Totals = {
  ok: 0,
  failed: 0,
  rejected: 0,
  other: 0,
  unenforced: 0,
  full: 0,
}

export function totalsOf({ counts }: BreakerReading): Totals {
  const { rejected } = counts
  return {
    ok: counts.success,
    failed: counts.failure + counts.expired,
    rejected: rejected.open + rejected['half-open'] + rejected['forced-open'] + rejected.full,
    other: counts.neutral + counts.cancelled + counts.stale,
    unenforced: rejected.unenforced,
    full: rejected.full,
  }
}

/** True for a breaker that has done what the totals say, and nothing more. */
export function isUnchanged({ counts }: BreakerReading, totals: Totals): boolean {
  const { rejected } = counts
  return (
    counts.success === totals.ok &&
    counts.failure + counts.expired === totals.failed &&
    rejected.open + rejected['half-open'] + rejected['forced-open'] + rejected.full ===
      totals.rejected &&
    counts.neutral + counts.cancelled + counts.stale === totals.other &&
    rejected.unenforced === totals.unenforced
  )
}

/** What has been added; where a breaker was replaced by another one of its name, all that it has done. */
export function difference(now: Totals, before: Totals): Totals {
  // Nearly always nothing has happened, and then they are the same object.
  if (now === before) return NO_TOTALS
  const { ok, failed, rejected, other } = before
  if (now.ok < ok || now.failed < failed || now.rejected < rejected || now.other < other) return now
  return {
    ok: now.ok - ok,
    failed: now.failed - failed,
    rejected: now.rejected - rejected,
    other: now.other - other,
    unenforced: now.unenforced - before.unenforced,
    full: now.full - before.full,
  }
}

/** Calls that ran or were rejected. */
export function callsOf({ ok, failed, rejected, other }: Totals): number {
  return ok + failed + rejected + other
}
