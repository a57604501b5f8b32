import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import axios from 'axios'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guardAxios } from '../../src/axios/index.ts'
import { guardFetch } from '../../src/fetch/index.ts'
import { CircuitBreaker } from '../../src/index.ts'
import { circuitBreaker } from '../../src/undici/index.ts'

/** Reads requests to their end; at `/reset` it ends the connection with the first part. */
let server: Server
let origin: string
beforeAll(async () => {
  server = createServer((request, response) => {
    request.on('error', () => {})
    request.on('data', () => {
      if (request.url === '/reset') request.socket.resetAndDestroy()
    })
    request.on('end', () => response.end('received'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

type Source = () => AsyncGenerator<Buffer>

async function* endless(): AsyncGenerator<Buffer> {
  for (let i = 0; i < 200; i++) {
    yield Buffer.alloc(1_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(1_000)
  await new Promise((resolve) => setTimeout(resolve, 20))
  throw new Error('the file is gone')
}

async function* whole(): AsyncGenerator<Buffer> {
  yield Buffer.from('all of it')
}

const BODIES: Readonly<Record<string, (source: Source) => unknown>> = {
  'a stream of Node': (source) => Readable.from(source()),
  'a web stream': (source) => Readable.toWeb(Readable.from(source())),
  'an async iterable': (source) => source(),
}

type Send = (breaker: CircuitBreaker, path: string, body: unknown) => Promise<unknown>

const byFetch: Send = (breaker, path, body) =>
  guardFetch(breaker)(origin + path, { method: 'POST', body, duplex: 'half' } as RequestInit)

const byUndici: Send = async (breaker, path, body) => {
  const dispatcher = new Agent().compose(circuitBreaker(breaker))
  const { body: answer } = await request(origin + path, {
    method: 'POST',
    body: body as never,
    dispatcher,
  })
  return answer.text()
}

const byAxios =
  (adapter: 'http' | 'fetch'): Send =>
  (breaker, path, body) =>
    guardAxios(axios.create({ adapter, maxRedirects: 0 }), breaker).post(origin + path, body)

const CLIENTS: readonly [string, Send, readonly string[]][] = [
  ['fetch', byFetch, Object.keys(BODIES)],
  ['undici', byUndici, Object.keys(BODIES)],
  ['axios', byAxios('http'), ['a stream of Node']],
  ['axios by fetch', byAxios('fetch'), ['a stream of Node', 'a web stream']],
]

describe.each(
  CLIENTS.flatMap(([client, send, kinds]) =>
    kinds.map((kind) => ({ client, send, kind, make: BODIES[kind] as (s: Source) => unknown })),
  ),
)('what $client sends: $kind', ({ send, make }) => {
  const outcomeOf = async (path: string, source: Source): Promise<unknown> => {
    const breaker = new CircuitBreaker({ maxFailures: 10 })
    await send(breaker, path, make(source)).catch(() => {})
    return breaker.snapshot().counts
  }

  it('says nothing about the server where it fails by itself', async () => {
    expect(await outcomeOf('/', failing)).toMatchObject({ cancelled: 1, settled: 1 })
  })

  it('is a failure where the server ends the connection meanwhile', async () => {
    expect(await outcomeOf('/reset', endless)).toMatchObject({ failure: 1, settled: 1 })
  })

  it('arrives as it is', async () => {
    expect(await outcomeOf('/', whole)).toMatchObject({ success: 1, settled: 1 })
  })
})
