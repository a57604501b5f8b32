import type { StateName } from './core/transition.ts'

/** `stackTraceLimit` exists in V8 and JavaScriptCore only. */
const Traced = Error as ErrorConstructor & { stackTraceLimit: number | undefined }

const BRAND: unique symbol = Symbol.for('short-circuit.error') as never

function brandOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    return (value as { [BRAND]?: unknown })[BRAND]
  } catch {
    // A proxy may throw.
    return undefined
  }
}

function setStackTraceLimit(limit: number | undefined): void {
  if (limit === undefined) return
  try {
    Traced.stackTraceLimit = limit
  } catch {
    // Frozen intrinsics: stacks are captured, nothing else changes.
  }
}

/** The `code` of this library's errors. */
export type ErrorCode = 'ERR_CIRCUIT_OPEN' | 'ERR_CIRCUIT_FULL' | 'ERR_CALL_TIMEOUT'

/**
 * Base class of the errors that a breaker creates. They have no stack trace: thousands of them may
 * be created while a system is in trouble, and `cause` tells more.
 *
 * `instanceof` and the functions `is…Error` work across several copies of the package in one process. A
 * structured clone, which is what another worker receives, keeps only the message and is none of them: post
 * `toJSON()`, which has the `code` and all other fields.
 */
export abstract class ShortCircuitError extends Error {
  abstract readonly code: ErrorCode
  /** The HTTP status that frameworks answer with when this error reaches them. */
  abstract readonly statusCode: number
  /** Name of the breaker. */
  readonly breaker: string

  static override [Symbol.hasInstance](value: unknown): boolean {
    const { prototype } = this
    // A subclass of the user's has no brand: its prototype chain decides.
    if (!Object.hasOwn(prototype, BRAND)) return super[Symbol.hasInstance](value)
    const own = brandOf(prototype)
    const brand = brandOf(value)
    return own === true ? brand !== undefined : brand === own
  }

  protected constructor(message: string, breaker: string, cause?: unknown, redact?: Redact) {
    const limit = Traced.stackTraceLimit
    if (limit !== undefined) setStackTraceLimit(0)
    try {
      super(message, cause === undefined ? undefined : { cause })
    } finally {
      setStackTraceLimit(limit)
    }
    this.breaker = breaker
    if (redact !== undefined) redactors.set(this, redact)
  }

  /** `false`: frameworks do not show the message to clients, as it names what is behind them. */
  get expose(): false {
    return false
  }

  /**
   * Returns plain data for logs; a `cause` that is an error is reduced to name, code and message, and
   * its message is changed by the option `redact` of the breaker.
   */
  toJSON(): Record<string, unknown> {
    const { name, message, cause } = this
    const fields: Record<string, unknown> = Object.assign({ name, message }, this as object)
    if (cause !== undefined) {
      fields['cause'] = plainCause(cause, redactors.get(this))
    }
    return fields
  }
}

type Redact = (message: string) => string

/** Of the errors whose breaker has one. Not in a field: loggers show those, functions and all. */
const redactors = /* @__PURE__ */ new WeakMap<ShortCircuitError, Redact>()

function plainCause(cause: unknown, redact: Redact = (message) => message): unknown {
  try {
    if (typeof cause === 'string') return String(redact(cause))
    if (typeof cause === 'bigint' || typeof cause === 'symbol') return String(cause)
    if (typeof cause !== 'object' || cause === null) return cause
    if (!(cause instanceof Error)) return Object.prototype.toString.call(cause)
    const { code } = cause as { code?: unknown }
    const known = typeof code === 'string' || typeof code === 'number' ? { code } : {}
    return { name: String(cause.name), message: String(redact(String(cause.message))), ...known }
  } catch {
    return 'unknown'
  }
}

/**
 * The call was rejected without running: the circuit is open, or forced open, or half-open with as
 * many probes in flight as are allowed.
 *
 * @example
 * import { CircuitBreaker, CircuitOpenError } from 'short-circuit'
 *
 * const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 3_000 })
 * await breaker.run(() => Promise.reject(new Error('down'))).catch(() => {})
 * const error = await breaker.run(() => 'never runs').catch((error: unknown) => error)
 * console.assert(error instanceof CircuitOpenError && Number(error.retryAfter) > 0)
 */
export class CircuitOpenError extends ShortCircuitError {
  readonly code = 'ERR_CIRCUIT_OPEN'
  /** `'open'`, also while forced open; `'half-open'` when there was no free probe. */
  readonly state: Exclude<StateName, 'closed'>
  /**
   * Why the circuit is open now: the rule that opened it, `manual`, or `forced-open`; after a probe
   * has re-opened it `probeFailed`, `probeExpired` or `probeOverdue`. `explain()` tells more.
   */
  readonly reason: string
  /**
   * After how many whole milliseconds to try again: when the open time ends, or at the latest when a
   * probe in flight must have ended, rounded up so that a `setTimeout` of that long is not too short.
   * `undefined` when that is unknown, as under an override without an end.
   */
  readonly retryAfter: number | undefined

  get statusCode(): 503 {
    return 503
  }

  /**
   * `Retry-After` in whole seconds, which frameworks add to their answer; at least 1, for 0 would ask for the
   * next try at once. `undefined` when unknown.
   */
  get headers(): { readonly 'Retry-After': string } | undefined {
    const { retryAfter } = this
    // It may be rounded up by a millisecond, which is not to become a second.
    return retryAfter === undefined
      ? undefined
      : { 'Retry-After': `${Math.ceil((retryAfter - 1) / 1000) || 1}` }
  }

  /** @internal */
  constructor(
    message: string,
    about: {
      breaker: string
      state: Exclude<StateName, 'closed'>
      reason: string
      retryAfter: number | undefined
      /** The failure that opened the circuit, as it was thrown. */
      cause?: unknown
      redact?: Redact | undefined
    },
  ) {
    super(message, about.breaker, about.cause, about.redact)
    this.state = about.state
    this.reason = about.reason
    this.retryAfter = about.retryAfter
  }
}

/** The call was rejected without running: `maxConcurrent` calls are already in flight. */
export class CircuitFullError extends ShortCircuitError {
  readonly code = 'ERR_CIRCUIT_FULL'
  /** The limit that was reached. */
  readonly maxConcurrent: number

  get statusCode(): 503 {
    return 503
  }

  /** @internal */
  constructor(breaker: string, maxConcurrent: number) {
    const calls = maxConcurrent === 1 ? '1 call' : `${maxConcurrent} calls`
    super(`circuit "${breaker}" is full: at most ${calls} may be in flight`, breaker)
    this.maxConcurrent = maxConcurrent
  }
}

/** The call took longer than its timeout. Its signal was aborted with this error. */
export class CallTimeoutError extends ShortCircuitError {
  readonly code = 'ERR_CALL_TIMEOUT'
  /** The limit that was exceeded, ms. */
  readonly timeout: number

  get statusCode(): 504 {
    return 504
  }

  /** @internal */
  constructor(breaker: string, timeout: number) {
    super(`circuit "${breaker}": the call took longer than ${timeout} ms`, breaker)
    this.timeout = timeout
  }
}

// On the prototypes: the first line of a stack is made from the name during construction.
function name({ prototype }: { prototype: object }, name: string, brand: ErrorCode | true): void {
  Object.defineProperty(prototype, 'name', { value: name, configurable: true, writable: true })
  Object.defineProperty(prototype, BRAND, { value: brand })
}
name(ShortCircuitError, 'ShortCircuitError', true)
name(CircuitOpenError, 'CircuitOpenError', 'ERR_CIRCUIT_OPEN')
name(CircuitFullError, 'CircuitFullError', 'ERR_CIRCUIT_FULL')
name(CallTimeoutError, 'CallTimeoutError', 'ERR_CALL_TIMEOUT')

/** True for any error that a breaker created, of any copy of the package. */
export function isShortCircuitError(error: unknown): error is ShortCircuitError {
  return error instanceof ShortCircuitError
}

/** A wrapper within a wrapper within …: no application has more, and causes may form a circle. */
const DEEPEST_CAUSE = 8

/**
 * True for the error of a rejected call, of any copy of the package, and for an error that it caused.
 * Reads three properties of most errors, since it runs for every failed call.
 */
export function isRejection(error: unknown, depth = 0): boolean {
  const brand = brandOf(ownCause(error, depth))
  return brand !== undefined && brand !== ('ERR_CALL_TIMEOUT' satisfies ErrorCode)
}

/** The error that a breaker has created: this one, or the first one of its causes. */
export function ownCause(error: unknown, depth = 0): object | undefined {
  return findCause(error, isOwn, depth) as object | undefined
}

const isOwn = (error: unknown): boolean => brandOf(error) !== undefined

/** The first one of an error and its causes that is what is looked for. */
export function findCause(
  error: unknown,
  matches: (cause: unknown) => boolean,
  depth = 0,
): unknown {
  let cause = error
  for (let deep = depth; deep <= DEEPEST_CAUSE && cause !== undefined; deep++) {
    if (matches(cause)) return cause
    cause = causeOf(cause, deep)
  }
  return undefined
}

/**
 * `Promise.any` of calls that were all rejected has called nothing either. By itself: its closure would take
 * memory of every failure.
 */
function rejectionOf(errors: readonly unknown[], depth: number): unknown {
  return errors.every((part) => isRejection(part, depth)) ? errors[0] : undefined
}

function causeOf(error: unknown, depth: number): unknown {
  if (typeof error !== 'object' || error === null) return undefined
  try {
    const { cause, errors } = error as { cause?: unknown; errors?: unknown }
    if (cause !== undefined || !Array.isArray(errors)) return cause
    return rejectionOf(errors, depth + 1)
  } catch {
    // As above.
    return undefined
  }
}

/** True for a {@link CircuitOpenError} of any copy of the package. */
export function isCircuitOpenError(error: unknown): error is CircuitOpenError {
  return error instanceof CircuitOpenError
}

/** True for a {@link CircuitFullError} of any copy of the package. */
export function isCircuitFullError(error: unknown): error is CircuitFullError {
  return error instanceof CircuitFullError
}

/** True for a {@link CallTimeoutError} of any copy of the package. */
export function isCallTimeoutError(error: unknown): error is CallTimeoutError {
  return error instanceof CallTimeoutError
}
