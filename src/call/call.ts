import type { Circuit } from '../circuit/circuit.ts'
import type { Classify } from '../circuit/classify.ts'
import { isReplaced } from '../circuit/classify.ts'
import { Rejection, rejectWith } from '../circuit/deferred-rejection.ts'
import type { Reactions } from '../circuit/settle-handlers.ts'
import type { RejectReason } from '../core/measure/counters.ts'
import { type Classification, SUCCESS } from '../core/outcome.ts'
import type { Permit } from '../core/permit.ts'
import { CallTimeoutError } from '../errors.ts'
import type { AnyFallback } from '../options.ts'
import { abortedByCaller, callerSignal } from './caller-signal.ts'
import { runFallback } from './fallback.ts'
import type { AnyFunction } from './functions.ts'
import { enter, enterWith } from './held-lane.ts'
import { startTimeout, stopTimeout, type TimeoutEntry, type TimeoutQueue } from './timeout-queue.ts'

/** What the caller of a refused call gets: the error, or the fallback's value. */
export function refuse(
  circuit: Circuit,
  refusal: RejectReason,
  fallback: AnyFallback | undefined,
  args: readonly unknown[],
): Promise<unknown> {
  const error = circuit.refused(refusal)
  if (fallback === undefined) return rejectWith(error())
  return Promise.resolve(runFallback(fallback, error, args))
}

/** Follows a call that brings nothing along but its permit. */
export function followPlain(
  circuit: Circuit,
  permit: Permit,
  result: Promise<unknown>,
): Promise<unknown> {
  return result.then(
    (value: unknown) => {
      circuit.fulfilled(permit, value)
      return value
    },
    (reason: unknown) => circuit.rejected(permit, reason),
  )
}

/** One call under a permit of its own. */
export class Call implements TimeoutEntry {
  deadline = 0
  previous: TimeoutEntry | undefined = undefined
  next: TimeoutEntry | undefined = undefined
  queue: TimeoutQueue | undefined = undefined
  #ended = false
  #interruption: Interruption | undefined = undefined
  readonly #circuit: Circuit
  readonly #permit: Permit
  readonly #args: readonly unknown[]
  readonly #signal: AbortSignal | undefined
  readonly #classify: Classify | undefined
  readonly #fallback: AnyFallback | undefined

  /** `args` are what the fallback gets after the error; `signal` is the caller's own. */
  constructor(
    circuit: Circuit,
    permit: Permit,
    args: readonly unknown[],
    signal: AbortSignal | undefined,
    classify: Classify | undefined,
    fallback: AnyFallback | undefined,
  ) {
    this.#circuit = circuit
    this.#permit = permit
    this.#args = args
    this.#signal = signal
    this.#classify = classify
    this.#fallback = fallback
  }

  /** Settles the permit when `result` does, and gives what the caller gets. */
  follow(result: unknown): Promise<unknown> {
    try {
      const promise = result instanceof Promise ? result : Promise.resolve(result)
      return promise.then(
        (value: unknown) => this.fulfilled(value),
        (reason: unknown) => this.rejected(reason),
      )
    } catch (error) {
      // A promise with a `then` of its own.
      return Promise.resolve(this.rejected(error))
    }
  }

  /** Runs `action`, and ends before it does on its timeout, or on an abort of `signal`. */
  limit(
    timeout: number | undefined,
    controller: AbortController | undefined,
    action: () => unknown,
  ): Promise<unknown> {
    return new Promise((finish, reject) => {
      const abort = controller && this.#signal ? () => this.#abort() : undefined
      this.#interruption = { finish, controller, abort }
      if (timeout !== undefined) startTimeout(this.#circuit.clock, timeout, this)
      if (abort) this.#signal?.addEventListener('abort', abort, { once: true })
      if (abort && this.#signal?.aborted) {
        // A listener did it while the call was admitted.
        this.#abort()
        return
      }
      let result: unknown
      try {
        result = action()
      } catch (error) {
        finish(this.rejected(error))
        return
      }
      // By these very functions: engines follow them to the frames of the caller.
      this.follow(result).then(finish, reject)
    })
  }

  /** The action has given a value: gives it to the caller. The first end counts. */
  fulfilled(value: unknown): unknown {
    if (this.#ended) return undefined
    this.#end()
    const circuit = this.#circuit
    if (circuit.options.classify === undefined && this.#classify === undefined) {
      circuit.settle(this.#permit, SUCCESS, undefined)
    } else {
      const classification = circuit.classify(
        { status: 'fulfilled', value },
        { classify: this.#classify },
      )
      circuit.settle(this.#permit, classification, undefined)
    }
    return value
  }

  /** Leaves it to somebody else to settle the permit; undefined when the call has ended. */
  handOver(): Permit | undefined {
    if (this.#ended) return undefined
    this.#end()
    return this.#permit
  }

  /** The action has failed: gives the caller what stands for that. The first end counts. */
  rejected(reason: unknown): unknown {
    return this.#ended ? undefined : this.#fail(reason, false)
  }

  #fail(reason: unknown, timedOut: boolean): unknown {
    this.#end()
    const callerGone = !timedOut && abortedByCaller(this.#signal)
    const circumstances = { classify: this.#classify, callerGone, timedOut }
    const classification = this.#circuit.classify({ status: 'rejected', reason }, circumstances)
    this.#circuit.settle(this.#permit, classification, reason)
    return callerGone ? new Rejection(reason) : this.#instead(reason, classification)
  }

  #instead(error: unknown, classification: Classification): unknown {
    if (this.#fallback === undefined || !isReplaced(classification)) return new Rejection(error)
    return runFallback(this.#fallback, () => error, this.#args)
  }

  #end(): void {
    this.#ended = true
    stopTimeout(this)
    const abort = this.#interruption?.abort
    if (abort) this.#signal?.removeEventListener('abort', abort)
  }

  /** Ends the call before its action does, then tells the action. */
  #interrupt(reason: unknown, timedOut: boolean): void {
    if (this.#ended) return
    const result = this.#fail(reason, timedOut)
    this.#interruption?.controller?.abort(reason)
    this.#interruption?.finish(result)
  }

  #abort(): void {
    this.#interrupt(this.#signal?.reason, false)
  }

  /** Called when its time is up. */
  expire(timeout: number): void {
    this.#interrupt(new CallTimeoutError(this.#circuit.name, timeout), true)
  }
}

/** What it takes to end a call before its action does. */
interface Interruption {
  /** Resolves what the caller holds. */
  readonly finish: (result: unknown) => void
  /** Of the signal that the action was given. */
  readonly controller: AbortController | undefined
  readonly abort: (() => void) | undefined
}

/** What the caller gets for a result that is reported when it is there. */
export function follow({ fulfilled, rejected }: Reactions, result: unknown): Promise<unknown> {
  // A promise of its own kind may have a `then` that throws, or calls back twice.
  const promise = isNativePromise(result)
    ? result
    : new Promise((resolve) => {
        resolve(result)
      })
  return promise.then(fulfilled, rejected)
}

export function callAsync(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: unknown[],
): Promise<unknown> {
  const signal = callerSignal(args)
  const entered = signal === undefined ? enter(circuit) : null
  if (entered !== null) return pass(entered, fn, self, args)
  return callHeld(circuit, fn, self, args, signal)
}

/** For a call that needs a permit of its own. */
export function callHeld(
  circuit: Circuit,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const held = signal === undefined ? enterWith(circuit, args) : null
  if (held !== null) return held.run((call) => pass(call, fn, self, args))
  const { callTimeout: timeout, fallback } = circuit.options
  const permit = circuit.admit(timeout)
  if (typeof permit === 'string') return refuse(circuit, permit, fallback, args)
  if (timeout === undefined && signal === undefined && fallback === undefined) {
    const result = invoke(fn, self, args)
    // A promise of its own kind may have a `then` that throws.
    if (isNativePromise(result)) return followPlain(circuit, permit, result)
    return new Call(circuit, permit, args, signal, undefined, fallback).follow(result)
  }
  const call = new Call(circuit, permit, args, signal, undefined, fallback)
  return timeout === undefined
    ? call.follow(invoke(fn, self, args))
    : call.limit(timeout, undefined, () => fn.apply(self, args as unknown[]))
}

function pass(
  call: Reactions,
  fn: AnyFunction,
  self: unknown,
  args: readonly unknown[],
): Promise<unknown> {
  let result: unknown
  try {
    result = fn.apply(self, args as unknown[])
  } catch (error) {
    return Promise.resolve(call.rejected(error))
  }
  return follow(call, result)
}

/** True for a promise that does what the language says. */
function isNativePromise(value: unknown): value is Promise<unknown> {
  try {
    return value instanceof Promise && value.then === Promise.prototype.then
  } catch {
    // A proxy that objects to being asked.
    return false
  }
}

export function invoke(fn: AnyFunction, self: unknown, args: readonly unknown[]): unknown {
  try {
    return fn.apply(self, args as unknown[])
  } catch (error) {
    return rejectWith(error)
  }
}

export const NOTHING: readonly unknown[] = /* @__PURE__ */ Object.freeze([])
