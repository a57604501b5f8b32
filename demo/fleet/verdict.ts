import type { StateName } from '../../src/index.ts'
import type { Fault } from '../faults.ts'
import { quantile } from '../summary.ts'
import { type FleetChange, type FleetHistory, milliseconds, type Probe, within } from './history.ts'

/** What was to be shown, what was measured, and whether that shows it. */
export interface Finding {
  /** `slow` is right, but took longer than `promptly`: perhaps the machine is busy. */
  verdict: 'yes' | 'slow' | 'no'
  text: string
}

/** The fleet follows within this time, ms. */
const promptly = 50

/** Judges a run with three outages of the upstream, the second of them while there was no Redis. */
export function judge(history: FleetHistory, endedAt: number): Finding[] {
  const { upstream, redis, changes } = history
  const [first, alone, again] = upstream
  const [store] = redis
  if (!(first?.until && alone?.until && again?.until && store?.until)) {
    return [{ verdict: 'no', text: 'It was not played to its end.' }]
  }
  const between = (from: number, to: number) =>
    changes.map((of) => of.filter(({ at }) => at >= from && at < to))

  const shared = (fault: Fault, until: number, what: string): Finding[] => [
    followed(`${what}: the fleet opened`, 'open', between(fault.from, until), fault.from),
    probed(history, fault.from, until),
    followed(
      'Upstream back: the fleet closed',
      'closed',
      between(fault.until ?? 0, until),
      fault.until ?? 0,
    ),
  ]
  return [
    ...shared(first, store.from, 'Upstream killed'),
    unnoticed(history, store.from, alone.from),
    byThemselves(
      'Upstream killed again: each opened',
      'open',
      between(alone.from, store.until),
      alone.from,
    ),
    byThemselves(
      'Upstream back: each closed',
      'closed',
      between(alone.until, store.until),
      alone.until,
    ),
    reconnected(history, store.until, again.from),
    ...shared(again, endedAt, 'Upstream killed once more'),
    noFalseAlarm(history),
  ]
}

function firstOf(changes: readonly FleetChange[][], state: StateName): (FleetChange | undefined)[] {
  return changes.map((of) => of.find((change) => change.state === state))
}

/** All came to the state because the fleet said so. */
function followed(
  what: string,
  state: StateName,
  changes: readonly FleetChange[][],
  since: number,
): Finding {
  const reached = firstOf(changes, state)
  const all = reached.filter((change) => change !== undefined)
  const alone = all.filter(({ byFleet }) => !byFleet).length
  if (all.length < reached.length) {
    return { verdict: 'no', text: `${what} in ${all.length} of ${reached.length} processes only` }
  }
  const { at, spread } = within(all.map(({ at }) => at))
  const text =
    `${what} after ${milliseconds(at - spread - since)}, ` +
    `all ${all.length} within ${milliseconds(spread)}`
  if (alone > 0) return { verdict: 'no', text: `${text}; ${alone} of them by themselves` }
  return { verdict: spread <= promptly ? 'yes' : 'slow', text }
}

function probed({ probes }: FleetHistory, from: number, to: number): Finding {
  const during = probes.filter(({ startedAt }) => startedAt >= from && startedAt < to)
  const most = mostAtOnce(during)
  const text = `${probesBy(during)}, never more than ${most} at once`
  return { verdict: most === 1 ? 'yes' : 'no', text }
}

function probesBy(probes: readonly Probe[]): string {
  const by = new Set(probes.map(({ process }) => process)).size
  return `${counted(probes.length, 'probe')} by ${counted(by, 'process', 'processes')}`
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** The most probes in flight at one moment. */
export function mostAtOnce(probes: readonly Probe[]): number {
  const during = ({ startedAt }: Probe) =>
    probes.filter((one) => one.startedAt <= startedAt && (one.endedAt ?? Infinity) > startedAt)
  return Math.max(0, ...probes.map((probe) => Math.max(1, during(probe).length)))
}

/** Redis is gone, and the upstream is not. */
function unnoticed({ calls }: FleetHistory, from: number, to: number): Finding {
  // Those that began before the upstream was killed and were cut off by that have not met Redis.
  const meanwhile = calls.filter(({ startedAt, endedAt = to }) => startedAt >= from && endedAt < to)
  const before = calls.filter(
    ({ endedAt = from }) => endedAt >= from - (to - from) && endedAt < from,
  )
  const spoilt = meanwhile.filter(({ result }) => result !== 'ok').length
  const middle = (of: typeof calls) =>
    milliseconds(
      quantile(
        of.map(({ startedAt, endedAt = startedAt }) => endedAt - startedAt),
        0.5,
      ),
    )
  const text =
    `Redis killed: of ${meanwhile.length} calls ${spoilt === 0 ? 'none' : spoilt} failed or rejected, ` +
    `half within ${middle(meanwhile)}; before, ${middle(before)}`
  return { verdict: spoilt === 0 && meanwhile.length > 0 ? 'yes' : 'no', text }
}

function byThemselves(
  what: string,
  state: StateName,
  changes: readonly FleetChange[][],
  since: number,
): Finding {
  const all = firstOf(changes, state).filter((change) => change !== undefined)
  const times = all.map(({ at }) => at - since)
  const { at, spread } = within(times)
  const text =
    all.length === 0
      ? `${what} by itself: none has`
      : `${what} by itself, ${all.length} of ${changes.length}, after ` +
        `${milliseconds(at - spread)} to ${milliseconds(at)}`
  const right = all.length === changes.length && all.every(({ byFleet }) => !byFleet)
  return { verdict: right ? 'yes' : 'no', text }
}

function reconnected({ connections }: FleetHistory, from: number, to: number): Finding {
  const back = connections
    .map((of) => of.find(({ at, connected }) => connected && at >= from && at < to)?.at)
    .filter((at) => at !== undefined)
  const text = `Redis back, and empty: ${back.length} of ${connections.length} report to it again`
  return back.length === connections.length
    ? { verdict: 'yes', text: `${text}, after ${milliseconds(within(back).at - from)}` }
    : { verdict: 'no', text }
}

function noFalseAlarm({ changes, upstream }: FleetHistory): Finding {
  const isDown = ({ at }: FleetChange) =>
    upstream.some(({ from, until = Infinity }) => at >= from && at < until)
  const opened = changes.flat().filter(({ state }) => state === 'open')
  // One of its probes may have met the upstream just before it was back.
  const early = opened.filter((change) => !isDown(change) && !isProbing(changes, change)).length
  const text = `None opened while the upstream was up`
  return early === 0
    ? { verdict: 'yes', text }
    : {
        verdict: 'no',
        text: `${counted(early, 'process', 'processes')} opened while the upstream was up`,
      }
}

function isProbing(changes: readonly FleetChange[][], change: FleetChange): boolean {
  const own = changes.find((of) => of.includes(change)) ?? []
  return own[own.indexOf(change) - 1]?.state !== 'closed' && own.indexOf(change) > 0
}
