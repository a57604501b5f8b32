import { type GuardFetchOptions, guardFetch } from '../../src/fetch/index.ts'
import type { CircuitBreaker, CircuitRegistry } from '../../src/index.ts'
import { describeUntilBody } from './body-contract.ts'
import { describeAdapter, type StartServer } from './contract.ts'
import { clientOf } from './fetch-client.ts'

/**
 * A `fetch` that makes a `Request` first. The signal once more, since Node stops following that of a `Request` when
 * it collects the garbage: https://github.com/nodejs/undici/issues/4068.
 */
export const fetchOfRequest: typeof fetch = (input, init) =>
  fetch(new Request(input, init), { signal: init?.signal ?? null })

/** The contract of `guardFetch`, for calls that end with the headers and for those that end with the body. */
export function describeFetch(name: string, options: GuardFetchOptions, start: StartServer): void {
  const create = (until: 'headers' | 'body') => (by: CircuitBreaker<unknown> | CircuitRegistry) =>
    clientOf(guardFetch(by, { ...options, until }))
  const row = { name, prefix: 'fetch', ownTimeout: false, create: create('headers') }
  describeAdapter(row, start)
  describeUntilBody({ name, create: create('body') }, start)
}
