import type { Refusal } from './core/counts.ts'
import type { Machine } from './core/machine.ts'
import type { Override } from './core/override.ts'
import type { StateName, TransitionReason } from './core/state.ts'
import type { Finding, TripRecord } from './core/trip/record.ts'

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
  readonly streak: number
  /** How long it was to stay open before a probe, ms. */
  readonly openFor: number
  /** How long it lasted, probing included, ms; `null` while it lasts. */
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
    finding: record.finding ?? null,
    from: record.from,
    generation: record.generation,
    enforced: record.enforced,
    failures: record.failures.map(({ name, code, message, at }) => ({
      name,
      code: code ?? null,
      message,
      age: record.at - at,
    })),
    streak: record.streak,
    openFor: record.openFor,
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
  switch (reason) {
    case 'consecutiveFailures':
      return `${count(finding?.observed ?? 0, 'call')} failed in a row (limit ${finding?.threshold})`
    case 'manual':
      return `it was tripped by hand${note === undefined ? '' : ` (${note})`}`
    case 'probeFailed':
      return 'a probe failed'
    case 'probeExpired':
      return 'a probe did not end in time'
    case 'elapsed':
      return 'its open time was over'
    case 'recovered':
      return 'enough probes succeeded'
    case 'reset':
      return 'it was reset by hand'
  }
}

/** The message of the error for a refused call. */
export function whyRefused(name: string, refusal: Refusal, machine: Machine): string {
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
  const since = `for ${span(now - state.since)}`
  if (state.name === 'closed') return `Circuit "${name}" is closed ${since}: calls pass.`
  if (state.name === 'half-open') {
    return `Circuit "${name}" is half-open ${since}: the next calls are let through as probes.`
  }
  return `Circuit "${name}" is open ${since}: calls are refused; the next probe may go in ${span(state.until - now)}.`
}

function closedSentences({ state, settings, trips }: Machine, now: number): string[] {
  const sentences = []
  if (state.name === 'closed' && state.streak > 0) {
    sentences.push(
      `The last ${count(state.streak, 'call')} failed; ${settings.trip.consecutiveFailures} in a row open it.`,
    )
  }
  const last = trips.at(-1)
  if (last === undefined) return [...sentences, 'It has not opened yet.']
  sentences.push(
    `It last opened ${span(now - last.at)} ago because ${reasonOf(last)}${ending(last)}.`,
  )
  return sentences
}

function ending({ at, endedAt, endedBy, rejected }: TripRecord): string {
  if (endedAt === undefined || endedBy === undefined) return ''
  return `, and closed ${span(endedAt - at)} later because ${reasonOf({ reason: endedBy, finding: undefined, note: undefined })}; ${count(rejected, 'call')} ${rejected === 1 ? 'was' : 'were'} refused meanwhile`
}

function openSentences(trip: TripRecord, { state, settings }: Machine, now: number): string[] {
  const sentences = [`It opened ${span(now - trip.at)} ago because ${reasonOf(trip)}.`]
  const last = trip.failures.at(-1)
  if (last !== undefined) {
    const code = last.code === undefined ? '' : ` (${last.code})`
    sentences.push(
      `The last failure was ${last.name}${code}${last.message === '' ? '' : `: ${last.message}`}.`,
    )
  }
  sentences.push(
    `${count(trip.rejected, 'call')} ${trip.rejected === 1 ? 'has' : 'have'} been refused since.`,
  )
  if (state.name === 'half-open') {
    const { probes } = settings.recovery
    sentences.push(
      `${state.probes.successes} of ${count(probes, 'probe')} succeeded so far, ${state.probes.outstanding.length} in flight.`,
    )
  }
  return sentences
}

function overrideSentence(override: Override, now: number): string {
  const until =
    override.until === Infinity ? 'until it is released' : `for ${span(override.until - now)} more`
  return `By hand it is ${overrideOf(override)}, since ${span(now - override.since)}, ${until}; what is said above is the automatic state underneath.`
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** Milliseconds in words. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))} ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`
  if (ms < 3_600_000) return `${Math.round(ms / 6_000) / 10} min`
  return `${Math.round(ms / 360_000) / 10} h`
}
