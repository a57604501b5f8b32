import type { Change } from './columns.ts'
import type { Fault } from './faults.ts'
import type { Call } from './traffic.ts'

/** What one side's callers lived through. Times in ms. */
export interface Side {
  calls: number
  ok: number
  failed: number
  rejected: number
  /** Calls that were let through to an upstream that could not answer. */
  sentWhileDown: number
  /** Rejected although the upstream was able to answer: the price of not knowing that yet. */
  rejectedWhileUp: number
  wastedMs: number
  /** Calls that took longer than `hungAfter` and did not fail. */
  hung: number
  hungMs: number
  worstInFlight: number
  meanInFlight: number
  p90: number
  p99: number
  /** The middle time it took to be rejected. */
  rejectedP50: number
}

/** How the breaker met one fault; a time is absent when it never came to that. */
export interface Response {
  kind: Fault['kind']
  tripMs?: number
  recoveryMs?: number
}

export function summarize(
  calls: readonly Call[],
  faults: readonly Fault[],
  lengthMs: number,
): Side {
  const down = (call: Call) =>
    faults.some(({ from, until }) => call.startedAt >= from && call.startedAt < (until ?? Infinity))
  const of = (result: Call['result']) => calls.filter((call) => call.result === result)
  const took = calls.map(duration)
  const rejected = of('rejected')
  return {
    calls: calls.length,
    ok: of('ok').length,
    failed: of('failed').length,
    rejected: rejected.length,
    sentWhileDown: calls.filter((call) => call.result !== 'rejected' && down(call)).length,
    rejectedWhileUp: rejected.filter((call) => !down(call)).length,
    wastedMs: wastedMs(calls),
    hung: hungCalls(calls, lengthMs).length,
    hungMs: hungMs(calls, lengthMs),
    worstInFlight: worstInFlight(calls),
    meanInFlight: took.reduce((sum, ms) => sum + ms, 0) / lengthMs,
    p90: quantile(took, 0.9),
    p99: quantile(took, 0.99),
    rejectedP50: quantile(rejected.map(duration), 0.5),
  }
}

/** Time callers spent on calls that failed. A rejection is counted too: it takes next to nothing. */
export function wastedMs(calls: readonly Call[]): number {
  return calls.reduce((sum, call) => sum + (call.result === 'ok' ? 0 : duration(call)), 0)
}

/** A caller who has waited that long, ms, is stuck: those with a time limit have given up before. */
export const hungAfter = 2_000

function hungCalls(calls: readonly Call[], now: number): Call[] {
  return calls.filter(
    ({ startedAt, endedAt = now, result = 'ok' }) =>
      result === 'ok' && endedAt - startedAt > hungAfter,
  )
}

/** Time callers spent so far on calls that hang, or hung and were answered after all. */
export function hungMs(calls: readonly Call[], now: number): number {
  return hungCalls(calls, now).reduce(
    (sum, { startedAt, endedAt = now }) => sum + endedAt - startedAt,
    0,
  )
}

/** What has become of all calls so far. */
export function tallyOf(
  calls: readonly Call[],
  now: number,
): { failed: number; rejected: number; hung: number; lostMs: number } {
  return {
    failed: calls.filter(({ result }) => result === 'failed').length,
    rejected: calls.filter(({ result }) => result === 'rejected').length,
    hung: hungCalls(calls, now).length,
    lostMs: wastedMs(calls) + hungMs(calls, now),
  }
}

function duration({ startedAt, endedAt = startedAt }: Call): number {
  return endedAt - startedAt
}

/** The most calls that waited at one moment. */
export function worstInFlight(calls: readonly Call[]): number {
  const ends = calls.map(({ endedAt = Infinity }) => endedAt).sort((a, b) => a - b)
  let worst = 0
  let ended = 0
  calls.forEach(({ startedAt }, index) => {
    while ((ends[ended] ?? Infinity) <= startedAt) ended += 1
    worst = Math.max(worst, index + 1 - ended)
  })
  return worst
}

/** The value that a share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

export function lastSecond(
  calls: readonly Call[],
  now: number,
): { started: number; ok: number; failed: number; rejected: number; inFlight: number } {
  const figures = { started: 0, ok: 0, failed: 0, rejected: 0, inFlight: 0 }
  const recent = (at: number) => at > now - 1_000 && at <= now
  for (const { startedAt, endedAt, result } of calls) {
    if (recent(startedAt)) figures.started += 1
    if (endedAt === undefined || result === undefined) figures.inFlight += 1
    else if (recent(endedAt)) figures[result] += 1
  }
  return figures
}

/** For each fault: from its beginning to open, and from its end to closed again. */
export function responses(faults: readonly Fault[], changes: readonly Change[]): Response[] {
  return faults.map(({ kind, from, until }, index) => {
    const next = faults[index + 1]?.from ?? Infinity
    const within = changes.filter(({ at }) => at >= from && at < next)
    const opened = within.find(({ at, state }) => state === 'open' && at < (until ?? Infinity))
    const closed = within.find(({ at, state }) => state === 'closed' && opened && at > opened.at)
    return {
      kind,
      ...(opened && { tripMs: opened.at - from }),
      // The first answer can be here before the news that the upstream listens: that is no time.
      ...(closed && until !== undefined && { recoveryMs: Math.max(0, closed.at - until) }),
    }
  })
}
