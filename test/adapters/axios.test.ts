import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import axios, { type AxiosInstance } from 'axios'
import { describe, expect, it, onTestFinished } from 'vitest'
import { guardAxios } from '../../src/axios/index.ts'
import { CircuitBreaker, isCircuitOpenError } from '../../src/index.ts'
import { describeAxios, takesFetch } from './axios-rows.ts'
import { until } from './environment.ts'
import { TestServer } from './server.ts'

describeAxios(() => TestServer.start())

describe('guardAxios', () => {
  async function withServer<T>(use: (server: TestServer) => Promise<T>): Promise<T> {
    const server = await TestServer.start()
    return use(server).finally(() => server.stop())
  }

  const guarded = (create: () => AxiosInstance = () => axios.create()) => {
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 60_000 })
    return { breaker, client: guardAxios(create(), breaker) }
  }

  it('takes a status that validateStatus lets pass for what it is', () =>
    withServer(async (server) => {
      const { breaker, client } = guarded()
      const response = await client.get(server.url('/broken'), { validateStatus: () => true })

      expect(response.status).toBe(503)
      expect(breaker.state).toBe('open')
    }))

  it.each(['http', 'fetch'] as const)(
    'takes a text whose body dies for a failure, by the adapter %s',
    (adapter) =>
      withServer(async (server) => {
        const { breaker, client } = guarded(() => axios.create({ adapter }))

        await expect(client.get(server.url('/cut'))).rejects.toThrow()
        expect(breaker.state).toBe('open')
      }),
  )

  it.each([
    [304, {}],
    [302, { maxRedirects: 0 }],
    [200, { validateStatus: () => false }],
  ])('takes an answer of %d that validateStatus rejects for an answer', async (status, config) => {
    const server = createServer((_, response) =>
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { breaker, client } = guarded()
    const { port } = server.address() as AddressInfo

    await expect(client.get(`http://127.0.0.1:${port}/`, config)).rejects.toThrow('status code')
    expect(breaker.snapshot().counts).toMatchObject({ success: 1, failure: 0 })
  })

  it.each(['gzip', 'deflate', 'br'])(
    'takes a body that can not be decompressed for a failure: %s',
    async (encoding) => {
      const server = createServer((_, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end('no such thing'),
      )
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => void server.close())
      const { breaker, client } = guarded(() => axios.create({ adapter: 'http' }))
      const { port } = server.address() as AddressInfo

      await expect(client.get(`http://127.0.0.1:${port}/`)).rejects.toThrow()
      expect(breaker.state).toBe('open')
    },
  )

  it('takes a body that is longer than axios allows for nothing that the target has done', () =>
    withServer(async (server) => {
      const { breaker, client } = guarded()

      await expect(client.get(server.url('/large'), { maxContentLength: 9 })).rejects.toThrow(
        'exceeded',
      )
      expect(breaker.snapshot()).toMatchObject({ state: 'closed', counts: { failure: 0 } })
    }))

  it.each([
    ['a header that is none', { headers: { 'a b': 'c' } }],
    [
      'a body that is longer than it allows',
      { method: 'POST', data: 'x'.repeat(9), maxBodyLength: 5 },
    ],
  ])('takes %s for nothing that the target has done', (_, config) =>
    withServer(async (server) => {
      const { breaker, client } = guarded(() => axios.create({ adapter: 'http' }))

      await expect(client.request({ url: server.url('/ok'), ...config })).rejects.toThrow()
      expect(breaker.snapshot().counts).toMatchObject({ settled: 1, cancelled: 1 })
    }),
  )

  it('does not guard a request with an adapter of its own', () =>
    withServer(async (server) => {
      const { breaker, client } = guarded()
      breaker.trip()

      expect((await client.get(server.url('/ok'), { adapter: 'http' })).status).toBe(200)
      expect(breaker.snapshot().counts.admitted).toBe(0)
    }))

  it('takes what an interceptor throws for nothing that the target has done', () =>
    withServer(async (server) => {
      const { breaker, client } = guarded()
      client.interceptors.response.use(() => {
        throw new Error('mine')
      })
      client.interceptors.request.use((config) => {
        if (config.url?.endsWith('/missing')) throw new Error('not sent')
        return config
      })

      await expect(client.get(server.url('/ok'))).rejects.toThrow('mine')
      await expect(client.get(server.url('/missing'))).rejects.toThrow('not sent')
      expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { success: 1, failure: 0 } })
    }))

  it('takes a CancelToken for an abort by the caller', () =>
    withServer(async (server) => {
      const { breaker, client } = guarded()
      const source = axios.CancelToken.source()
      const request = client.get(server.url('/hang'), { cancelToken: source.token })
      setTimeout(() => source.cancel('left'), 20)

      await expect(request).rejects.toThrow('left')
      expect(breaker.snapshot().counts).toMatchObject({ cancelled: 1, failure: 0 })
    }))

  it('gives back the config that it was given, so that it may be sent again', () =>
    withServer(async (server) => {
      const { breaker, client } = guarded()
      breaker.forceClosed()
      const { signal } = new AbortController()
      const answer = await client.get(server.url('/ok'), { signal })
      const error = await client.get(server.url('/broken'), { signal }).catch((error) => error)

      expect([answer.config.signal, error.config.signal, error.response.config.signal]).toEqual([
        signal,
        signal,
        signal,
      ])
      expect((await client.get(server.url('/ok'))).config.signal).toBeUndefined()
    }))

  it('ends a retry on the wire when its caller aborts', () =>
    withServer(async (server) => {
      const breaker = new CircuitBreaker({ maxFailures: 5 })
      const client = guardAxios(axios.create(), breaker)
      client.interceptors.response.use(undefined, (error) => {
        if (error.response?.status !== 503) throw error
        return client.request({ ...error.config, url: server.url('/hang') })
      })
      const controller = new AbortController()
      const request = client.get(server.url('/broken'), { signal: controller.signal })
      await until(() => server.received === 2)
      controller.abort()

      await expect(request).rejects.toThrow('canceled')
      await until(() => server.abandoned === 1)
      expect(breaker.snapshot().counts).toMatchObject({ failure: 1, cancelled: 1 })
    }))

  it('throws the error itself for a rejected request, which is none of axios', async () => {
    const { breaker, client } = guarded()
    breaker.trip()
    const error = await client.get('http://127.0.0.1:1/').catch((error: unknown) => error)

    expect([isCircuitOpenError(error), axios.isAxiosError(error)]).toEqual([true, false])
  })

  it('finds the origin by baseURL, and leaves what is no HTTP alone', () =>
    withServer(async (server) => {
      const { breaker, client } = guarded(() => axios.create({ baseURL: server.origin }))

      expect((await client.get('/ok')).data).toEqual({ answer: 42 })
      // The oldest ones can't.
      if (takesFetch) await client.get('data:text/plain,hello', { baseURL: '' })
      expect(breaker.snapshot().counts.admitted).toBe(1)
    }))

  it('guards what was there before: an adapter of one\u2019s own', async () => {
    const calls: unknown[] = []
    const { breaker, client } = guarded(() =>
      axios.create({
        adapter: async (config) => {
          calls.push(config.url)
          return { data: 'mine', status: 500, statusText: '', headers: {}, config }
        },
      }),
    )

    expect((await client.get('http://api.example/')).data).toBe('mine')
    expect(calls).toEqual(['http://api.example/'])
    expect(breaker.state).toBe('open')
  })

  it.each([
    [
      () => guardAxios(undefined as never, new CircuitBreaker()),
      'guardAxios takes an axios instance',
    ],
    [
      () => guardAxios(axios.create(), {} as never),
      'guardAxios takes a CircuitBreaker or a CircuitReg',
    ],
    [
      () => guardAxios(axios.create(), new CircuitBreaker(), { until: 'body' } as never),
      'unknown option "until" (of guardAxios); known are key, name, classify',
    ],
  ])('says what is wrong: %s', (guard, message) => {
    expect(guard).toThrow(message)
  })
})
