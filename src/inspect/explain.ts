import type { Machine } from '../core/machine.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import type { Override } from '../core/state/override.ts'
import type { TripRecord } from '../core/trip/record.ts'
import { counterfactualOf, REASONS, reasonOf, type Trip, tripOf } from './trip.ts'
import { ago, count, span } from './words.ts'

/** Why a breaker is in its state, for people and as data. */
export interface Explanation {
  /** A paragraph for whoever was just called out of bed. */
  readonly text: string
  /** Newest last. */
  readonly trips: readonly Trip[]
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

function overrideSentence(override: Override, now: number): string {
  const until =
    override.until === Infinity ? 'until it is released' : `for ${span(override.until - now)} more`
  return `By hand it is ${overrideOf(override)}, since ${span(now - override.since)}, ${until}; what is said above is the automatic state underneath.`
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
