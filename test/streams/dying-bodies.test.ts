import { createReadStream } from 'node:fs'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import { connect, createServer as createHttp2, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CircuitBreaker, protect } from '../../src/index.ts'

/** Gives a part of its answer, then dies. */
let server: Server
let url: string

beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': '1000000' })
    response.write('x'.repeat(1_000))
    setImmediate(() => setImmediate(() => response.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function httpGet(): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject)
  })
}

const down = new Error('connection lost')

async function* dying(): AsyncGenerator<string> {
  yield 'a'
  throw down
}

function webDying(): ReadableStream<Uint8Array> {
  const source = dying()
  return new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode((await source.next()).value))
    },
  })
}

/** As gRPC does it: the error is emitted, and the stream ends all the same. */
function emitting(): Readable {
  const stream = new PassThrough()
  stream.write('a')
  setImmediate(() => {
    stream.emit('error', down)
    stream.end()
  })
  return stream
}

function sink(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}

async function iterate(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

const nodeWays: Record<string, (stream: Readable) => Promise<unknown>> = {
  iterated: iterate,
  'piped by pipeline': (stream) => pipeline(stream, sink()),
  'piped by pipe': (stream) =>
    new Promise((_resolve, reject) => {
      stream.on('error', reject).pipe(sink())
    }),
  'listened to': (stream) =>
    new Promise((resolve, reject) => {
      stream
        .on('data', () => {})
        .on('end', resolve)
        .on('error', reject)
    }),
  mapped: (stream) => stream.map((chunk) => chunk).toArray(),
}

const webWays: Record<string, (stream: ReadableStream) => Promise<unknown>> = {
  iterated: iterate,
  'piped to a sink': (stream) => stream.pipeTo(new WritableStream()),
  'piped through a transform': (stream) => iterate(stream.pipeThrough(new TransformStream())),
  teed: (stream) => {
    const [one, other] = stream.tee()
    return Promise.all([iterate(one), iterate(other)])
  },
  'the body of a response': (stream) => new Response(stream).text(),
}

const nodeStreams: Record<string, () => Readable | Promise<Readable>> = {
  'a stream from a generator': () => Readable.from(dying()),
  'a promise of one': async () => Readable.from(dying()),
  'an HTTP response whose server dies': httpGet,
  'a stream that is destroyed with an error': () => {
    const stream = new PassThrough()
    stream.write('a')
    setImmediate(() => stream.destroy(down))
    return stream
  },
  'a stream that only emits its error': emitting,
  'a file that is missing': () => createReadStream('/nowhere/at/all'),
  'a damaged archive': () => Readable.from([Buffer.from('no archive')]).pipe(createGunzip()),
}

const webStreams: Record<string, () => ReadableStream | Promise<ReadableStream>> = {
  'a web stream': webDying,
  'a body of fetch whose server dies': async () => (await fetch(url)).body as ReadableStream,
}

const streams = [
  ...Object.entries(nodeStreams).map(([name, open]) => ({ name, open, ways: nodeWays })),
  ...Object.entries(webStreams).map(([name, open]) => ({ name, open, ways: webWays })),
] as never as {
  name: string
  open: () => never
  ways: Record<string, (stream: never) => Promise<unknown>>
}[]

describe.each(streams)('$name', ({ open, ways }) => {
  it.each(Object.entries(ways))('is a failure when it is %s', async (_, use) => {
    const breaker = new CircuitBreaker({ maxFailures: 3 })
    const guarded = breaker.stream(open)

    for (let i = 0; i < 3; i++) await use(await guarded()).catch(() => {})

    expect(breaker.snapshot()).toMatchObject({
      state: 'open',
      inFlight: 0,
      counts: { admitted: 3, failure: 3 },
    })
  })

  it.each(Object.entries(ways))('is a failure of a client when it is %s', async (_, use) => {
    const breaker = new CircuitBreaker({ maxFailures: 3 })
    const client = protect({ open: async () => open() }, breaker)

    for (let i = 0; i < 3; i++) await use(await client.open()).catch(() => {})

    expect(breaker.snapshot()).toMatchObject({ state: 'open', counts: { failure: 3 } })
  })
})

describe('a stream of HTTP/2', () => {
  it.each<[string, (stream: ServerHttp2Stream, socket: Socket | undefined) => void]>([
    ['it is reset', (stream) => stream.destroy(new Error('broken'))],
    ['its server ends all streams', (stream) => stream.session?.destroy()],
    ['its connection ends', (_, socket) => socket?.destroy()],
    ['its connection is reset', (_, socket) => socket?.resetAndDestroy()],
  ])('is a failure when %s', async (_, kill) => {
    let socket: Socket | undefined
    const http2 = createHttp2().on('sessionError', () => {})
    http2.on('connection', (connection: Socket) => {
      socket = connection
    })
    http2.on('stream', (stream) => {
      stream.on('error', () => {}).respond({ ':status': 200 })
      stream.write('x')
      setImmediate(() => setImmediate(() => kill(stream, socket)))
    })
    await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve))
    const session = connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`)
    session.on('error', () => {})
    const breaker = new CircuitBreaker({ maxFailures: 1 })
    const guarded = breaker.stream(async () => {
      const request = session.request({ ':path': '/' })
      await new Promise((resolve) => request.once('response', resolve))
      return request
    })

    await pipeline(await guarded(), sink()).catch(() => {})

    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0 })
    session.destroy()
    http2.close()
  })
})

describe('a stream that dies before its caller looks at it', () => {
  it('is a failure', async () => {
    const breaker = new CircuitBreaker({ maxFailures: 1 })
    const response = await breaker.stream(httpGet)()

    await new Promise((resolve) => response.on('close', resolve).on('error', () => {}))

    expect(breaker.state).toBe('open')
  })
})
