import * as undici7 from 'undici'
import * as undici8 from 'undici-8'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type GuardFetchOptions, guardFetch } from '../../src/fetch/index.ts'
import { CircuitBreaker } from '../../src/index.ts'
import { collectGarbage } from '../conformance/collect-garbage.ts'
import { reasonOf } from '../helpers/public.ts'
import { describeFetch, fetchOfRequest } from './fetch-rows.ts'
import { TestServer } from './server.ts'

const FETCHES: readonly [string, GuardFetchOptions][] = [
  ['guardFetch', {}],
  ['guardFetch of a Request', { fetch: fetchOfRequest }],
  ['guardFetch of undici 7', { fetch: undici7.fetch as never }],
  ['guardFetch of undici 8', { fetch: undici8.fetch as never }],
]

for (const [name, options] of FETCHES) describeFetch(name, options, () => TestServer.start())

describe('guardFetch of a Request that nobody keeps', () => {
  let server: TestServer
  beforeEach(async () => {
    server = await TestServer.start()
  })
  afterEach(() => server.stop())

  it.each([
    ['/hang', 'headers'],
    ['/slow-body', 'headers'],
    ['/hang', 'body'],
    ['/slow-body', 'body'],
  ] as const)(
    'still ends on the wire when its caller aborts after the garbage was collected: %s, until the %s',
    async (path, until) => {
      const guarded = guardFetch(new CircuitBreaker(), { until })
      const controller = new AbortController()
      const { signal } = controller
      const text = guarded(new Request(server.url(path), { signal })).then((response) =>
        response.text(),
      )
      const reason = reasonOf(text)
      await vi.waitFor(() => expect(server.received).toBe(1))
      await new Promise((resolve) => setTimeout(resolve, 50))
      await collectGarbage()
      controller.abort()

      expect(await reason).toMatchObject({ name: 'AbortError' })
      await vi.waitFor(() => expect(server.abandoned).toBe(1))
    },
  )
})
