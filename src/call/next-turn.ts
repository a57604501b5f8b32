import { type Clock, timersLast } from '../clock.ts'

/** What is looked at once more in the next turn of the event loop, unless it is over by then. */
interface Pending {
  readonly over: boolean
  onNextTurn(): void
}

/** How many may be over before they are forgotten. */
const FEWEST = 64

/** A turn that has not come after that time, ms, is not to come where timers may be taken away. */
const LOST_AFTER = 1_000

/** All that the next turn of one clock looks at: one timer for all of them. */
class NextTurn {
  readonly clock: Clock
  /** When it was asked for; undefined where it is sure to come. */
  readonly #askedAt: number | undefined
  #pending: Pending[] = []
  /** Not in the list yet: mostly it is over before the next one comes. */
  #last: Pending | undefined
  #compactAt = FEWEST

  constructor(clock: Clock) {
    this.clock = clock
    this.#askedAt = timersLast() ? undefined : clock.now()
    clock.setTimer(0, () => this.come())
  }

  come(): void {
    if (next === this) next = undefined
    for (const pending of [...this.#pending, this.#last]) {
      if (pending?.over === false) pending.onNextTurn()
    }
  }

  get isLost(): boolean {
    return this.#askedAt !== undefined && this.clock.now() - this.#askedAt > LOST_AFTER
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

/**
 * Looks at what waits for a turn that never comes, because the request of a worker has ended before it:
 * unread streams would keep their permits.
 */
export function endLostTurn(): void {
  if (next?.isLost) next.come()
}

export function inNextTurn(clock: Clock, pending: Pending): void {
  if (next?.clock !== clock) next = new NextTurn(clock)
  next.add(pending)
}
