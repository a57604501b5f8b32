import * as undici7 from 'undici'
import * as undici8 from 'undici-8'
import { type GuardFetchOptions, guardFetch } from '../../src/fetch/index.ts'
import type { CircuitBreaker, CircuitRegistry } from '../../src/index.ts'
import { describeUntilBody } from './body-contract.ts'
import { type AdapterRow, describeAdapter } from './contract.ts'
import { clientOf } from './fetch-client.ts'

const FETCHES: readonly [string, GuardFetchOptions][] = [
  ['guardFetch', {}],
  ['guardFetch of a Request', { fetch: (input, init) => fetch(new Request(input, init)) }],
  ['guardFetch of undici 7', { fetch: undici7.fetch as never }],
  ['guardFetch of undici 8', { fetch: undici8.fetch as never }],
]

for (const [name, options] of FETCHES) {
  const create = (until: 'headers' | 'body') => (by: CircuitBreaker<unknown> | CircuitRegistry) =>
    clientOf(guardFetch(by, { ...options, until }))
  const row: AdapterRow = { name, prefix: 'fetch', ownTimeout: false, create: create('headers') }
  describeAdapter(row)
  describeUntilBody({ name, create: create('body') })
}
