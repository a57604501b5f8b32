import type { Machine } from '../core/machine.ts'
import { tripsOf } from '../core/machine-data.ts'
import type { Counters } from '../core/measure/counters.ts'
import type { MachineSettings } from '../core/settings.ts'
import type { Closed } from '../core/state/closed.ts'
import type { HalfOpen } from '../core/state/half-open.ts'
import type { Open } from '../core/state/open.ts'
import type { Override } from '../core/state/override.ts'
import { retryAfter, type State } from '../core/state/state.ts'
import type { TripRecord } from '../core/trip/record.ts'
import type { FleetStatus } from '../options/shared-options.ts'
import { overrideText } from './override.ts'
import {
  counterfactualOf,
  REASONS,
  reasonOf,
  reopenedText,
  saidBy,
  type Trip,
  tripOf,
} from './trip.ts'
import { ago, count, failureText, sentence, span } from './words.ts'

/** Why a breaker is in its state, as text and as data. */
export interface Explanation {
  /** A paragraph for an on-call engineer: what calls meet now, then why. */
  readonly text: string
  /** The last trips, newest last; the same as in `snapshot()`. */
  readonly trips: readonly Trip[]
}

/** `machine` must be up to date: the result of `peek`. `now` is its time, `wall` the wall clock. */
export function explain(
  name: string,
  machine: Machine,
  now: number,
  wall: number,
  fleet?: FleetStatus | undefined,
): Explanation {
  const { state, override, settings } = machine
  const sentences =
    override === undefined
      ? [`Circuit "${name}" ${stateText(state, now)}: ${callsText(machine, now)}`]
      : [
          ...overrideSentences(name, override, machine.counters, now),
          `Underneath it ${stateText(state, now)}`,
        ]
  if (state.name === 'closed') sentences.push(...closedSentences(machine, state, now))
  else sentences.push(...openSentences(state, settings, now))
  if (fleet !== undefined) sentences.push(fleetText(fleet, wall))
  return {
    text: sentences.map(sentence).join(' '),
    trips: tripsOf(machine).map((record) => tripOf(record, now, wall, settings.trip)),
  }
}

const CALLS_UNDER = {
  'forced-open': 'calls are rejected',
  'forced-closed': 'all calls pass',
  disabled: 'all calls pass unrecorded',
} as const

function overrideSentences(
  name: string,
  override: Override,
  counters: Counters,
  now: number,
): string[] {
  const { mode, since, until } = override
  const { unenforced } = counters.read().rejected
  const ran = count(unenforced, 'call has', 'calls have')
  const end = until === Infinity ? 'until it is released' : `for ${span(until - now)} more`
  return [
    `Circuit "${name}" is ${overrideText(override)}, ${end}: ${CALLS_UNDER[mode]}`,
    `It was set ${ago(now - since)}`,
    ...(mode === 'forced-closed' && unenforced > 0
      ? [`In all, ${ran} run that would have been rejected otherwise`]
      : []),
  ]
}

function stateText({ name, since }: Pick<State, 'name' | 'since'>, now: number): string {
  const age = now - since
  return age < 1 ? `is ${name}` : `has been ${name} for ${span(age)}`
}

/** Which of the two decides, the fleet or this process, and what the fleet last said. */
function fleetText({ decides, connected, state, since, reason, by }: FleetStatus, wall: number) {
  const heard = stateText({ name: state, since: since ?? wall }, wall)
  const why = since === null ? '' : ` (${reason}${by ? `, by ${by}` : ''})`
  const known = `the fleet ${connected ? heard : `was last known to be ${state}`}${why}`
  if (!connected)
    return `The store of the fleet can't be reached, so this process decides; ${known}`
  return decides === 'fleet' ? `The fleet decides: ${known}` : `This process decides; ${known}`
}

/** What calls meet while no override decides. */
function callsText({ state, counters, settings }: Machine, now: number): string {
  switch (state.name) {
    case 'closed': {
      const { waiting } = counters
      const { maxConcurrent } = settings
      if (waiting < maxConcurrent) return 'calls pass'
      return `calls are rejected while ${count(waiting, 'call is', 'calls are')} in flight (\`maxConcurrent\` is ${maxConcurrent})`
    }
    case 'open':
      return state.until === Infinity
        ? 'calls are rejected until it is moved by hand'
        : `calls are rejected; the next probe may start in ${span(state.until - now)}`
    case 'half-open':
      return probesText(state, now)
  }
}

function probesText(state: HalfOpen, now: number): string {
  const { limit, inFlight } = state.recovery
  const wait = retryAfter(state, undefined, now)
  if (wait !== undefined) {
    const probes = count(inFlight.waiting, 'probe is', 'probes are')
    return `calls are rejected, because ${probes} in flight, the most allowed at once; another one may start within ${span(wait)}`
  }
  const slots = limit - inFlight.waiting
  return slots === 1
    ? 'the next call is let through as a probe'
    : `the next ${slots} calls are let through as probes`
}

function closedSentences(machine: Machine, { consecutiveFailures }: Closed, now: number): string[] {
  const { settings } = machine
  const trips = tripsOf(machine)
  const sentences: string[] = []
  if (consecutiveFailures > 0) {
    const failed = consecutiveFailures === 1 ? 'call' : `${consecutiveFailures} calls`
    sentences.push(`The last ${failed} failed`)
  }
  const last = trips.at(-1)
  if (last !== undefined) {
    sentences.push(`It last opened ${ago(now - last.at)} because ${reasonOf(last)}${ending(last)}`)
  } else if (settings.history > 0) sentences.push('It has never opened')
  return sentences
}

function ending({ at, endedAt, endedBy, reopened, rejected }: TripRecord): string {
  if (endedAt === null || endedBy === null) return ''
  const closed = endedAt - at < 1 ? 'closed at once' : `closed ${span(endedAt - at)} later`
  const failed = reopened === 0 ? '' : ` after ${count(reopened, 'failed probe')}`
  const meanwhile = `${count(rejected, 'call was', 'calls were')} rejected meanwhile`
  return `, and ${closed}${failed}, because ${REASONS[endedBy]}; ${meanwhile}`
}

function openSentences(state: Open | HalfOpen, settings: MachineSettings, now: number): string[] {
  const { trip } = state
  const sentences = []
  let opening = trip
  if (state.name === 'open' && state.retripped !== null) {
    // What the record says was said then.
    opening = { ...trip, note: null, by: null }
    const tripped = `It was tripped by hand${saidBy(state.retripped)}`
    sentences.push(`${tripped} ${ago(now - state.from)}, which restarted its open time`)
  }
  if (state.name === 'half-open' && state.byHand !== null) {
    const asked = `It was made half-open by hand${saidBy(state.byHand)}`
    sentences.push(`${asked} ${ago(now - state.since)}`)
  }
  const { reopened, rejected } = trip
  let opened = 'it opened'
  if (reopened > 0) {
    opened = 'it first opened'
    const failed = count(reopened, 'probe has', 'probes have')
    sentences.push(
      `It opened again${reopenedAt(state, now)} because ${reopenedText(trip)}`,
      `It first opened ${ago(now - trip.at)} because ${reasonOf(opening)}; ${failed} failed since`,
    )
  } else sentences.push(`It opened${when(now - trip.at)} because ${reasonOf(opening)}`)
  const last = trip.failures.at(-1)
  if (last !== undefined) {
    sentences.push(`The last failure before ${opened} was ${failureText(last)}`)
  }
  sentences.push(
    counterfactualOf(trip, settings.trip) ?? '',
    `${count(rejected, 'call has', 'calls have')} been rejected since ${opened}`,
  )
  if (state.name === 'half-open') sentences.push(progress(state, settings))
  return sentences.filter(Boolean)
}

/**
 * Empty where it is not known, because it did not stay open for all of its open time: it was moved by hand, which is
 * not saved.
 */
function reopenedAt(state: Open | HalfOpen, now: number): string {
  if (state.name === 'open') return when(now - state.since)
  return state.byHand === null ? when(now - state.since + state.trip.openFor) : ''
}

function progress({ recovery }: HalfOpen, { recovery: settings }: MachineSettings): string {
  const { successes, failures, needed } = recovery
  const enough = Math.min(successes, needed)
  const some = enough === 0 ? 'No probe has' : count(enough, 'probe has', 'probes have')
  const of = settings.kind === 'probes' && settings.probes > needed ? ` of ${settings.probes}` : ''
  const failed = of === '' || failures === 0 ? '' : `, ${failures} failed`
  const succeeded = `${some} succeeded${enough === 0 ? ' yet' : ''} (${needed}${of} needed)${failed}`
  if (settings.kind === 'probes' || successes < needed) return succeeded
  return `${succeeded}; it closes with the next success once no call has been rejected for ${span(settings.quietFor)}`
}

/** Empty for what has just happened, as the first sentence says that already. */
function when(ms: number): string {
  return ms < 1 || ms === Infinity ? '' : ` ${ago(ms)}`
}
