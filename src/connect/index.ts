/**
 * An interceptor for the clients of Connect: `createConnectTransport({ baseUrl, interceptors:
 * [circuitBreaker(circuits)] })`. For `@connectrpc/connect` 2, and all of its protocols.
 *
 * @example
 * import { createRouterTransport } from '@connectrpc/connect'
 * import { CircuitRegistry } from 'short-circuit'
 * import { circuitBreaker } from 'short-circuit/connect'
 *
 * const circuits = new CircuitRegistry({ defaults: { callTimeout: 2_000 } })
 * const interceptors = [circuitBreaker(circuits)]
 * const transport = createRouterTransport(() => {}, { transport: { interceptors } })
 * console.assert(typeof transport.unary === 'function')
 *
 * @module
 */
export type { By } from '../adapter/breakers-by.ts'
export {
  type CircuitBreakerInterceptorOptions,
  circuitBreaker,
  type Request,
} from './circuit-breaker.ts'
