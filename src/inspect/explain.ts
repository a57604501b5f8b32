import type { Machine } from '../core/machine.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import type { Override } from '../core/state/override.ts'
import type { StateName, TransitionReason } from '../core/transition.ts'
import type { Finding, RuleStatus, TripRecord } from '../core/trip/record.ts'

/** One opening of the circuit, as plain data: why it opened and what came of it. */
export interface Trip {
  /** When, in milliseconds since 1970. For display: ages are exact, this follows the wall clock. */
  readonly at: number
  /** How long ago, ms. */
  readonly age: number
  readonly reason: TransitionReason
  /** The reason as a sentence. */
  readonly text: string
  /** What was said when it was tripped by hand. */
  readonly note: string | null
  /** Both sides of the inequality of the rule that fired: it opens at `observed >= threshold`. */
  readonly finding: Finding | null
  /** Where every rule in force stood, the one that fired among them. */
  readonly ruleStatuses: readonly RuleStatus[]
  /** What would have been with other settings, as far as the kept evidence tells; or null. */
  readonly counterfactual: string | null
  readonly from: StateName
  /** The generation that ended with it. */
  readonly generation: number
  /** False when an override decided instead at that time. */
  readonly enforced: boolean
  /** The last failures before it, oldest first; `age` in ms before the trip. */
  readonly failures: readonly {
    readonly name: string
    readonly code: string | number | null
    readonly message: string
    readonly age: number
  }[]
  /** Failures in a row at that moment. */
  readonly consecutiveFailures: number
  /** How long it was last opened for, ms. */
  readonly openFor: number
  /** How often it was opened again since, because a probe failed. */
  readonly reopened: number
  /** How long it lasted until it closed, ms; `null` while it lasts. */
  readonly lasted: number | null
  readonly endedBy: TransitionReason | null
  /** Calls refused meanwhile. */
  readonly rejected: number
}

/** Why a breaker is in its state, for people and as data. */
export interface Explanation {
  /** A paragraph for whoever was just called out of bed. */
  readonly text: string
  /** Newest last. */
  readonly trips: readonly Trip[]
}

/** A trip record as plain data. `wall` is the wall clock at `now`. */
export function tripOf(record: TripRecord, now: number, wall: number): Trip {
  const age = now - record.at
  return {
    at: Math.round(wall - age),
    age,
    reason: record.reason,
    text: reasonOf(record),
    note: record.note ?? null,
    finding: record.finding === undefined ? null : { ...record.finding },
    ruleStatuses: record.ruleStatuses.map((reading) => ({ ...reading })),
    counterfactual: counterfactualOf(record) ?? null,
    from: record.from,
    generation: record.generation,
    enforced: record.enforced,
    failures: record.failures.map(({ name, code, message, at }) => ({
      name,
      code: code ?? null,
      message,
      age: record.at - at,
    })),
    consecutiveFailures: record.consecutiveFailures,
    openFor: record.openFor,
    reopened: record.reopened,
    lasted: record.endedAt === undefined ? null : record.endedAt - record.at,
    endedBy: record.endedBy ?? null,
    rejected: record.rejected,
  }
}

/** What happened, to follow "because". */
function reasonOf({
  reason,
  finding,
  note,
}: Pick<TripRecord, 'reason' | 'finding' | 'note'>): string {
  if (finding !== undefined) return findingOf(finding)
  return REASONS[reason] + (note === undefined ? '' : ` (${note})`)
}

const REASONS: Readonly<Record<TransitionReason, string>> = {
  consecutiveFailures: 'too many calls failed in a row',
  failureRate: 'too many calls failed',
  slowCallRate: 'too many calls were slow',
  evidence: 'the evidence against it was enough',
  when: 'the rule of its own said so',
  manual: 'it was tripped by hand',
  probeFailed: 'a probe failed',
  probeExpired: 'a probe did not end in time',
  probeOverdue: 'a probe took far longer than usual',
  elapsed: 'its open time was over',
  recovered: 'enough probes succeeded',
  overdueCancelled: 'a call that was taken for hung succeeded after all',
  reset: 'it was reset by hand',
}

function findingOf(finding: Finding): string {
  const { rule, observed, threshold, calls = 0, hits = 0 } = finding
  const share = `${hits} of ${count(calls, 'call')} (${percent(observed)})`
  const limit = `, at or over the threshold of ${percent(threshold)}`
  switch (rule) {
    case 'consecutiveFailures':
      return `${count(observed, 'call')} failed in a row (limit ${threshold})`
    case 'failureRate':
      return `${share} failed${limit}`
    case 'slowCallRate':
      return `${share} were slow${limit}`
    case 'when':
      return REASONS.when
    case 'evidence':
      return `the score reached ${round(observed)} (threshold ${round(threshold)}): ${parts(finding)}`
  }
}

/** With which other setting it would not have opened then, where the evidence tells. */
function counterfactualOf({ finding, ruleStatuses }: TripRecord): string | undefined {
  if (finding === undefined) return undefined
  const others = ruleStatuses.filter((value) => value.rule !== finding.rule && fires(value))
  if (others.length > 0) {
    return `Without that rule ${others.map(({ rule }) => rule).join(' and ')} would have opened it then`
  }
  switch (finding.rule) {
    case 'consecutiveFailures':
      return `With a limit of ${finding.observed + 1} it would not have opened then`
    case 'failureRate':
    case 'slowCallRate': {
      const more = `With a threshold above ${percent(finding.observed)}`
      return `${more}, or a minimum of ${(finding.calls ?? 0) + 1} calls, it would not have opened then`
    }
    case 'evidence': {
      const { overdue = 0, observed } = finding
      if (overdue === 0) return undefined
      const without = round(Math.max(0, observed - 3 * overdue))
      return `Counting only calls that have ended, the score would have been ${without}, and it would not have opened then`
    }
    case 'when':
      return undefined
  }
}

function fires({ observed, threshold, calls = 0, minimumCalls = 0 }: RuleStatus): boolean {
  return observed >= threshold && calls >= minimumCalls
}

function parts({ failures = 0, slow = 0, overdue = 0 }: Finding): string {
  const named = [
    failures > 0 ? count(failures, 'failure') : '',
    slow > 0 ? count(slow, 'slow failure') : '',
    overdue > 0 ? `${count(overdue, 'call')} overdue` : '',
  ]
  return named.filter((part) => part !== '').join(', ')
}

function percent(share: number): string {
  return `${round(share * 100)} %`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** The message of the error for a refused call. */
export function rejectionMessage(name: string, refusal: RejectReason, machine: Machine): string {
  const { state, override } = machine
  if (refusal === 'forced-open') return `circuit "${name}" is ${overrideOf(override as Override)}`
  if (state.name === 'closed') return `circuit "${name}" is full`
  if (refusal === 'half-open') {
    return `circuit "${name}" is half-open and all its probes are out; it opened because ${reasonOf(state.trip)}`
  }
  return `circuit "${name}" is open because ${reasonOf(state.trip)}`
}

function overrideOf({ mode, by, reason }: Override): string {
  const words = {
    'forced-open': 'forced open',
    'forced-closed': 'forced closed',
    disabled: 'disabled',
  }
  return `${words[mode]}${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`
}

/** The whole story. `machine` is as the next call would find it at `now`. */
export function explain(name: string, machine: Machine, now: number, wall: number): Explanation {
  const trips = machine.trips.map((record) => tripOf(record, now, wall))
  const sentences = [stateSentence(name, machine, now)]
  const { state, override } = machine
  if (state.name === 'closed') sentences.push(...closedSentences(machine, now))
  else sentences.push(...openSentences(state.trip, machine, now))
  if (override !== undefined) sentences.push(overrideSentence(override, now))
  return { text: sentences.join(' '), trips }
}

function stateSentence(name: string, { state }: Machine, now: number): string {
  const since = now - state.since < 1 ? 'just now' : `for ${span(now - state.since)}`
  if (state.name === 'closed') return `Circuit "${name}" is closed ${since}: calls pass.`
  if (state.name === 'half-open') {
    return `Circuit "${name}" is half-open ${since}: the next calls are let through as probes.`
  }
  return `Circuit "${name}" is open ${since}: calls are refused; the next probe may go in ${span(state.until - now)}.`
}

function closedSentences({ state, settings, trips }: Machine, now: number): string[] {
  const sentences = []
  if (state.name === 'closed' && state.consecutiveFailures > 0) {
    const { consecutiveFailures: limit } = settings.trip
    const rule = limit === Infinity ? '.' : `; ${limit} in a row open it.`
    sentences.push(`The last ${count(state.consecutiveFailures, 'call')} failed${rule}`)
  }
  const last = trips.at(-1)
  if (last === undefined) return [...sentences, 'It has not opened yet.']
  sentences.push(`It last opened ${ago(now - last.at)} because ${reasonOf(last)}${ending(last)}.`)
  return sentences
}

function ending({ at, endedAt, endedBy, reopened, rejected }: TripRecord): string {
  if (endedAt === undefined || endedBy === undefined) return ''
  const refused = `${count(rejected, 'call')} ${rejected === 1 ? 'was' : 'were'} refused meanwhile`
  const failed = reopened === 0 ? '' : ` after ${count(reopened, 'failed probe')}`
  return `, and closed ${span(endedAt - at)} later${failed}, because ${REASONS[endedBy]}; ${refused}`
}

function openSentences(trip: TripRecord, { state }: Machine, now: number): string[] {
  const sentences = [`It opened ${ago(now - trip.at)} because ${reasonOf(trip)}.`]
  const otherwise = counterfactualOf(trip)
  if (otherwise !== undefined) sentences.push(`${otherwise}.`)
  const last = trip.failures.at(-1)
  if (last !== undefined) sentences.push(`The last failure before was ${failureOf(last)}.`)
  if (trip.reopened > 0) {
    const probe =
      trip.probeFailure === undefined ? '' : `, the last one with ${failureOf(trip.probeFailure)}`
    sentences.push(
      `${count(trip.reopened, 'time')} since then a probe failed and it opened again${probe}.`,
    )
  }
  sentences.push(
    `${count(trip.rejected, 'call')} ${trip.rejected === 1 ? 'has' : 'have'} been refused since.`,
  )
  if (state.name === 'half-open') {
    const { successes, needed, inFlight: outstanding } = state.recovery
    sentences.push(
      `${successes} of ${count(needed, 'probe')} succeeded so far, ${outstanding.length} in flight.`,
    )
  }
  return sentences
}

function failureOf({
  name,
  code,
  message,
}: {
  name: string
  code: unknown
  message: string
}): string {
  return `${name}${code === undefined ? '' : ` (${code})`}${message === '' ? '' : `: ${message}`}`
}

function overrideSentence(override: Override, now: number): string {
  const until =
    override.until === Infinity ? 'until it is released' : `for ${span(override.until - now)} more`
  return `By hand it is ${overrideOf(override)}, since ${span(now - override.since)}, ${until}; what is said above is the automatic state underneath.`
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

function ago(ms: number): string {
  return ms < 1 ? 'just now' : `${span(ms)} ago`
}

/** Milliseconds in words. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))} ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`
  if (ms < 3_600_000) return `${Math.round(ms / 6_000) / 10} min`
  return `${Math.round(ms / 360_000) / 10} h`
}
