import { CircuitBreaker } from '../../src/index.ts'
import { randomStream } from '../../src/testing/simulation/random.ts'

/** Calls end that far apart, ms. */
const EVERY = 100
/** The rule's own numbers, written down a second time: what is computed here is to check it. */
const RULE = { threshold: 10, success: 3.5, failure: 1, slowFailure: 3, memory: 120_000 }
/** States of the score between 0 and the threshold. */
const STATES = 1_500

export interface FalseTrips {
  readonly failures: 'fast' | 'slow'
  readonly share: number
  /** Mean number of calls to a trip, from the Markov chain. */
  readonly computed: number
  /** The same, from driving a breaker. */
  readonly measured: number
}

/** Mean calls to a trip of `evidence` at a steady share of failures: computed, and measured. */
export function falseTrips(trips: number): FalseTrips[] {
  const cases = [
    ['fast', 0.5],
    ['fast', 0.6],
    ['fast', 0.7],
    ['fast', 0.85],
    ['slow', 0.15],
    ['slow', 0.2],
    ['slow', 0.3],
    ['slow', 0.5],
  ] as const
  return cases.map(([failures, share]) => ({
    failures,
    share,
    computed: callsToTrip(share, failures === 'slow' ? RULE.slowFailure : RULE.failure),
    measured: measure(share, failures === 'slow', trips),
  }))
}

/**
 * The score is a Markov chain: it fades between two calls and then goes up or down. With `h(s)` the
 * calls still to come from score s, h(s) = 1 + p·h(up) + (1 − p)·h(down), and h = 0 at the threshold.
 * Between two states of the grid h is taken as linear.
 */
export function callsToTrip(share: number, weight: number): number {
  const { threshold, success, memory } = RULE
  const fade = Math.exp(-EVERY / memory)
  const rows: Float64Array[] = []
  for (let i = 0; i < STATES; i++) {
    const row = new Float64Array(STATES + 1)
    const faded = ((i * threshold) / STATES) * fade
    const add = (score: number, chance: number): void => {
      if (score >= threshold) return
      const place = (Math.max(0, score) * STATES) / threshold
      const below = Math.floor(place)
      row[below] = (row[below] as number) - chance * (1 - (place - below))
      // The state after the last one is the threshold itself, from which no calls are left.
      if (below + 1 < STATES) row[below + 1] = (row[below + 1] as number) - chance * (place - below)
    }
    add(faded + weight, share)
    add(faded - success, 1 - share)
    row[i] = (row[i] as number) + 1
    row[STATES] = 1
    rows.push(row)
  }
  return solve(rows, Math.ceil((weight * STATES) / threshold) + 1)[0] as number
}

/**
 * Gauss, without pivoting: the diagonal of such a system dominates. Left of the right-hand side, a row
 * has nothing beyond `reach` places after its diagonal, and that stays so.
 */
function solve(rows: Float64Array[], reach: number): Float64Array {
  const size = rows.length
  for (let i = 0; i < size; i++) {
    const pivot = rows[i] as Float64Array
    const end = Math.min(size - 1, i + reach)
    for (let j = i + 1; j < size; j++) {
      const row = rows[j] as Float64Array
      const factor = (row[i] as number) / (pivot[i] as number)
      if (factor === 0) continue
      for (let k = i; k <= end; k++) row[k] = (row[k] as number) - factor * (pivot[k] as number)
      row[size] = (row[size] as number) - factor * (pivot[size] as number)
    }
  }
  const solution = new Float64Array(size)
  for (let i = size - 1; i >= 0; i--) {
    const row = rows[i] as Float64Array
    let sum = row[size] as number
    for (let k = i + 1; k < size; k++) sum -= (row[k] as number) * (solution[k] as number)
    solution[i] = sum / (row[i] as number)
  }
  return solution
}

function measure(share: number, slow: boolean, trips: number): number {
  let now = 0
  const clock = { now: () => now, wall: () => now, setTimer: () => () => {} }
  const breaker = new CircuitBreaker({ trip: { evidence: { overdue: false } }, clock })
  let tripped = false
  breaker.on('transition', ({ to }) => {
    tripped ||= to === 'open'
  })
  const random = randomStream(1, `false trips at ${share}, ${slow}`)
  let calls = 0
  for (let trip = 0; trip < trips; trip++) {
    tripped = false
    breaker.reset()
    // A slow call begins early enough to be slow when its turn to end comes.
    const pending = Array.from({ length: slow ? 10 : 0 }, () => breaker.tryAcquire())
    now += pending.length * EVERY
    while (!tripped) {
      now += EVERY
      const permit = breaker.tryAcquire()
      if (slow) pending.push(permit)
      const ending = slow ? pending.shift() : permit
      if (random() < share) ending?.failure()
      else ending?.success()
      calls++
    }
  }
  return calls / trips
}
