import type { Circuit } from '../circuit/circuit.ts'
import type { Rejection } from '../circuit/deferred-rejection.ts'
import type { HeldCall, Lane, LimitedReactions, Reactions } from '../circuit/settle-handlers.ts'
import { needsDuration } from '../core/trip/rules.ts'
import { CallTimeoutError } from '../errors.ts'
import type { AnyFallback } from '../options.ts'
import { runFallback } from './fallback.ts'
import { SharedLane, TimedLane } from './fast-path.ts'
import { startTimeout, stopTimeout, type TimeoutEntry, type TimeoutQueue } from './timeout-queue.ts'

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

/** Lets a call pass that reports nothing but its end; null when it needs more than that. */
export function enter(circuit: Circuit): Reactions | null {
  const lane = circuit.lane === undefined ? openLane(circuit) : circuit.lane
  return lane === null ? null : lane.enter()
}

/** As {@link enter}, for a call that brings its arguments along. */
export function enterWith(circuit: Circuit, args: readonly unknown[]): HeldCall | null {
  const lane = circuit.lane === undefined ? openLane(circuit) : circuit.lane
  return lane instanceof HeldLane ? lane.enterWith(args) : null
}

function openLane(circuit: Circuit): Lane | null {
  const { machine, options } = circuit
  const { state } = machine
  if (state.name !== 'closed' || machine.override !== undefined) {
    circuit.lane = null
    return null
  }
  const timed = machine.settings.statistics || needsDuration(machine.settings.trip)
  const lane = timed ? new TimedLane(circuit) : new SharedLane(circuit, state)
  const plain = options.callTimeout === undefined && options.fallback === undefined
  circuit.lane = plain ? lane : new HeldLane(circuit, lane)
  return circuit.lane
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
    return runFallback(this.#fallback, () => rejection.error, this.#args) as never
  }
}

/** Ends when its action does or when its time is up, whichever comes first. */
class LimitedCall implements HeldCall, TimeoutEntry {
  deadline = 0
  previous: TimeoutEntry | undefined = undefined
  next: TimeoutEntry | undefined = undefined
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
