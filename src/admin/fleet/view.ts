import type {
  FleetBreaker,
  FleetReading,
  OverrideRegister,
  ProcessStatus,
} from '../../fleet/index.ts'
import type { OverrideMode, StateName } from '../../index.ts'
import { span } from '../text.ts'

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

/** The fleet as the store has it. */
export interface FleetView {
  /** The clock of the store, ms. */
  readonly now: number
  readonly processes: readonly ProcessRow[]
  readonly breakers: readonly FleetRow[]
}

/** The stamp of something that was done by hand: who has not heard of it is behind. */
interface Command {
  readonly name: string
  readonly stamp: number
  readonly what: string
}

const PER_MS = 1024
/** A process is given so much time to say that it has heard of something, ms. */
const GRACE = 1_000
/** Every process says something within 42 s, whatever happens. */
const LATE = 45_000
const BY_HAND = ['trip', 'halfOpen', 'reset']

/** What a reading of the store says, in the words of operators. */
export function fleetView({ nowMs, processes, breakers }: FleetReading): FleetView {
  const commands = breakers.flatMap((breaker) => commandsOf(breaker))
  const due = commands.filter(({ stamp }) => stamp <= (nowMs - GRACE) * PER_MS)
  const policies = policiesOf(processes)
  return {
    now: nowMs,
    processes: processes.map((process) => processRow(process, due, breakers, policies, nowMs)),
    breakers: breakers.map((breaker) => breakerRow(breaker, processes, due, nowMs)),
  }
}

/** Which processes have heard of what has this stamp. */
export function appliedBy(
  processes: readonly ProcessStatus[],
  stamp: number,
): { readonly applied: number; readonly of: number; readonly missing: readonly ProcessStatus[] } {
  const missing = processes.filter(({ heard }) => heard < stamp)
  return { applied: processes.length - missing.length, of: processes.length, missing }
}

/** What an overview says: breakers that people should know of, and processes that differ, or all of them. */
export interface FleetSummary {
  readonly now: number
  readonly counts: {
    readonly processes: number
    /** Of each state, as far as there are any. */
    readonly byState: Readonly<Partial<Record<ProcessState, number>>>
    /** How many processes run what, those that there are most of first; empty for what does not say. */
    readonly services: readonly (readonly [service: string, processes: number])[]
    readonly breakers: number
    readonly overrides: number
    readonly endless: number
  }
  /** Those that differ first; no more than 1 000. */
  readonly processes: readonly ProcessRow[]
  readonly breakers: readonly FleetRow[]
}

const MOST_PROCESSES = 1_000

export function summaryOf(reading: FleetReading, all: boolean): FleetSummary {
  const { now, processes, breakers } = fleetView(reading)
  const count = <T>(items: readonly T[]): Map<T, number> => {
    const counts = new Map<T, number>()
    for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
    return counts
  }
  const held = breakers.filter(({ override }) => override !== null)
  const services = count(processes.map(({ service }) => service))
  return {
    now,
    counts: {
      processes: processes.length,
      byState: Object.fromEntries(count(processes.map(({ state }) => state))),
      services: [...services].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)),
      breakers: breakers.length,
      overrides: held.length,
      endless: held.filter(({ override }) => override?.until === null).length,
    },
    processes: byDifference(processes)
      .filter(({ state }) => all || state !== 'up to date')
      .slice(0, MOST_PROCESSES),
    breakers: breakers.filter(isNotable),
  }
}

/** The processes that differ first, the worst of them before all others. */
function byDifference(rows: readonly ProcessRow[]): ProcessRow[] {
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

/** Those whose processes do not agree, or that are held or not closed. */
function isNotable({ state, behind, alone, parts }: FleetRow): boolean {
  return state !== 'closed' || behind.length > 0 || alone.length > 0 || parts.length > 1
}

function commandsOf({ name, registers: { automatic, override } }: FleetBreaker): Command[] {
  const commands: Command[] = []
  // Without a name it has lifted itself, in every process.
  if (override.stamp > 0 && !(override.mode === null && override.by === '')) {
    const what = override.mode === null ? 'its release' : modeText(override.mode)
    commands.push({ name, stamp: override.stamp, what })
  }
  if (BY_HAND.includes(automatic.reason)) {
    commands.push({ name, stamp: automatic.stamp, what: automatic.reason })
  }
  return commands
}

function modeText(mode: OverrideMode): string {
  return mode.replace('-', ' ')
}

function breakerRow(
  { name, registers, calls, reporters, leases, policy }: FleetBreaker,
  processes: readonly ProcessStatus[],
  due: readonly Command[],
  nowMs: number,
): FleetRow {
  const { automatic, override } = registers
  const mode = isOver(override, nowMs) ? null : override.mode
  const state = mode ?? automatic.state
  const newest = Math.max(0, ...due.filter((one) => one.name === name).map((one) => one.stamp))
  const behind = processes.filter(({ heard }) => heard < newest)
  const opened = processes.flatMap(({ process, alone }) =>
    alone.filter((one) => one.name === name).map((one) => ({ process, ...one })),
  )
  const isAlone = automatic.state === 'closed' && opened.length > 0
  const numbers = policy.split(' ').map(Number)
  const allowed = numbers[9] ?? 0
  const needed = numbers[3] ?? 0
  const stamp = mode === null ? automatic.stamp : override.stamp
  const [text, more] =
    mode !== null
      ? [overrideText(override, nowMs), override.reason && `“${override.reason}”`]
      : isAlone
        ? [`${opened.length} open by itself`, opened.slice(0, 3).map(openedText).join('; ')]
        : automatic.state === 'half-open'
          ? [`${leases.length} of ${allowed} probes out`, leases.map(processOf).join(', ')]
          : automatic.state === 'open'
            ? [whyText(automatic.reason, automatic.by), automatic.note]
            : [
                '',
                reporters.length > 0 ? `${reporters.length} report failures, ${needed} needed` : '',
              ]
  return {
    name,
    state,
    automatic: automatic.state,
    since: stamp === 0 ? null : Math.min(nowMs, Math.floor(stamp / PER_MS)),
    until: automatic.state === 'open' ? automatic.until : null,
    override:
      mode === null
        ? null
        : { mode, by: override.by, reason: override.reason, until: override.until || null },
    reason: automatic.reason,
    by: automatic.by,
    note: automatic.note,
    parts: partsOf(
      state,
      automatic.state,
      processes.length,
      behind.length,
      isAlone ? opened.length : 0,
    ),
    behind: behind.map(({ process }) => process),
    alone: isAlone ? opened.map(({ process }) => process) : [],
    calls,
    version: `${automatic.stamp}.${override.stamp}`,
    window: (numbers[4] ?? 0) * (numbers[5] ?? 0),
    text,
    more,
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

function overrideText({ by, until }: OverrideRegister, nowMs: number): string {
  return `${by || 'somebody'}, ${until === 0 ? 'no end' : `${span(until - nowMs)} left`}`
}

function openedText({
  process,
  hits,
  calls,
  reason,
}: ProcessStatus['alone'][number] & { readonly process: string }): string {
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
  return by === '' ? why : `${why}, ${BY_HAND.includes(reason) ? 'by' : 'last seen by'} ${by}`
}

/** Of each breaker about whose policy processes differ: how many have which, as far as they say. */
type Policies = ReadonlyMap<string, ReadonlyMap<string, number>>

function policiesOf(processes: readonly ProcessStatus[]): Policies {
  const counts = new Map<string, Map<string, number>>()
  for (const { policies } of processes) {
    for (const { name, policy } of policies) {
      const of = counts.get(name) ?? new Map<string, number>()
      counts.set(name, of.set(policy, (of.get(policy) ?? 0) + 1))
    }
  }
  return counts
}

/** The policy that more processes have than this one, or as many. */
function moreUsual(of: ReadonlyMap<string, number> | undefined, own: string): string | undefined {
  const others = [...(of ?? [])].filter(([policy]) => policy !== own)
  const [most] = others.toSorted(([, a], [, b]) => b - a)
  return most !== undefined && most[1] >= (of?.get(own) ?? 0) ? most[0] : undefined
}

function processRow(
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
    const since = Math.floor(first.stamp / PER_MS)
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

const PARTS = [
  'failure rate',
  'slow call rate',
  'minimum of calls',
  'reporters',
  'buckets',
  'bucket',
  'open time',
  'longest open time',
  'factor',
  'probes',
  'successes',
  'lease',
]

function policyDifference(own: string, most: string): string {
  const [here, there] = [own.split(' '), most.split(' ')]
  return PARTS.flatMap((part, i) =>
    here[i] === there[i] ? [] : [`${part} ${here[i]} here, ${there[i]} elsewhere`],
  ).join('; ')
}
