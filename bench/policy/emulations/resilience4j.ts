import type { PolicyContext, SimulatedBreaker } from '../../../src/testing/simulation/guard.ts'
import { Transitions } from './transitions.ts'

const WINDOW = 100
const THRESHOLD = 0.5
const OPEN_FOR = 60_000
const TRIALS = 10

/** The last `size` results. */
class CountWindow {
  readonly #size: number
  readonly #failed: boolean[] = []
  #failures = 0
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  add(failed: boolean): void {
    if (this.#failed[this.#next] === true) this.#failures--
    this.#failed[this.#next] = failed
    if (failed) this.#failures++
    this.#next = (this.#next + 1) % this.#size
  }

  /** `undefined` until it is full, which is the minimum of the default. */
  get failureRate(): number | undefined {
    return this.#failed.length < this.#size ? undefined : this.#failures / this.#size
  }
}

/**
 * The defaults of resilience4j 2: 50 % of the last 100 calls open for 60 s, then 10 calls decide.
 * Results count in the state that they arrive in, whenever their calls began.
 */
export function resilience4j({ clock }: PolicyContext): SimulatedBreaker {
  const transitions = new Transitions('failure rate')
  let window = new CountWindow(WINDOW)
  let openedAt = 0
  let trials = 0

  const open = (): void => {
    transitions.to('open')
    openedAt = clock.now()
  }
  const record = (failed: boolean): void => {
    if (transitions.state === 'open') return
    window.add(failed)
    const rate = window.failureRate
    if (rate === undefined) return
    if (rate >= THRESHOLD) open()
    else if (transitions.state === 'half-open') {
      transitions.to('closed')
      window = new CountWindow(WINDOW)
    }
  }
  const permit = { success: () => record(false), failure: () => record(true) }

  return {
    on: transitions.on,
    tryAcquire() {
      if (transitions.state === 'open' && clock.now() >= openedAt + OPEN_FOR) {
        transitions.to('half-open')
        window = new CountWindow(TRIALS)
        trials = TRIALS
      }
      if (transitions.state === 'closed') return permit
      if (transitions.state === 'open' || trials === 0) return undefined
      trials--
      return permit
    },
  }
}
