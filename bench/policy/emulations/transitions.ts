import type { SimulatedTransition } from '../../../src/testing/simulation/guard.ts'

type StateName = 'closed' | 'open' | 'half-open'
type Listener = (transition: SimulatedTransition) => void

/** The state of an emulated breaker, and who hears of its changes. */
export class Transitions {
  state: StateName = 'closed'
  readonly #rule: string
  #listener: Listener | undefined

  constructor(rule: string) {
    this.#rule = rule
  }

  readonly on = (_event: 'transition', listener: Listener): void => {
    this.#listener = listener
  }

  to(state: StateName): void {
    const from = this.state
    this.state = state
    this.#listener?.({ from, to: state, reason: from === 'closed' ? this.#rule : 'probe' })
  }
}
