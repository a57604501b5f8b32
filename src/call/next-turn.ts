import type { Clock } from '../clock.ts'

/** What is looked at once more in the next turn of the event loop, unless it is over by then. */
interface Pending {
  readonly over: boolean
  onNextTurn(): void
}

/** How many may be over before they are forgotten. */
const FEWEST = 64

/** All that the next turn of one clock looks at: one timer for all of them. */
class NextTurn {
  readonly clock: Clock
  #pending: Pending[] = []
  /** Not in the list yet: mostly it is over before the next one comes. */
  #last: Pending | undefined
  #compactAt = FEWEST

  constructor(clock: Clock) {
    this.clock = clock
    clock.setTimer(0, () => {
      if (next === this) next = undefined
      for (const pending of [...this.#pending, this.#last]) {
        if (pending?.over === false) pending.onNextTurn()
      }
    })
  }

  add(pending: Pending): void {
    const last = this.#last
    this.#last = pending
    if (last?.over === false) this.#keep(last)
  }

  #keep(pending: Pending): void {
    // A turn may last long, and what is over must not stay in memory.
    if (this.#pending.length >= this.#compactAt) {
      this.#pending = this.#pending.filter(({ over }) => !over)
      this.#compactAt = Math.max(FEWEST, 2 * this.#pending.length)
    }
    this.#pending.push(pending)
  }
}

let next: NextTurn | undefined

export function inNextTurn(clock: Clock, pending: Pending): void {
  if (next?.clock !== clock) next = new NextTurn(clock)
  next.add(pending)
}
