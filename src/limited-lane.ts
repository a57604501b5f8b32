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
export class LimitedCall implements Timed {
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

  /** What the caller gets. `begin` reports the end of what it runs to the pair that it is given. */
  run(begin: (call: Reactions) => Promise<unknown>): Promise<unknown> {
    return new Promise((finish, reject) => {
      this.#finish = finish
      const result = begin({
        fulfilled: (value) => this.#fulfilled(value),
        rejected: (error) => this.#rejected(error),
      })
      // By these very functions: engines follow them to the frames of the caller.
      result.then(finish, reject)
    })
  }

  #fulfilled<T>(value: T): T {
    return this.#end() ? this.#reactions.fulfilled(value) : (undefined as never)
  }

  #rejected(error: unknown): never {
    return this.#end() ? this.#reactions.rejected(error) : (undefined as never)
  }

  /** False when its time was up before: what comes later does nothing. */
  #end(): boolean {
    if (this.queue === undefined) return false
    stopTimeout(this)
    return true
  }

  expire(timeout: number): void {
    const error = new CallTimeoutError(this.#circuit.name, timeout)
    this.#finish?.(this.#reactions.expired(error))
  }
}
