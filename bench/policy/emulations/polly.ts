import type { PolicyContext, SimulatedBreaker } from '../../../src/testing/simulation/guard.ts'
import { Transitions } from './transitions.ts'

const FAILURE_RATIO = 0.1
const MINIMUM_THROUGHPUT = 100
const SAMPLING_FOR = 30_000
const SLICES = 10
const OPEN_FOR = 5_000

interface Slice {
  readonly from: number
  successes: number
  failures: number
}

/** Results of the last 30 s, in slices that begin with the first result after the one before. */
class Health {
  readonly #now: () => number
  #slices: Slice[] = []
  #successes = 0
  #failures = 0

  constructor(now: () => number) {
    this.#now = now
  }

  #current(): Slice {
    const now = this.#now()
    let last = this.#slices.at(-1)
    if (last === undefined || now - last.from >= SAMPLING_FOR / SLICES) {
      last = { from: now, successes: 0, failures: 0 }
      this.#slices.push(last)
    }
    for (let [first] = this.#slices; first !== undefined; [first] = this.#slices) {
      if (now - first.from < SAMPLING_FOR) break
      this.#slices.shift()
      this.#successes -= first.successes
      this.#failures -= first.failures
    }
    return last
  }

  succeeded(): void {
    this.#current().successes++
    this.#successes++
  }

  failed(): void {
    this.#current().failures++
    this.#failures++
  }

  get bad(): boolean {
    this.#current()
    const calls = this.#successes + this.#failures
    return calls >= MINIMUM_THROUGHPUT && this.#failures / calls >= FAILURE_RATIO
  }

  reset(): void {
    this.#slices = []
    this.#successes = this.#failures = 0
  }
}

/**
 * The defaults of Polly 8: 10 % of at least 100 calls in 30 s open for 5 s, then one call decides;
 * so does any other that ends while that one is out.
 */
export function polly({ clock }: PolicyContext): SimulatedBreaker {
  const transitions = new Transitions('failure ratio')
  const health = new Health(() => clock.now())
  let blockedUntil = 0

  const open = (): void => {
    transitions.to('open')
    blockedUntil = clock.now() + OPEN_FOR
  }
  const permit = {
    success() {
      health.succeeded()
      if (transitions.state !== 'half-open') return
      transitions.to('closed')
      health.reset()
    },
    failure() {
      if (transitions.state === 'half-open') {
        open()
        return
      }
      health.failed()
      if (transitions.state === 'closed' && health.bad) open()
    },
  }

  return {
    on: transitions.on,
    tryAcquire() {
      if (transitions.state === 'closed') return permit
      if (transitions.state === 'half-open' || clock.now() < blockedUntil) return undefined
      transitions.to('half-open')
      return permit
    },
  }
}
