import {
  type BreakerEvent,
  type CallOptions,
  CircuitBreaker,
  type CircuitBreakerOptions,
  type EventName,
  isShortCircuitError,
} from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

/** How long a breaker of `createBreaker` stays open. */
export const RESET_TIMEOUT = 1_000

/** A breaker with a clock of its own: opens at the third failure, for `RESET_TIMEOUT`. */
export function createBreaker<Fallback = never>(
  options: CircuitBreakerOptions<Fallback> = {},
): { breaker: CircuitBreaker<Fallback>; clock: ManualClock } {
  const clock = new ManualClock()
  const maxFailures = options.trip === undefined ? 3 : undefined
  const defaults = { maxFailures, resetTimeout: RESET_TIMEOUT, clock }
  return { breaker: new CircuitBreaker<Fallback>({ ...defaults, ...options }), clock }
}

/** One call that succeeds. */
export async function succeed(breaker: CircuitBreaker<unknown>): Promise<void> {
  await breaker.run(() => 'answer')
}

/** One call that fails; a rejection is no failure and is thrown. */
export async function fail(
  breaker: CircuitBreaker<unknown>,
  error: unknown = new Error('down'),
): Promise<void> {
  const thrown = await breaker.run(() => Promise.reject(error)).catch((reason: unknown) => reason)
  if (thrown !== error && isShortCircuitError(thrown)) throw thrown
}

/** Fails until the circuit opens. */
export async function open(breaker: CircuitBreaker<unknown>): Promise<void> {
  while (breaker.state === 'closed') await fail(breaker)
}

/** A call in flight. */
export interface Hanging {
  readonly result: Promise<unknown>
  readonly release: (value?: unknown) => Promise<unknown>
  readonly fail: (error?: unknown) => Promise<unknown>
}

/** One call that hangs until it is released, or made to fail. */
export function hang(breaker: CircuitBreaker<unknown>, call?: CallOptions): Hanging {
  let end: { resolve: (value: unknown) => void; reject: (error: unknown) => void } | undefined
  const result = breaker
    .run(() => new Promise((resolve, reject) => (end = { resolve, reject })), call)
    .catch((error: unknown) => error)
  return {
    result,
    release: (value) => {
      end?.resolve(value)
      return result
    },
    fail: (error = new Error('late')) => {
      end?.reject(error)
      return result
    },
  }
}

/** The names and payloads of what the breaker publishes, in order. */
export function record(
  breaker: CircuitBreaker<unknown>,
  ...names: EventName[]
): [EventName, BreakerEvent][] {
  const events: [EventName, BreakerEvent][] = []
  for (const name of names) breaker.on(name, (event) => events.push([name, event]))
  return events
}

/** What the promise rejects with. */
export async function reasonOf(promise: PromiseLike<unknown>): Promise<unknown> {
  const fulfilled = (value: unknown): never => {
    throw new Error(`expected a rejection, got ${String(value)}`)
  }
  let reason: unknown
  await promise.then(fulfilled, (error: unknown) => (reason = error))
  return reason
}

/** One turn of the event loop: what is pending has happened after it. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Makes everything in it wrong, as far down as it goes. */
export function spoil(value: object): void {
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === 'object' && member !== null) spoil(member)
    else Object.assign(value, { [key]: -1 })
  }
  Object.assign(value, { spoilt: true })
}
