import type { FleetBreaker, ProcessStatus } from '../../fleet/index.ts'
import { span } from '../text.ts'
import { type Command, madeAt } from './commands.ts'
import { moreUsual, type Policies, policyDifference } from './policies.ts'

export type ProcessState =
  | 'behind'
  | 'silent'
  | 'isolated'
  | 'degraded'
  | 'other policy'
  | 'up to date'

/** One process of the fleet, and in what it differs from the others. */
export interface ProcessRow {
  readonly process: string
  readonly service: string
  readonly version: string
  /** When it was last seen, ms by the clock of the store. */
  readonly seenAt: number
  /** For how long it has been in the fleet, ms. */
  readonly uptime: number
  readonly breakers: number
  readonly state: ProcessState
  /** Since when it differs, ms by the clock of the store, where that is known. */
  readonly since: number | null
  /** The breaker that it is about, where it is about one. */
  readonly breaker: string | null
  readonly text: string
}

/** Every process says something within 42 s, whatever happens. */
const LATE = 45_000

export function processRow(
  status: ProcessStatus,
  due: readonly Command[],
  breakers: readonly FleetBreaker[],
  policies: Policies,
  nowMs: number,
): ProcessRow {
  const { process, service, version, seenAt, uptime } = status
  const found = differenceOf(status, due, breakers, policies, nowMs)
  const about = { breaker: null, since: null, ...found }
  return { process, service, version, seenAt, uptime, breakers: status.breakers, ...about }
}

type Difference = Pick<ProcessRow, 'state' | 'text'> &
  Partial<Pick<ProcessRow, 'breaker' | 'since'>>

function differenceOf(
  { heard, seenAt, alone, degraded, policies }: ProcessStatus,
  due: readonly Command[],
  breakers: readonly FleetBreaker[],
  all: Policies,
  nowMs: number,
): Difference {
  const missed = due.filter(({ stamp }) => heard < stamp)
  const [first] = missed
  if (first !== undefined) {
    const others = missed.length === 1 ? '' : `, and ${missed.length - 1} more`
    const text = `${first.what} not applied yet${others}`
    const since = madeAt(first.stamp)
    return { state: 'behind', breaker: first.name, since, text }
  }
  if (nowMs - seenAt > LATE) {
    return { state: 'silent', since: seenAt, text: 'no answer to the store; it goes on by itself' }
  }
  const isClosed = (name: string): boolean =>
    breakers.find((one) => one.name === name)?.registers.automatic.state !== 'open'
  const own = alone.filter(({ name }) => isClosed(name))
  const [opened] = own
  if (opened !== undefined) {
    const { name, hits, calls, reason, age } = opened
    const why = calls > 0 ? `${hits} of ${calls} calls failed here` : reason
    const others = own.length === 1 ? '' : `; and ${own.length - 1} more`
    const text = `open by itself: ${why}${others}`
    return { state: 'isolated', breaker: name, since: seenAt - age, text }
  }
  if (degraded > 0) {
    const text = `was without the store for ${span(degraded)}`
    return { state: 'degraded', since: seenAt - degraded, text }
  }
  for (const { name, policy } of policies) {
    const most = moreUsual(all.get(name), policy)
    if (most !== undefined) {
      return { state: 'other policy', breaker: name, text: policyDifference(policy, most) }
    }
  }
  return { state: 'up to date', text: '' }
}

/** The processes that differ first, the worst of them before all others. */
export function byDifference(rows: readonly ProcessRow[]): ProcessRow[] {
  return rows.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.process < b.process ? -1 : 1),
  )
}

const ORDER: readonly ProcessState[] = [
  'behind',
  'silent',
  'isolated',
  'degraded',
  'other policy',
  'up to date',
]
