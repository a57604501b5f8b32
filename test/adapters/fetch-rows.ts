import { type GuardFetchOptions, guardFetch } from '../../src/fetch/index.ts'
import type { CircuitBreaker, CircuitRegistry } from '../../src/index.ts'
import { describeUntilBody } from './body-contract.ts'
import { describeAdapter, type StartServer } from './contract.ts'
import { clientOf } from './fetch-client.ts'

/** The contract of `guardFetch`, for calls that end with the headers and for those that end with the body. */
export function describeFetch(name: string, options: GuardFetchOptions, start: StartServer): void {
  const create = (until: 'headers' | 'body') => (by: CircuitBreaker<unknown> | CircuitRegistry) =>
    clientOf(guardFetch(by, { ...options, until }))
  const row = { name, prefix: 'fetch', ownTimeout: false, create: create('headers') }
  describeAdapter(row, start)
  describeUntilBody({ name, create: create('body') }, start)
}
