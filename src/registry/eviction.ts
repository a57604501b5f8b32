import type { Circuit } from '../circuit/circuit.ts'
import { Audience } from '../circuit/emitter.ts'
import type { Seat } from '../circuit/lazy-circuit.ts'

// What a breaker has that a new one in its place would not have. Lifetime totals are no part of it:
// they decide nothing.
const STREAK = 1
const SCORE = 2
const WINDOW = 4
const SERVERS_WORD = 8
const IN_FLIGHT = 16
const TRIPS = 32
const LISTENERS = 64
const CONFIGURED = 128
const HEALTHY_CALLS = 256
const LEARNED = 512

/** A score below it has faded to nothing. */
const FADED = 0.01

const WORDS: readonly (readonly [trace: number, words: string])[] = [
  [STREAK, 'failures in a row'],
  [SCORE, 'a score of failures'],
  [WINDOW, 'failures in a window'],
  [SERVERS_WORD, "the server's word on when to come back"],
  [IN_FLIGHT, 'calls in flight'],
  [TRIPS, 'what is known of earlier trips'],
  [LISTENERS, 'listeners of its own'],
  [CONFIGURED, 'options configured live'],
  [HEALTHY_CALLS, 'healthy calls in a window'],
  [LEARNED, 'what is usual for its target'],
]

/** How much speaks against dropping a breaker; undefined when it must stay. */
type Rank = 0 | 1 | 2

function traces({ machine, clock, given, emitter }: Circuit, seat: Seat): number | undefined {
  const { state, override, tally } = machine
  if (state.name !== 'closed') return undefined
  const now = machine.now(clock.now())
  if (override !== undefined && now < override.until) return undefined
  let found = 0
  const { consecutiveFailures, when } = machine.settings.trip
  const streakCounts = consecutiveFailures < Infinity || when !== undefined
  if (streakCounts && state.streak > 0) found |= STREAK
  if (state.notBefore > now) found |= SERVERS_WORD
  if (state.rules !== null) {
    const { failures, slowCalls, evidence } = state.rules
    for (const rate of [failures, slowCalls]) {
      const seen = rate?.read(now)
      if (seen !== undefined && seen.calls > 0) found |= seen.hits > 0 ? WINDOW : HEALTHY_CALLS
    }
    if ((evidence?.score(now) ?? 0) > FADED) found |= SCORE
  }
  if (tally.inFlight > 0) found |= IN_FLIGHT
  if (state.generation > 1 || machine.trips.length > 0) found |= TRIPS
  if (emitter !== undefined && !(emitter instanceof Audience)) found |= LISTENERS
  if (given !== seat.blueprint.given) found |= CONFIGURED
  const samples = machine.baseline.samples > 0
  const traffic = machine.settings.openDuration.kind === 'auto' && tally.offered > 0
  if (samples || traffic) found |= LEARNED
  return found
}

function rankOf(seat: Seat): Rank | undefined {
  if (seat.built === undefined) return 0
  const found = traces(seat.built, seat)
  if (found === undefined) return undefined
  if (found === 0) return 0
  return (found & ~(HEALTHY_CALLS | LEARNED)) === 0 ? 1 : 2
}

/** What is lost when the breaker goes, in words; empty for one that is as new. */
export function lostWith(seat: Seat): readonly string[] {
  const found = (seat.built && traces(seat.built, seat)) ?? 0
  return WORDS.filter(([trace]) => (found & trace) !== 0).map(([, words]) => words)
}

/** One look at all members finds who goes for this part of them. */
const LOOK_SHARE = 1 / 32

/** Chooses who goes when a registry is full. */
export class Evictions {
  /** By rank; within it the breakers of keys first, which nobody holds, then the named ones. */
  #candidates: Seat[][] = []
  /** How many it has named since it last looked at all. */
  #named = Infinity
  #fruitless = false

  /**
   * The member that is missed least: one that is as new, else one that nothing speaks against, else
   * the oldest closed one; undefined when all must stay. Looking at all members is dear, so what it
   * has found serves for a while: while there are members as new, or for a small part of the size.
   */
  next(members: ReadonlyMap<string, Seat>): Seat | undefined {
    const asNew = this.#take(members, 2)
    if (asNew !== undefined) return asNew
    this.#named++
    if (this.#named > members.size * LOOK_SHARE) this.#look(members)
    const found = this.#take(members, 6)
    if (found !== undefined || this.#fruitless) return found
    this.#look(members)
    return this.#take(members, 6)
  }

  /** Lets go of what it has found. */
  forget(): void {
    this.#candidates = []
    this.#named = Infinity
  }

  #look(members: ReadonlyMap<string, Seat>): void {
    this.#named = 0
    this.#fruitless = true
    this.#candidates = [[], [], [], [], [], []]
    for (const seat of members.values()) {
      const rank = rankOf(seat)
      if (rank === undefined) continue
      this.#fruitless = false
      this.#candidates[2 * rank + (seat.keyed ? 0 : 1)]?.push(seat)
    }
    // The oldest last, to be popped first.
    for (const list of this.#candidates) list.reverse()
  }

  #take(members: ReadonlyMap<string, Seat>, lists: number): Seat | undefined {
    for (const [at, list] of this.#candidates.slice(0, lists).entries()) {
      for (let seat = list.pop(); seat !== undefined; seat = list.pop()) {
        const rank = members.get(seat.name) === seat ? rankOf(seat) : undefined
        if (rank !== undefined && 2 * rank <= at) return seat
      }
    }
    return undefined
  }
}
