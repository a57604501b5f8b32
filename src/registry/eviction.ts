import type { Circuit } from '../circuit/circuit.ts'
import { guardClock } from '../circuit/guard-sources.ts'
import type { LazyCircuit } from '../circuit/lazy-circuit.ts'
import { tripsOf } from '../core/machine-data.ts'
import type { State } from '../core/state/state.ts'
import type { RuleStatus } from '../core/trip/record.ts'
import { statusesOf } from '../core/trip/rules.ts'
import { RegistryEmitter } from './registry-emitter.ts'

/** A breaker that may be evicted. */
interface Candidate {
  readonly circuit: Circuit
  readonly state: State
  readonly statuses: readonly RuleStatus[]
  readonly now: number
  readonly isConfigured: boolean
}

/** Something that a new breaker in its place would not have. Totals do not count: they decide nothing. */
type Evidence = readonly [name: string, isPresent: (candidate: Candidate) => boolean]

/** A lower score decides nothing any more. */
const LOWEST_SCORE = 0.01

const EVIDENCE: readonly Evidence[] = [
  ['an open circuit', ({ state }) => state.name !== 'closed'],
  [
    'failures in a row',
    ({ circuit, state }) => {
      if (state.name !== 'closed') return false
      const { consecutiveFailures, when } = circuit.machine.settings.trip
      const isRead = consecutiveFailures < Infinity || when !== undefined
      return isRead && state.consecutiveFailures > 0
    },
  ],
  [
    'a score of failures',
    ({ circuit, statuses }) =>
      statuses.some(({ rule, observed, calls }) => {
        // What is charged until the next success does not fade: without calls, there is none.
        const isOld = rule === 'evidence' && idleFor(circuit) >= ABANDONED_AFTER
        return calls === undefined && observed > LOWEST_SCORE && !isOld
      }),
  ],
  ['failures in a window', ({ statuses }) => statuses.some(({ hits = 0 }) => hits > 0)],
  ["the server's Retry-After", ({ state, now }) => state.notBefore > now],
  ['calls in flight', ({ circuit }) => circuit.machine.counters.inFlight > 0],
  [
    'the history of earlier trips',
    ({ circuit, state }) => state.generation > 1 || tripsOf(circuit.machine).length > 0,
  ],
  [
    'listeners',
    ({ circuit: { emitter } }) => emitter !== undefined && !(emitter instanceof RegistryEmitter),
  ],
  ['options configured live', ({ isConfigured }) => isConfigured],
]

/** Evidence of a breaker that has met no trouble. */
const HEALTHY_EVIDENCE: readonly Evidence[] = [
  [
    'healthy calls in a window',
    ({ statuses }) => statuses.some(({ calls = 0, hits = 0 }) => calls > 0 && hits === 0),
  ],
  [
    'the learned latency and traffic of its target',
    ({ circuit: { machine } }) => {
      const { settings, counters, baseline } = machine
      const isTrafficRead = settings.openDuration.kind === 'auto' && counters.offered > 0
      return isTrafficRead || (baseline?.samples ?? 0) > 0
    },
  ],
]

/** An open or half-open breaker must stay until it has not been called for that long, ms, … */
const ABANDONED_AFTER = 3_600_000
/** … and for so many of its open times. */
const ABANDONED_OPEN_TIMES = 10

/** Undefined for a breaker that must stay: an overridden one, or an open one that is in use. */
function candidateOf(circuit: Circuit, { factory }: LazyCircuit): Candidate | undefined {
  const { machine, clock, userOptions } = circuit
  const { state, override } = machine
  const now = machine.now(clock.now())
  if (override !== undefined && now < override.until) return undefined
  if (state.name !== 'closed') {
    const kept = Math.max(ABANDONED_AFTER, ABANDONED_OPEN_TIMES * state.trip.openFor)
    if (idleFor(circuit) < kept) return undefined
  }
  const rules = state.name === 'closed' ? state.rules : null
  const statuses = rules === null ? [] : statusesOf(rules, now)
  return { circuit, state, statuses, now, isConfigured: userOptions !== factory.userOptions }
}

/** Ms since the last call of a circuit whose calls tell the machine the time, as where it is not closed. */
function idleFor({ machine, clock }: Circuit): number {
  return machine.now(clock.now()) - machine.now(Number.NaN)
}

/** How much is lost with a breaker. */
type Loss = 0 | 1 | 2 | 3
const NOTHING = 0
/** Open, and not called for a long time. */
const ABANDONED = 1
const HEALTHY = 2
const MOST = 3

function lossOf(lazy: LazyCircuit): Loss | undefined {
  if (lazy.existing === undefined) return NOTHING
  const candidate = candidateOf(lazy.existing, lazy)
  if (candidate === undefined) return undefined
  if (candidate.state.name !== 'closed') return ABANDONED
  if (EVIDENCE.some(([, isPresent]) => isPresent(candidate))) return MOST
  return HEALTHY_EVIDENCE.some(([, isPresent]) => isPresent(candidate)) ? HEALTHY : NOTHING
}

/** Names what is lost with a breaker; empty for one that differs in nothing from a new one. */
export function lossesOf(lazy: LazyCircuit): readonly string[] {
  const candidate = lazy.existing && candidateOf(lazy.existing, lazy)
  if (candidate === undefined) return []
  const present = [...EVIDENCE, ...HEALTHY_EVIDENCE].filter(([, isPresent]) => isPresent(candidate))
  return present.map(([name]) => name)
}

/** A scan is repeated after evicting one breaker of so many, unless nothing is lost with them. */
const BREAKERS_PER_RESCAN = 32
/** … and after that time, ms, in which breakers may have closed or been abandoned. */
const RESCAN_AFTER = 60_000

/** Chooses the breaker to evict when a registry is full. */
export class EvictionPolicy {
  /** By loss; for the same loss breakers of keys, which users do not hold, before named ones. */
  #queues: LazyCircuit[][] = []
  /** Those that have come since the scan. */
  #newcomers: LazyCircuit[] = []
  #chosenSinceScan = Infinity
  /** By the clock of the oldest breaker. */
  #scannedAt = 0

  /**
   * Returns the breaker to evict: one with nothing to lose, else an abandoned one, else one with only
   * healthy calls, else the oldest closed one. Undefined when all must stay. A scan is O(n), so its
   * result is reused, also where it has found none. `newcomer` is the one to make room for.
   */
  next(
    entries: ReadonlyMap<string, LazyCircuit>,
    newcomer: LazyCircuit | undefined,
  ): LazyCircuit | undefined {
    const chosen = this.#choose(entries)
    if (newcomer !== undefined && newcomer !== this.#newcomers.at(-1))
      this.#newcomers.push(newcomer)
    return chosen
  }

  #choose(entries: ReadonlyMap<string, LazyCircuit>): LazyCircuit | undefined {
    const lossless = this.#take(entries, NOTHING)
    if (lossless !== undefined) return lossless
    this.#chosenSinceScan++
    const isOld = timeOf(entries) - this.#scannedAt >= RESCAN_AFTER
    if (isOld || this.#chosenSinceScan > entries.size / BREAKERS_PER_RESCAN) this.#scan(entries)
    const chosen = this.#take(entries, MOST)
    if (chosen !== undefined) return chosen
    this.#sort(this.#newcomers)
    this.#newcomers = []
    return this.#take(entries, MOST)
  }

  /** Makes the next choice scan again. */
  reset(): void {
    this.#queues = []
    this.#newcomers = []
    this.#chosenSinceScan = Infinity
  }

  #scan(entries: ReadonlyMap<string, LazyCircuit>): void {
    this.#chosenSinceScan = 0
    this.#scannedAt = timeOf(entries)
    this.#newcomers = []
    this.#sort(entries.values())
  }

  #sort(lazies: Iterable<LazyCircuit>): void {
    this.#queues = Array.from({ length: 2 * MOST + 2 }, () => [])
    for (const lazy of lazies) {
      const loss = lossOf(lazy)
      if (loss !== undefined) this.#queues[2 * loss + (lazy.keyed ? 0 : 1)]?.push(lazy)
    }
    // The oldest last, to be popped first; of the abandoned ones, the one idle for longest.
    for (const [i, queue] of this.#queues.entries()) {
      if (i >> 1 === ABANDONED) sortByIdleTime(queue)
      else queue.reverse()
    }
  }

  /** Takes a breaker with which at most `most` is lost; it may have changed since the scan. */
  #take(entries: ReadonlyMap<string, LazyCircuit>, most: Loss): LazyCircuit | undefined {
    for (const [i, queue] of this.#queues.slice(0, 2 * most + 2).entries()) {
      for (let lazy = queue.pop(); lazy !== undefined; lazy = queue.pop()) {
        const loss = entries.get(lazy.name) === lazy ? lossOf(lazy) : undefined
        if (loss !== undefined && 2 * loss <= i) return lazy
      }
    }
    return undefined
  }
}

function timeOf(entries: ReadonlyMap<string, LazyCircuit>): number {
  const [oldest] = entries.values()
  return oldest === undefined ? 0 : guardClock(oldest.factory.clock, () => {}).now()
}

function sortByIdleTime(abandoned: LazyCircuit[]): void {
  const idle = new Map(abandoned.map((lazy) => [lazy, idleFor(lazy.circuit)]))
  abandoned.sort((a, b) => (idle.get(a) ?? 0) - (idle.get(b) ?? 0))
}
