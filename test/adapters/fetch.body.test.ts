import { Readable } from 'node:stream'
import * as undici8 from 'undici-8'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type GuardFetchOptions, guardFetch } from '../../src/fetch/index.ts'
import { CircuitBreaker } from '../../src/index.ts'
import { collectGarbage } from '../conformance/collect-garbage.ts'
import { until } from './environment.ts'
import { TestServer } from './server.ts'

let server: TestServer
let breaker: CircuitBreaker
beforeEach(async () => {
  server = await TestServer.start()
  breaker = new CircuitBreaker({ maxFailures: 5, resetTimeout: 60_000 })
})
afterEach(() => server.stop())

const guarded = (options: GuardFetchOptions = {}) =>
  guardFetch(breaker, { until: 'body', ...options })
const get = (path: string, init?: RequestInit) => guarded()(server.url(path), init)
const counts = () => breaker.snapshot().counts

describe('the response of a call that lasts until its body has ended', () => {
  it.each(['/ok', '/missing', '/moved', '/nothing', '/unchanged'])(
    'is what fetch returns: %s',
    async (path) => {
      const expected = await fetch(server.url(path))
      const response = await get(path)
      const shape = ({ url, redirected, type, status, statusText, ok, headers }: Response) => {
        const { date: _, ...others } = Object.fromEntries(headers)
        return { url, redirected, type, status, statusText, ok, others }
      }

      expect(response).toBeInstanceOf(Response)
      expect(shape(response)).toEqual(shape(expected))
      expect(shape(response.clone())).toEqual(shape(expected))
      expect(shape(response.clone().clone())).toEqual(shape(expected))
      expect([response.bodyUsed, response.body === null]).toEqual([false, expected.body === null])
      expect(await response.text()).toBe(await expected.text())
      expect(response.bodyUsed).toBe(expected.bodyUsed)
    },
  )

  it('has all headers of one name', async () => {
    const headers = new Headers({ a: '1' })
    for (const cookie of ['b=1', 'c=2']) headers.append('set-cookie', cookie)
    const response = await guarded({ fetch: async () => new Response('x', { headers }) })(
      server.url('/ok'),
    )

    expect(response.headers.getSetCookie()).toEqual(['b=1', 'c=2'])
  })

  it.each(['text', 'json', 'arrayBuffer', 'blob', 'bytes'] as const)(
    'is read by %s, once',
    async (way) => {
      const response = await get('/ok')
      const value = await response[way]()
      const text =
        way === 'json' ? JSON.stringify(value) : await new Response(value as never).text()

      expect(text).toBe('{"answer":42}')
      await expect(response[way]()).rejects.toThrow(TypeError)
      expect(counts()).toMatchObject({ admitted: 1, success: 1 })
    },
  )

  it('is counted once, where it is cloned and both are read', async () => {
    const response = await get('/parts')
    const texts = await Promise.all([response.clone().text(), response.text()])

    expect(texts[0]).toBe(texts[1])
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })

  it('fails once, where it is cloned and the body dies', async () => {
    const response = await get('/cut')
    const results = await Promise.allSettled([response.clone().text(), response.text()])

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(counts()).toMatchObject({ admitted: 1, failure: 1 })
  })

  it('may be passed on as the body of another response or request', async () => {
    const { body } = await get('/large')
    const text = await new Response(body).text()

    expect(text).toHaveLength(4_000_000)
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })

  it('is whole for who reads it late, and keeps nothing but its body', async () => {
    const { body } = await get('/large')
    await new Promise((resolve) => setTimeout(resolve, 20))
    await collectGarbage()
    await collectGarbage()
    const { inFlight } = breaker.snapshot()

    expect(inFlight).toBe(0)
    expect(await new Response(body).text()).toHaveLength(4_000_000)
  })

  it('gives its permit back when it is dropped in the middle', async () => {
    await (async () => {
      const reader = (await get('/slow-body')).body?.getReader()
      await reader?.read()
    })()
    await vi.waitFor(
      async () => {
        await collectGarbage()
        expect(breaker.snapshot().inFlight).toBe(0)
      },
      { timeout: 5_000 },
    )

    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })

  it('is of the class that the fetch has', async () => {
    const fetch = undici8.fetch as never
    const response = await guarded({ fetch })(server.url('/ok'))

    expect(response).toBeInstanceOf(undici8.Response)
    expect(await response.clone().json()).toEqual({ answer: 42 })
  })

  it('has its own body where its class takes something else', async () => {
    class Answer extends Response {
      constructor(text: string) {
        if (typeof text !== 'string') throw new TypeError('takes a text')
        super(text)
      }
    }
    const response = await guarded({ fetch: async () => new Answer('hello') })(server.url('/ok'))
    await until(() => breaker.snapshot().inFlight === 0)

    expect(response).toBeInstanceOf(Answer)
    expect(await response.text()).toBe('hello')
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })

  it('is followed where its body is a stream of Node', async () => {
    const body = new Readable({ read() {} })
    const answer = { status: 200, headers: new Headers(), body }
    const response = await guarded({ fetch: (async () => answer) as never })(server.url('/ok'))
    body.on('error', () => {}).resume()
    body.push('a')
    await until(() => body.readableDidRead)
    body.destroy(new Error('down'))
    await until(() => breaker.snapshot().inFlight === 0)

    expect(response).toBe(answer)
    expect(counts()).toMatchObject({ admitted: 1, failure: 1 })
  })

  it.each([
    ['has been read', async (response: Response) => void (await response.text())],
    ['is being read', async (response: Response) => void response.body?.getReader()],
  ])('is itself where its body %s', async (_, read) => {
    const answer = new Response('hello')
    await read(answer)
    const response = await guarded({ fetch: async () => answer })(server.url('/ok'))

    expect(response).toBe(answer)
    expect(counts()).toMatchObject({ admitted: 1, success: 1 })
  })

  it.each([undefined, null, 'text', 5, {}, { body: {} }, { body: 'text' }])(
    'is whatever the fetch returns: %j',
    async (answer) => {
      expect(await guarded({ fetch: (async () => answer) as never })(server.url('/ok'))).toBe(
        answer,
      )
      expect(counts()).toMatchObject({ admitted: 1, success: 1 })
    },
  )
})

it('guardFetch knows two ends of a request', () => {
  expect(() => guarded({ until: 'end' as never })).toThrow(
    'until must be "headers" or "body", got "end"',
  )
  expect(() => guarded({ until: 5 as never })).toThrow('until of guardFetch must be a string')
})
