import { startTimeout } from './call-timeout.ts'
import type { Circuit } from './circuit.ts'
import type { Refusal } from './core/counts.ts'
import type { Settled, Verdict } from './core/outcome.ts'
import type { Permit } from './core/permit.ts'
import { CallTimeoutError } from './errors.ts'
import { type AnyFallback, fallBack } from './fallback.ts'
import type { Classify } from './judge.ts'
import { Rejection, rejectWith } from './rejection.ts'

/** What one call brings along. */
export interface CallTerms {
  /** What the fallback gets after the error. */
  readonly args: readonly unknown[]
  /** The caller's own signal. */
  readonly signal: AbortSignal | undefined
  readonly timeout: number | undefined
  readonly classify: Classify | undefined
  readonly fallback: AnyFallback | undefined
  /** True when the action gets a signal of its own, so that an abort can end the call at once. */
  readonly ownSignal: boolean
}

/** Asks for a permit and runs `action` under it, or gives the refusal. */
export function callTracked(
  circuit: Circuit,
  action: (signal: AbortSignal | undefined) => unknown,
  terms: CallTerms,
): Promise<unknown> {
  const { signal, ownSignal, timeout } = terms
  if (ownSignal && signal?.aborted) return rejectWith(signal.reason)
  const permit = circuit.admit(timeout)
  if (typeof permit === 'string') return refuse(circuit, permit, terms.fallback, terms.args)
  return new Call(circuit, permit, terms).start(action)
}

/** What the caller of a refused call gets: the error, or the fallback's value. */
export function refuse(
  circuit: Circuit,
  refusal: Refusal,
  fallback: AnyFallback | undefined,
  args: readonly unknown[],
): Promise<unknown> {
  circuit.refused(refusal)
  if (fallback === undefined) return rejectWith(circuit.refuse(refusal))
  return Promise.resolve(fallBack(fallback, () => circuit.refuse(refusal), args))
}

/** One call under a permit of its own: with a timeout, a signal or a fallback. */
export class Call {
  readonly #circuit: Circuit
  readonly #permit: Permit
  readonly #terms: CallTerms
  #ended = false
  #controller: AbortController | undefined
  #stopTimer: (() => void) | undefined
  /** Resolves what the caller holds, for a call that can end before its action does. */
  #finish: ((result: unknown) => void) | undefined

  constructor(circuit: Circuit, permit: Permit, terms: CallTerms) {
    this.#circuit = circuit
    this.#permit = permit
    this.#terms = terms
  }

  start(action: (signal: AbortSignal | undefined) => unknown): Promise<unknown> {
    const { signal, timeout, ownSignal } = this.#terms
    if (timeout === undefined && !(ownSignal && signal !== undefined)) {
      return this.follow(this.#run(action))
    }
    return new Promise((resolve, reject) => {
      this.#finish = resolve
      if (timeout !== undefined) {
        this.#stopTimer = startTimeout(this.#circuit.clock, timeout, this.#expire)
      }
      if (ownSignal) signal?.addEventListener('abort', this.#abort, { once: true })
      this.follow(this.#run(action)).then(resolve, reject)
    })
  }

  #run(action: (signal: AbortSignal | undefined) => unknown): unknown {
    if (this.#terms.ownSignal) this.#controller = new AbortController()
    try {
      return action(this.#controller?.signal)
    } catch (error) {
      return rejectWith(error)
    }
  }

  follow(result: unknown): Promise<unknown> {
    return Promise.resolve(result).then(
      (value) => this.end({ status: 'fulfilled', value }),
      (reason: unknown) => this.end({ status: 'rejected', reason }),
    )
  }

  /** Settles the permit and gives what the caller gets; the first end counts. */
  end(settled: Settled, timedOut = false): unknown {
    if (this.#ended) return undefined
    this.#ended = true
    this.#stopTimer?.()
    const { signal, classify, ownSignal } = this.#terms
    if (ownSignal) signal?.removeEventListener('abort', this.#abort)
    const callerGone = signal?.aborted === true && !timedOut
    const verdict = this.#circuit.judge(settled, { classify, callerGone, timedOut })
    this.#circuit.settle(this.#permit, verdict, settled)
    if (settled.status === 'fulfilled') return settled.value
    return callerGone ? new Rejection(settled.reason) : this.#failed(settled.reason, verdict)
  }

  #failed(error: unknown, { outcome }: Verdict): unknown {
    const { fallback, args } = this.#terms
    if (fallback === undefined || outcome === 'success' || outcome === 'neutral') {
      return new Rejection(error)
    }
    return fallBack(fallback, () => error, args)
  }

  /** Ends the call before its action does, then tells the action. */
  #interrupt(reason: unknown, timedOut: boolean): void {
    if (this.#ended) return
    const result = this.end({ status: 'rejected', reason }, timedOut)
    this.#controller?.abort(reason)
    this.#finish?.(result)
  }

  readonly #abort = (): void => this.#interrupt(this.#terms.signal?.reason, false)

  readonly #expire = (): void => {
    const { timeout } = this.#terms
    this.#interrupt(new CallTimeoutError(this.#circuit.options.name, timeout as number), true)
  }
}
