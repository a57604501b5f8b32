/**
 * Guards `fetch`: one line for whatever takes a `fetch` of yours.
 *
 * @example
 * import { CircuitRegistry } from 'short-circuit'
 * import { guardFetch } from 'short-circuit/fetch'
 *
 * const circuits = new CircuitRegistry({ defaults: { callTimeout: 2_000 } })
 * const hello: typeof fetch = async () => new Response('hello')
 * const guarded = guardFetch(circuits, { fetch: hello })
 * const response = await guarded('https://api.example/users')
 * console.assert((await response.text()) === 'hello')
 * console.assert(circuits.has('fetch:https://api.example'))
 *
 * @module
 */
export type { By } from '../adapter/breakers-by.ts'
export { type GuardFetchOptions, guardFetch } from './guard-fetch.ts'
