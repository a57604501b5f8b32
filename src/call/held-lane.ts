import { startTimeout, stopTimeout, type Timed, type TimeoutQueue } from './timeout-queue.ts'
import type { Circuit } from '../circuit/circuit.ts'
import { CallTimeoutError } from '../errors.ts'
import { type AnyFallback, fallBack } from './fallback.ts'
import type { Lane, LimitedReactions, Reactions } from './fast-path.ts'
import type { Rejection } from '../circuit/deferred-rejection.ts'

/** A call that brings something along. */
export interface HeldCall {
  /** What the caller gets. `begin` reports the end of what it runs to the pair that it is given. */
  run(begin: (call: Reactions) => Promise<unknown>): Promise<unknown>
}

/**
 * For calls that pass by another lane, but must end within the call timeout of their breaker, or
 * have a fallback, which gets their arguments.
 */
export class HeldLane implements Lane {
  readonly #circuit: Circuit
  readonly #lane: Lane
  readonly #timeout: number | undefined
  readonly #fallback: AnyFallback | undefined
  #queue: TimeoutQueue | undefined

  constructor(circuit: Circuit, lane: Lane) {
    const { callTimeout, fallback } = circuit.options
    this.#circuit = circuit
    this.#lane = lane
    this.#timeout = callTimeout
    this.#fallback = fallback
  }

  /** No call passes by itself. */
  enter(): null {
    return null
  }

  /** As {@link Lane.enter}, for a call with these arguments. */
  enterWith(args: readonly unknown[]): HeldCall | null {
    const reactions = this.#lane.enter()
    if (reactions === null) return null
    const fallback = this.#fallback
    if (this.#timeout === undefined) {
      return new ReplacedCall(reactions, fallback as AnyFallback, args)
    }
    const own = fallback === undefined ? reactions : new ReplacedCall(reactions, fallback, args)
    const call = new LimitedCall(this.#circuit, own)
    this.#queue = startTimeout(this.#circuit.clock, this.#timeout, call, this.#queue)
    return call
  }
}

/** Gives the value of the fallback in place of a failure. */
class ReplacedCall implements HeldCall, LimitedReactions {
  readonly fulfilled: <T>(value: T) => T
  readonly rejected: (error: unknown) => never
  readonly #reactions: LimitedReactions
  readonly #fallback: AnyFallback
  readonly #args: readonly unknown[]

  constructor(reactions: LimitedReactions, fallback: AnyFallback, args: readonly unknown[]) {
    this.#reactions = reactions
    this.#fallback = fallback
    this.#args = args
    this.fulfilled = reactions.fulfilled
    this.rejected = (error) => this.#replace(reactions.rejected(error))
  }

  run(begin: (call: Reactions) => Promise<unknown>): Promise<unknown> {
    return begin(this)
  }

  expired(error: CallTimeoutError): never {
    return this.#replace(this.#reactions.expired(error))
  }

  #replace(rejection: Rejection): never {
    if (!rejection.replaceable) return rejection as never
    return fallBack(this.#fallback, () => rejection.error, this.#args) as never
  }
}

/** Ends when its action does or when its time is up, whichever comes first. */
class LimitedCall implements HeldCall, Timed {
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
