/**
 * An interceptor for the clients of `@grpc/grpc-js`: `new Users(address, credentials, { interceptors:
 * [circuitBreaker(circuits)] })`.
 *
 * @example
 * import { Client, credentials } from '@grpc/grpc-js'
 * import { CircuitRegistry } from 'short-circuit'
 * import { circuitBreaker } from 'short-circuit/grpc'
 *
 * const circuits = new CircuitRegistry({ defaults: { callTimeout: 2_000 } })
 * const interceptors = [circuitBreaker(circuits)]
 * const client = new Client('127.0.0.1:1', credentials.createInsecure(), { interceptors })
 * console.assert(circuits.size === 0)
 * client.close()
 *
 * @module
 */
export type { By } from '../adapter/breakers-by.ts'
export {
  type CircuitBreakerInterceptorOptions,
  circuitBreaker,
  type MethodDefinition,
} from './circuit-breaker.ts'
