import type { Circuit } from '../circuit/circuit.ts'
import type { Lane, LimitedReactions } from '../circuit/settle-handlers.ts'
import type { Machine } from '../core/machine.ts'
import { SUCCESS } from '../core/outcome.ts'
import { Permit } from '../core/permit.ts'
import type { Closed } from '../core/state/closed.ts'
import type { CallTimeoutError } from '../errors.ts'

/**
 * For calls that leave nothing to remember: one pair of reactions for the whole generation, so that
 * a call allocates nothing of its own and a late result finds out by its `era` that it is late.
 */
export class SharedLane implements Lane, LimitedReactions {
  readonly fulfilled: <T>(value: T) => T
  readonly rejected: (error: unknown) => never
  readonly #circuit: Circuit
  readonly #machine: Machine
  readonly #state: Closed

  constructor(circuit: Circuit, state: Closed) {
    const { machine } = circuit
    this.#circuit = circuit
    this.#machine = machine
    this.#state = state
    this.fulfilled = (value) => {
      if (!circuit.recordsOnly) circuit.succeeded(state, value)
      else if (!machine.succeed(state)) circuit.conclude(state, SUCCESS)
      return value
    }
    this.rejected = (reason) => circuit.failed(state, reason)
  }

  enter(): LimitedReactions | null {
    return this.#machine.enter() ? this : null
  }

  expired(error: CallTimeoutError): never {
    return this.#circuit.outlived(this.#state, error)
  }
}

/** For calls whose beginning must be known: each has a permit of its own, which is used again. */
export class TimedLane implements Lane {
  readonly #circuit: Circuit

  constructor(circuit: Circuit) {
    this.#circuit = circuit
  }

  enter(): LimitedReactions | null {
    const circuit = this.#circuit
    const call = free ?? new TimedCall()
    if (!circuit.machine.readmit(call, circuit.clock.now())) return null
    if (call === free) {
      free = call.nextFree
      kept--
    }
    call.circuit = circuit
    return call
  }
}

/** Calls of all breakers that have ended, to be used again, and how many they are. */
let free: TimedCall | undefined
let kept = 0
const MOST_KEPT = 1_000

/**
 * A permit with its own pair of reactions. The engine calls one of them, once, so it is free for the
 * next call after that; promises that may do otherwise don't get here.
 */
class TimedCall extends Permit implements LimitedReactions {
  circuit: Circuit | undefined = undefined
  nextFree: TimedCall | undefined = undefined
  readonly fulfilled: <T>(value: T) => T
  readonly rejected: (error: unknown) => never

  constructor() {
    super(null, 0, Infinity)
    this.fulfilled = (value) => {
      ;(this.circuit as Circuit).fulfilled(this, value)
      this.#release()
      return value
    }
    this.rejected = (reason) => {
      const rejection = (this.circuit as Circuit).rejected(this, reason)
      this.#release()
      return rejection
    }
  }

  expired(error: CallTimeoutError): never {
    const rejection = (this.circuit as Circuit).expired(this, error)
    this.#release()
    return rejection
  }

  #release(): void {
    this.circuit = undefined
    this.state = null
    if (kept >= MOST_KEPT) return
    kept++
    this.nextFree = free
    free = this
  }
}
