import type { CircuitBreaker } from '../index.ts'

/** Which breakers guard a call already. By `Symbol.for`, because there may be several copies of this file. */
const GUARDS: unique symbol = Symbol.for('short-circuit.guards')

interface Guarded {
  readonly [GUARDS]?: readonly unknown[]
}

/** One that guarded a call twice would wait for itself: the first would hold the probe, the second find none. */
export function isGuarded(call: object, breaker: CircuitBreaker<unknown>): boolean {
  return (call as Guarded)[GUARDS]?.includes(breaker) === true
}

/** What is passed to the interceptors below. */
export function asGuarded<Call extends object>(call: Call, breaker: CircuitBreaker<unknown>): Call {
  return { ...call, [GUARDS]: [...((call as Guarded)[GUARDS] ?? []), breaker] }
}
