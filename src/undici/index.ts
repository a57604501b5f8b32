/**
 * An interceptor for undici: `new Agent().compose(circuitBreaker(circuits))`. For undici 7 and 8.
 *
 * @example
 * import { CircuitRegistry } from 'short-circuit'
 * import { circuitBreaker } from 'short-circuit/undici'
 * import { Agent } from 'undici'
 *
 * const circuits = new CircuitRegistry({ defaults: { callTimeout: 2_000 } })
 * const agent = new Agent().compose(circuitBreaker(circuits))
 * console.assert(typeof agent.request === 'function')
 *
 * @module
 */
export type { By } from '../adapter/breakers-by.ts'
export { type CircuitBreakerInterceptorOptions, circuitBreaker } from './circuit-breaker.ts'
