import { CallTimeoutError, CircuitFullError, CircuitOpenError } from '../index.ts'
import { isAbout, number, show } from './simulation/check.ts'

/** What {@link createOpenError} takes. */
export interface OpenErrorOptions {
  /** Name of the breaker. Default: `circuit`. */
  readonly breaker?: string | undefined
  /** Default: `open`; `half-open` for a call that found no free probe. */
  readonly state?: 'open' | 'half-open' | undefined
  /** Why the circuit is open. Default: `manual`. */
  readonly reason?: string | undefined
  /**
   * Whole milliseconds until a call may pass; `Infinity` where the circuit stays open until it is moved by hand, so
   * that the error has no `retryAfter`. Default: 1 000.
   */
  readonly retryAfter?: number | undefined
  /** The failure that opened the circuit. Default: none. */
  readonly cause?: unknown
}

/**
 * The error of a call that was rejected by an open circuit, to test code that handles it. No circuit
 * has to be opened for that.
 *
 * @throws TypeError or RangeError for an option that is wrong
 * @example
 * import { isCircuitOpenError } from 'short-circuit'
 * import { createOpenError } from 'short-circuit/testing'
 *
 * const error = createOpenError({ breaker: 'users', retryAfter: 3_000 })
 * console.assert(isCircuitOpenError(error) && error.headers?.['Retry-After'] === '3')
 */
export function createOpenError(options: OpenErrorOptions = {}): CircuitOpenError {
  isAbout('options', options, ['breaker', 'state', 'reason', 'retryAfter', 'cause'])
  const { breaker = 'circuit', state = 'open', reason = 'manual', cause } = options
  const { retryAfter: wait = 1_000 } = options
  text('breaker', breaker)
  if (state !== 'open' && state !== 'half-open') {
    throw new TypeError(`state must be "open" or "half-open", got ${show(state)}`)
  }
  text('reason', reason)
  const retryAfter =
    wait === Infinity ? undefined : number('retryAfter', wait, { min: 0, whole: true })
  const message = `circuit "${breaker}" is ${state}`
  return new CircuitOpenError(message, { breaker, state, reason, retryAfter, cause })
}

/**
 * The error of a call that was rejected because of `maxConcurrent`, which is 1 by default, to test
 * code that handles it.
 *
 * @throws TypeError or RangeError for an option that is wrong
 * @example
 * import { createFullError } from 'short-circuit/testing'
 *
 * console.assert(createFullError({ maxConcurrent: 8 }).maxConcurrent === 8)
 */
export function createFullError(
  options: {
    readonly breaker?: string | undefined
    readonly maxConcurrent?: number | undefined
  } = {},
): CircuitFullError {
  isAbout('options', options, ['breaker', 'maxConcurrent'])
  const { breaker = 'circuit', maxConcurrent = 1 } = options
  text('breaker', breaker)
  number('maxConcurrent', maxConcurrent, { min: 1, whole: true })
  return new CircuitFullError(breaker, maxConcurrent)
}

/**
 * The error of a call that took longer than `timeout`, which is 1 000 ms by default, to test code that
 * handles it.
 *
 * @throws TypeError or RangeError for an option that is wrong
 * @example
 * import { createTimeoutError } from 'short-circuit/testing'
 *
 * console.assert(createTimeoutError({ timeout: 250 }).timeout === 250)
 */
export function createTimeoutError(
  options: { readonly breaker?: string | undefined; readonly timeout?: number | undefined } = {},
): CallTimeoutError {
  isAbout('options', options, ['breaker', 'timeout'])
  const { breaker = 'circuit', timeout = 1_000 } = options
  text('breaker', breaker)
  number('timeout', timeout, { above: 0 })
  return new CallTimeoutError(breaker, timeout)
}

function text(path: string, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`${path} must be a string, got ${show(value)}`)
}
