/**
 * Guards an axios instance.
 *
 * @example
 * import axios from 'axios'
 * import { CircuitBreaker } from 'short-circuit'
 * import { guardAxios } from 'short-circuit/axios'
 *
 * const breaker = new CircuitBreaker({ name: 'users', callTimeout: 2_000 })
 * const client = guardAxios(axios.create({ baseURL: 'https://api.example' }), breaker)
 * console.assert(breaker.state === 'closed' && typeof client.get === 'function')
 *
 * @module
 */
export type { By } from '../adapter/breakers-by.ts'
export { type GuardAxiosOptions, type GuardableAxios, guardAxios } from './guard-axios.ts'
