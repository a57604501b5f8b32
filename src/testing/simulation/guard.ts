import { CircuitBreaker, type CircuitBreakerOptions, type Clock } from '../../index.ts'

/** What a policy is told about the simulation when it creates a breaker. */
export interface PolicyContext {
  /** Virtual time. */
  readonly clock: Clock
  /** Repeatable random numbers, for the policy only. */
  readonly random: () => number
  /** The client that it is for, counted from 0. */
  readonly client: number
  /** After this time a call without an answer fails, ms. */
  readonly timeout: number
}

/** The breaker interface of a simulation; a `CircuitBreaker` implements it. */
export interface SimulatedBreaker {
  /** Returns a permit for one call, or `undefined` when it is rejected. */
  tryAcquire(): SimulatedPermit | undefined
  /** Calls a listener at every change of state; without it, no trips are reported. */
  on?(event: 'transition', listener: (transition: SimulatedTransition) => void): unknown
}

export interface SimulatedPermit {
  success(): void
  failure(error?: unknown): void
  /** The client has given up. Without it, that is a failure. */
  cancel?(): void
}

export interface SimulatedTransition {
  readonly from: string
  readonly to: string
  readonly reason: string
}

export type PolicyFactory = (context: PolicyContext) => SimulatedBreaker

/** One call on its way through a guard: exactly one of its methods is to be called, once. */
export interface GuardedCall {
  /** Sends the call and settles `permit` with its outcome. */
  start(permit: SimulatedPermit): void
  refuse(): void
  /** Whether it would succeed if it were sent now. No real breaker knows. */
  wouldSucceed(): boolean
}

/** What decides on calls: now, or later when it makes them wait. */
export interface Guard {
  request(call: GuardedCall): void
}

/** What a guard reports to. */
export interface GuardContext extends PolicyContext {
  readonly changed: (transition: SimulatedTransition) => void
}

export type GuardFactory = (context: GuardContext) => Guard

/** Creates the guards of a policy: of options, or of a function that creates breakers. */
export function guardFactory(policy: CircuitBreakerOptions | PolicyFactory = {}): GuardFactory {
  return (context) => {
    const { clock, random } = context
    const breaker: SimulatedBreaker =
      typeof policy === 'function'
        ? policy(context)
        : new CircuitBreaker({ random, ...policy, clock })
    breaker.on?.('transition', context.changed)
    return {
      request(call) {
        const permit = breaker.tryAcquire()
        if (permit === undefined) call.refuse()
        else call.start(permit)
      },
    }
  }
}
