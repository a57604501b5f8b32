import * as undici7 from 'undici'
import * as undici8 from 'undici-8'
import type { GuardFetchOptions } from '../../src/fetch/index.ts'
import { describeFetch } from './fetch-rows.ts'
import { TestServer } from './server.ts'

const FETCHES: readonly [string, GuardFetchOptions][] = [
  ['guardFetch', {}],
  ['guardFetch of a Request', { fetch: (input, init) => fetch(new Request(input, init)) }],
  ['guardFetch of undici 7', { fetch: undici7.fetch as never }],
  ['guardFetch of undici 8', { fetch: undici8.fetch as never }],
]

for (const [name, options] of FETCHES) describeFetch(name, options, () => TestServer.start())
