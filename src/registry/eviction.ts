import type { Circuit } from '../circuit/circuit.ts'
import { RegistryEmitter } from '../circuit/emitter.ts'
import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { statusesOf } from '../core/trip/rules.ts'

// What a breaker has that a new one in its place would not have. Lifetime totals are no part of it:
// they decide nothing.
const STREAK = 1
const SCORE = 2
const WINDOW = 4
const RETRY_AFTER = 8
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
  [RETRY_AFTER, "the server's word on when to come back"],
  [IN_FLIGHT, 'calls in flight'],
  [TRIPS, 'what is known of earlier trips'],
  [LISTENERS, 'listeners of its own'],
  [CONFIGURED, 'options configured live'],
  [HEALTHY_CALLS, 'healthy calls in a window'],
  [LEARNED, 'what is usual for its target'],
]

/** How much speaks against dropping a breaker; undefined when it must stay. */
type Rank = 0 | 1 | 2

function retainedEvidence(
  { machine, clock, userOptions, emitter }: Circuit,
  lazy: LazyCircuit,
): number | undefined {
  const { state, override, counters: tally } = machine
  if (state.name !== 'closed') return undefined
  const now = machine.now(clock.now())
  if (override !== undefined && now < override.until) return undefined
  let found = 0
  const { consecutiveFailures, when } = machine.settings.trip
  const streakCounts = consecutiveFailures < Infinity || when !== undefined
  if (streakCounts && state.consecutiveFailures > 0) found |= STREAK
  if (state.notBefore > now) found |= RETRY_AFTER
  if (state.rules !== null) {
    for (const { rule, observed, calls = 0, hits = 0 } of statusesOf(state.rules, now)) {
      if (rule === 'evidence') found |= observed > FADED ? SCORE : 0
      else if (calls > 0) found |= hits > 0 ? WINDOW : HEALTHY_CALLS
    }
  }
  if (tally.inFlight > 0) found |= IN_FLIGHT
  if (state.generation > 1 || machine.trips.length > 0) found |= TRIPS
  if (emitter !== undefined && !(emitter instanceof RegistryEmitter)) found |= LISTENERS
  if (userOptions !== lazy.factory.userOptions) found |= CONFIGURED
  const samples = (machine.baseline?.samples ?? 0) > 0
  const traffic = machine.settings.openDuration.kind === 'auto' && tally.offered > 0
  if (samples || traffic) found |= LEARNED
  return found
}

function rankOf(lazy: LazyCircuit): Rank | undefined {
  if (lazy.existing === undefined) return 0
  const found = retainedEvidence(lazy.existing, lazy)
  if (found === undefined) return undefined
  if (found === 0) return 0
  return (found & ~(HEALTHY_CALLS | LEARNED)) === 0 ? 1 : 2
}

/** What is lost when the breaker goes, in words; empty for one that is as new. */
export function lostWith(lazy: LazyCircuit): readonly string[] {
  const found = (lazy.existing && retainedEvidence(lazy.existing, lazy)) ?? 0
  return WORDS.filter(([trace]) => (found & trace) !== 0).map(([, words]) => words)
}

/** One look at all members finds who goes for this part of them. */
const RESCAN_SHARE = 1 / 32

/** Chooses who goes when a registry is full. */
export class EvictionPolicy {
  /** By rank; within it the breakers of keys first, which nobody holds, then the named ones. */
  #candidates: LazyCircuit[][] = []
  /** How many it has named since it last looked at all. */
  #named = Infinity
  #fruitless = false

  /**
   * The member that is missed least: one that is as new, else one that nothing speaks against, else
   * the oldest closed one; undefined when all must stay. Looking at all members is dear, so what it
   * has found serves for a while: while there are members as new, or for a small part of the size.
   */
  next(entries: ReadonlyMap<string, LazyCircuit>): LazyCircuit | undefined {
    const asNew = this.#take(entries, 2)
    if (asNew !== undefined) return asNew
    this.#named++
    if (this.#named > entries.size * RESCAN_SHARE) this.#rescan(entries)
    const found = this.#take(entries, 6)
    if (found !== undefined || this.#fruitless) return found
    this.#rescan(entries)
    return this.#take(entries, 6)
  }

  /** Lets go of what it has found. */
  forget(): void {
    this.#candidates = []
    this.#named = Infinity
  }

  #rescan(entries: ReadonlyMap<string, LazyCircuit>): void {
    this.#named = 0
    this.#fruitless = true
    this.#candidates = [[], [], [], [], [], []]
    for (const lazy of entries.values()) {
      const rank = rankOf(lazy)
      if (rank === undefined) continue
      this.#fruitless = false
      this.#candidates[2 * rank + (lazy.keyed ? 0 : 1)]?.push(lazy)
    }
    // The oldest last, to be popped first.
    for (const list of this.#candidates) list.reverse()
  }

  #take(entries: ReadonlyMap<string, LazyCircuit>, lists: number): LazyCircuit | undefined {
    for (const [at, list] of this.#candidates.slice(0, lists).entries()) {
      for (let lazy = list.pop(); lazy !== undefined; lazy = list.pop()) {
        const rank = entries.get(lazy.name) === lazy ? rankOf(lazy) : undefined
        if (rank !== undefined && 2 * rank <= at) return lazy
      }
    }
    return undefined
  }
}
