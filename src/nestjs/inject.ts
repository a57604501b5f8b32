import { Inject } from '@nestjs/common'

/** A decorator for a parameter of a constructor, or for a property. */
export type Injection = (target: object, key: string | symbol | undefined, index?: number) => void

export const REGISTRY = 'CircuitRegistry'

/** What Nest knows a breaker by; it is part of its message when there is none. */
export function breakerToken(name: string): string {
  return `CircuitBreaker(${name})`
}

/**
 * Injects a breaker that was named in the options of {@link CircuitModule}.
 *
 * @example
 * import 'reflect-metadata'
 * import type { CircuitBreaker } from 'short-circuit'
 * import { InjectBreaker } from 'short-circuit/nestjs'
 *
 * class Users {
 *   declare readonly breaker: CircuitBreaker // with decorators: @InjectBreaker('users') readonly breaker
 * }
 * InjectBreaker('users')(Users.prototype, 'breaker')
 */
export function InjectBreaker(name: string): Injection {
  return Inject(breakerToken(name)) as Injection
}

/** Injects the registry. */
export function InjectRegistry(): Injection {
  return Inject(REGISTRY) as Injection
}
