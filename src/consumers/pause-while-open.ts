/// <reference lib="esnext.disposable" preserve="true" />
import { isBreaker } from '../adapter/breakers-by.ts'
import { checkAdapterOptions } from '../adapter/call-options.ts'
import { callSafely } from '../adapter/call-safely.ts'
import type { CircuitBreaker } from '../index.ts'

/** What {@link pauseWhileOpen} takes. */
export interface PauseOptions {
  /** Makes the consumer take no more jobs. May return a promise, which is waited for. */
  readonly pause: () => unknown
  /** Makes it take jobs again. May return a promise, which is waited for. */
  readonly resume: () => unknown
  /**
   * Is told what `pause` or `resume` has thrown or rejected with. After a `pause` that failed, `resume` is called all the
   * same; after a `resume` that failed, it is called again with the next event of the breaker.
   * @defaultValue prints it by `console.error`
   */
  readonly onError?: ((error: unknown, during: 'pause' | 'resume') => void) | undefined
  /** Aborting it does what `stop()` does. */
  readonly signal?: AbortSignal | undefined
}

/** What {@link pauseWhileOpen} returns. */
export interface ConsumerPause extends Disposable {
  /** True from before `pause` is called until `resume` has ended. */
  readonly paused: boolean
  /** Ends it: neither function is called any more, and the consumer stays as it is, paused or not. */
  readonly stop: () => void
}

const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose)

/**
 * Pauses a consumer while the circuit lets no call pass: while it is open, forced open, or half-open with all of its
 * probes in flight. Resumes it when a call would pass, by `breaker.whenReady()`. `pause` and `resume` take turns, each
 * after the other has ended, beginning with `pause`.
 *
 * It notices that probes are in flight when a call is rejected: jobs that were taken already may be rejected as well.
 * A breaker that is full (`maxConcurrent`) pauses nothing. While it waits, it has a timer that keeps the process
 * alive: call `stop()` before you close the consumer.
 *
 * @throws TypeError for arguments or options that are wrong
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { pauseWhileOpen } from 'short-circuit/consumers'
 *
 * const breaker = new CircuitBreaker({ name: 'mail' })
 * const log: string[] = []
 * const { stop } = pauseWhileOpen(breaker, {
 *   pause: () => log.push('pause'),
 *   resume: () => log.push('resume'),
 * })
 * breaker.trip()
 * console.assert(log.join() === 'pause')
 * stop()
 */
export function pauseWhileOpen(
  // biome-ignore lint/suspicious/noExplicitAny: whatever its fallback returns and takes.
  breaker: CircuitBreaker<any, any>,
  options: PauseOptions,
): ConsumerPause {
  if (!isBreaker(breaker)) {
    throw new TypeError(`pauseWhileOpen takes a CircuitBreaker first, got ${typeof breaker}`)
  }
  checkAdapterOptions('pauseWhileOpen', options, {
    pause: 'function',
    resume: 'function',
    onError: 'function',
    signal: 'object',
  })
  for (const name of ['pause', 'resume'] as const) {
    if (options[name] === undefined) {
      throw new TypeError(`${name} of pauseWhileOpen must be a function, got undefined`)
    }
  }
  const { signal } = options
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new TypeError('signal of pauseWhileOpen must be an AbortSignal')
  }
  return new Pause(breaker, options)
}

class Pause implements ConsumerPause {
  readonly #breaker: CircuitBreaker<unknown>
  readonly #options: PauseOptions
  /** Aborted by `stop`. */
  readonly #end = new AbortController()
  #taking = false
  paused = false

  constructor(breaker: CircuitBreaker<unknown>, options: PauseOptions) {
    this.#breaker = breaker
    this.#options = options
    const { signal } = this.#end
    if (options.signal?.aborted) return
    options.signal?.addEventListener('abort', this.stop, { once: true })
    const look = (): void => {
      if (this.paused || breaker.state === 'open') this.#begin()
    }
    breaker.on('transition', look, { signal })
    breaker.on('override', look, { signal })
    breaker.on(
      'reject',
      ({ reason, enforced }) => {
        if (enforced && reason !== 'full') this.#begin()
      },
      { signal },
    )
    look()
  }

  readonly stop = (): void => {
    this.#options.signal?.removeEventListener('abort', this.stop)
    this.#end.abort()
  };

  [dispose](): void {
    this.stop()
  }

  #begin(): void {
    if (this.#taking) return
    this.#taking = true
    // Ends with the rejection of `whenReady` when it is stopped; the functions are called by `#call`.
    void this.#takeTurns().catch(() => {})
  }

  async #takeTurns(): Promise<void> {
    const { signal } = this.#end
    do {
      if (!this.paused) {
        this.paused = true
        await this.#call('pause')
      }
      await this.#breaker.whenReady({ signal })
      this.paused = !(await this.#call('resume'))
    } while (!this.paused && !signal.aborted && this.#breaker.state === 'open')
    this.#taking = false
  }

  /** True if it went well. */
  async #call(name: 'pause' | 'resume'): Promise<boolean> {
    try {
      await this.#options[name]()
      return true
    } catch (error) {
      this.#report(error, name)
      return false
    }
  }

  #report(error: unknown, during: 'pause' | 'resume'): void {
    const { onError } = this.#options
    if (onError === undefined) this.#print(during, error)
    else
      callSafely(
        () => onError(error, during),
        (wrong) => this.#print('onError', wrong),
      )
  }

  #print(what: string, thrown: unknown): void {
    console.error(`short-circuit: circuit "${this.#breaker.name}": ${what} threw`, thrown)
  }
}
