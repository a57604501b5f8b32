import type { FleetBreaker, OverrideRegister, ProcessStatus } from '../../fleet/index.ts'
import type { OverrideMode, StateName } from '../../index.ts'
import { span } from '../text.ts'
import { type Command, isByHand, madeAt } from './commands.ts'
import { numberIn } from './policies.ts'

/** What calls meet: the state, or the mode of an override. */
export type FleetState = StateName | OverrideMode

/** A breaker as the whole fleet has it. */
export interface FleetRow {
  readonly name: string
  readonly state: FleetState
  readonly automatic: StateName
  /** Since when, ms by the clock of the store; null if it has never changed. */
  readonly since: number | null
  /** While it is open: when probes may be asked for, ms by the clock of the store. */
  readonly until: number | null
  readonly override: {
    readonly mode: OverrideMode
    readonly by: string
    readonly reason: string
    readonly until: number | null
  } | null
  /** Why the automatic state changed, by which process or person, and what was said. */
  readonly reason: string
  readonly by: string
  readonly note: string
  /** How many processes there are in which state. */
  readonly parts: readonly (readonly [FleetState, number])[]
  /** Processes that have not heard of what was last done by hand; those that have opened it by themselves. */
  readonly behind: readonly string[]
  readonly alone: readonly string[]
  /** Calls within the window, as they were reported. */
  readonly calls: FleetBreaker['calls']
  /** The length of the window, ms; 0 where it is not known. */
  readonly window: number
  /** Changes whenever its registers do. */
  readonly version: string
  /** In a few words: who holds it, what the probes do, who differs. */
  readonly text: string
  readonly more: string
}

export function breakerRow(
  breaker: FleetBreaker,
  processes: readonly ProcessStatus[],
  due: readonly Command[],
  nowMs: number,
): FleetRow {
  const { name, registers, calls, policy } = breaker
  const { automatic, override } = registers
  const mode = isOver(override, nowMs) ? null : override.mode
  const state = mode ?? automatic.state
  const newest = Math.max(0, ...due.filter((one) => one.name === name).map((one) => one.stamp))
  const behind = processes.filter(({ heard }) => heard < newest)
  const alone = automatic.state === 'closed' ? openedAlone(name, processes) : []
  const stamp = mode === null ? automatic.stamp : override.stamp
  return {
    name,
    state,
    automatic: automatic.state,
    since: stamp === 0 ? null : Math.min(nowMs, madeAt(stamp)),
    until: automatic.state === 'open' ? automatic.until : null,
    override:
      mode === null
        ? null
        : { mode, by: override.by, reason: override.reason, until: override.until || null },
    reason: automatic.reason,
    by: automatic.by,
    note: automatic.note,
    parts: partsOf(state, automatic.state, processes.length, behind.length, alone.length),
    behind: behind.map(({ process }) => process),
    alone: alone.map(({ process }) => process),
    calls,
    version: `${automatic.stamp}.${override.stamp}`,
    window: numberIn(policy, 'buckets') * numberIn(policy, 'bucket'),
    ...textsOf(breaker, mode, alone, nowMs),
  }
}

function isOver({ until }: OverrideRegister, nowMs: number): boolean {
  return until > 0 && until <= nowMs
}

function partsOf(
  state: FleetState,
  automatic: StateName,
  processes: number,
  behind: number,
  alone: number,
): FleetRow['parts'] {
  const counts = new Map<FleetState, number>()
  const add = (to: FleetState, count: number): void => {
    if (count > 0) counts.set(to, (counts.get(to) ?? 0) + count)
  }
  add(state, processes - behind - alone)
  // What they go by is what was there before.
  add(state === automatic ? 'closed' : automatic, behind)
  add('open', alone)
  return [...counts]
}

type OpenedAlone = ProcessStatus['alone'][number] & { readonly process: string }

function openedAlone(name: string, processes: readonly ProcessStatus[]): OpenedAlone[] {
  return processes.flatMap(({ process, alone }) =>
    alone.filter((one) => one.name === name).map((one) => ({ process, ...one })),
  )
}

function textsOf(
  { registers: { automatic, override }, reporters, leases, policy }: FleetBreaker,
  mode: OverrideMode | null,
  alone: readonly OpenedAlone[],
  nowMs: number,
): Pick<FleetRow, 'text' | 'more'> {
  if (mode !== null) {
    const more = override.reason && `“${override.reason}”`
    return { text: overrideText(override, nowMs), more }
  }
  if (alone.length > 0) {
    const more = alone.slice(0, 3).map(openedText).join('; ')
    return { text: `${alone.length} open by itself`, more }
  }
  if (automatic.state === 'half-open') {
    const text = `${leases.length} of ${numberIn(policy, 'probes')} probes out`
    return { text, more: leases.map(processOf).join(', ') }
  }
  if (automatic.state === 'open') {
    return { text: whyText(automatic.reason, automatic.by), more: automatic.note }
  }
  if (reporters.length === 0) return { text: '', more: '' }
  const needed = numberIn(policy, 'reporters')
  return { text: '', more: `${reporters.length} report failures, ${needed} needed` }
}

function overrideText({ by, until }: OverrideRegister, nowMs: number): string {
  return `${by || 'by hand'}, ${until === 0 ? 'no end' : `${span(until - nowMs)} left`}`
}

function openedText({ process, hits, calls, reason }: OpenedAlone): string {
  return `${process}: ${calls > 0 ? `${hits} of ${calls} failed` : reason}`
}

/** A lease begins with the name of its process. */
function processOf(lease: string): string {
  return lease.split('.').slice(0, -2).join('.') || lease
}

const WHY: Readonly<Record<string, string>> = {
  failureRate: 'too many calls failed',
  slowCallRate: 'too many calls were slow',
  probeFailed: 'a probe failed',
  probesLost: 'probes were lost',
  restored: 'the store had lost it',
  trip: 'tripped',
  halfOpen: 'made half-open',
}

export function whyText(reason: string, by: string): string {
  const why = WHY[reason] ?? reason
  return by === '' ? why : `${why}, ${isByHand(reason) ? 'by' : 'last seen by'} ${by}`
}

/** Those whose processes do not agree, or that are held or not closed. */
export function isNotable({ state, behind, alone, parts }: FleetRow): boolean {
  return state !== 'closed' || behind.length > 0 || alone.length > 0 || parts.length > 1
}
