import type * as undici from 'undici'
import { type By, circuitBreaker } from '../../src/undici/index.ts'
import { describeUntilBody } from './body-contract.ts'
import { describeAdapter, type GuardedClient, type StartServer } from './contract.ts'
import { clientOf } from './fetch-client.ts'

/** The contract of the interceptor, by `request` and by `fetch` of a version of undici. */
export function describeUndici(version: string, library: typeof undici, start: StartServer): void {
  const byRequest = (by: By, until: 'headers' | 'body'): GuardedClient => {
    const agent = new library.Agent()
    const dispatcher = agent.compose(circuitBreaker(by, { until }))
    return {
      request: async (url, { signal, timeout } = {}) => {
        const { statusCode, body } = await library.request(url, {
          dispatcher,
          ...(signal && { signal }),
          ...(timeout && { headersTimeout: timeout }),
        })
        return { status: statusCode, text: await body.text() }
      },
      open: async (url, { signal, method = 'GET' } = {}) => {
        const { body } = await library.request(url, {
          dispatcher,
          method: method as 'GET',
          ...(signal && { signal }),
        })
        body.on('error', () => {})
        let parts: AsyncIterator<unknown> | undefined
        return {
          async read() {
            if (parts === undefined) return body.text()
            while (!(await parts.next()).done);
            return undefined
          },
          part() {
            parts ??= body[Symbol.asyncIterator]()
            return parts.next()
          },
          leave: () => body.destroy(),
        }
      },
      close: () => agent.destroy(),
    }
  }
  const byFetch = (by: By, until: 'headers' | 'body'): GuardedClient => {
    const agent = new library.Agent()
    const dispatcher = agent.compose(circuitBreaker(by, { until }))
    const client = clientOf(((url: string, init: object) =>
      library.fetch(url, { ...init, dispatcher })) as never)
    return { ...client, close: () => agent.destroy() }
  }
  for (const [way, create, ownTimeout] of [
    ['request', byRequest, true],
    ['fetch', byFetch, false],
  ] as const) {
    const name = `circuitBreaker of undici ${version}, ${way}`
    const prefix = 'undici'
    describeAdapter({ name, prefix, ownTimeout, create: (by) => create(by, 'headers') }, start)
    describeUntilBody({ name, create: (by) => create(by, 'body') }, start)
  }
}
