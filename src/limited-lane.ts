import { startTimeout, stopTimeout, type Timed, type TimeoutQueue } from './call-timeout.ts'
import type { Circuit } from './circuit.ts'
import { CallTimeoutError } from './errors.ts'
import type { Lane, LimitedReactions, Reactions } from './lane.ts'

/** For calls that pass by another lane, but must end within the call timeout of their breaker. */
export class LimitedLane implements Lane {
  readonly #circuit: Circuit
  readonly #lane: Lane
  readonly #timeout: number
  #queue: TimeoutQueue | undefined

  constructor(circuit: Circuit, lane: Lane, timeout: number) {
    this.#circuit = circuit
    this.#lane = lane
    this.#timeout = timeout
  }

  /** No call passes without a limit. */
  enter(): null {
    return null
  }

  /** As {@link Lane.enter}, for a call that is given what to run. */
  enterLimited(): LimitedCall | null {
    const reactions = this.#lane.enter()
    if (reactions === null) return null
    const call = new LimitedCall(this.#circuit, reactions)
    this.#queue = startTimeout(this.#circuit.clock, this.#timeout, call, this.#queue)
    return call
  }
}

/** Ends when its action does or when its time is up, whichever comes first. */
export class LimitedCall implements Timed, Reactions {
  deadline = 0
  previous: Timed | undefined = undefined
  next: Timed | undefined = undefined
  queue: TimeoutQueue | undefined = undefined
  #finish: ((result: unknown) => void) | undefined = undefined
  readonly #circuit: Circuit
  readonly #reactions: LimitedReactions

  constructor(circuit: Circuit, reactions: LimitedReactions) {
    this.#circuit = circuit
    this.#reactions = reactions
  }

  /** What the caller gets. `follow` reports the end of what was run, by the pair that it is given. */
  run(begin: (call: Reactions) => Promise<unknown>): Promise<unknown> {
    return new Promise((finish, reject) => {
      this.#finish = finish
      // By these very functions: engines follow them to the frames of the caller.
      begin(this).then(finish, reject)
    })
  }

  readonly fulfilled = <T>(value: T): T => {
    // Its time was up.
    if (this.queue === undefined) return undefined as never
    stopTimeout(this)
    return this.#reactions.fulfilled(value)
  }

  readonly rejected = (error: unknown): never => {
    if (this.queue === undefined) return undefined as never
    stopTimeout(this)
    return this.#reactions.rejected(error)
  }

  expire(timeout: number): void {
    const error = new CallTimeoutError(this.#circuit.options.name, timeout)
    this.#finish?.(this.#reactions.expired(error))
  }
}
