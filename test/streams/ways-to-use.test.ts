import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex, PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CircuitBreaker, protect } from '../../src/index.ts'
import { turn } from '../helpers/public.ts'

const TEXT = 'a line of text\n'.repeat(5_000)

let server: Server
let url: string
let folder: string

beforeAll(async () => {
  server = createServer((_, response) => response.end(TEXT))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  folder = await mkdtemp(join(tmpdir(), 'streams-'))
  await writeFile(join(folder, 'text'), TEXT)
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

function httpGet(): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject)
  })
}

function sink(): Writable {
  return new Writable({ objectMode: true, write: (_chunk, _encoding, done) => done() })
}

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

async function readOne(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) break
}

function encode(chunk: unknown, controller: TransformStreamDefaultController): void {
  controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
}

type Ways<S> = Record<string, (stream: S) => unknown>

const iterating: Ways<AsyncIterable<unknown>> = {
  'reading it to the end': readAll,
  'leaving after an item': readOne,
  'asking for an item and forgetting it': async (stream) => {
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    await iterator.return?.()
  },
}

const nodeWays: Ways<Readable> = {
  ...iterating,
  'destroying it': (stream) => stream.destroy(),
  'destroying it with an error': (stream) => {
    stream.on('error', () => {}).destroy(new Error('the client has gone'))
  },
  'pipeline to a sink': (stream) => pipeline(stream, sink()),
  'pipeline by a transform': (stream) =>
    pipeline(stream, new PassThrough({ objectMode: true }), sink()),
  'pipeline to a function': (stream) => pipeline(stream, readAll),
  'pipeline to a sink that fails': (stream) => {
    const broken = new Writable({
      objectMode: true,
      write: (_chunk, _encoding, done) => done(new Error('disk full')),
    })
    return pipeline(stream, broken).catch(() => {})
  },
  pipe: (stream) => new Promise((resolve) => stream.pipe(sink()).on('finish', resolve)),
  'listening to data': (stream) =>
    new Promise((resolve) => stream.on('data', () => {}).on('end', resolve)),
  'listening to readable': (stream) =>
    new Promise((resolve) => {
      const drain = (): void => {
        while (stream.read() !== null);
      }
      stream.on('readable', drain).on('end', resolve)
    }),
  'discarding it': (stream) => new Promise((resolve) => stream.resume().on('end', resolve)),
  'a chain of helpers': (stream) =>
    stream
      .map((chunk) => chunk)
      .filter(() => true)
      .toArray(),
  'helpers that leave early': (stream) => stream.take(1).toArray(),
  find: (stream) => stream.find(() => true),
  forEach: (stream) => stream.forEach(() => {}),
  'iterator()': (stream) => readAll(stream.iterator()),
  'iterator(), left early': (stream) => readOne(stream.iterator()),
  'Readable.toWeb': async (stream) => {
    await Readable.toWeb(stream).cancel()
  },
  'await using': async (stream) => {
    await using _ = stream
  },
  'never looking at it': () => {},
  'looking for its errors only': (stream) => stream.on('error', () => {}),
}

const webWays: Ways<ReadableStream> = {
  ...iterating,
  'cancelling it': (stream) => stream.cancel(),
  'cancelling its reader': async (stream) => {
    const reader = stream.getReader()
    await reader.read()
    await reader.cancel('enough')
  },
  pipeTo: (stream) => stream.pipeTo(new WritableStream()),
  'pipeTo a sink that fails': (stream) => {
    const write = (): never => {
      throw new Error('disk full')
    }
    return stream.pipeTo(new WritableStream({ write })).catch(() => {})
  },
  pipeThrough: (stream) => readAll(stream.pipeThrough(new TransformStream())),
  'pipeThrough, left early': (stream) => readOne(stream.pipeThrough(new TransformStream())),
  tee: async (stream) => {
    const [one, other] = stream.tee()
    await Promise.all([readAll(one), other.cancel(), one])
  },
  'values()': (stream) => readAll(stream.values()),
  'values(), left open': async (stream) => {
    for await (const _ of stream.values({ preventCancel: true }));
  },
  // It takes bytes only, and forgets a stream of text that it can't read.
  'new Response, read': (stream) =>
    new Response(stream.pipeThrough(new TransformStream({ transform: encode }))).text(),
  'new Response, cancelled': (stream) => new Response(stream).body?.cancel(),
  'Readable.fromWeb': (stream) => pipeline(Readable.fromWeb(stream as never), sink()),
  'never looking at it': () => {},
}

const nodeStreams: Record<string, () => Readable | Promise<Readable>> = {
  'a file': () => createReadStream(join(folder, 'text')),
  'a promise of a file': async () => createReadStream(join(folder, 'text')),
  'an HTTP response': httpGet,
  'a stream from an array': () => Readable.from(['a', 'b', 'c']),
  'a stream of objects': () => Readable.from([{ id: 1 }, { id: 2 }, { id: 3 }]),
  'a stream from a generator': () =>
    Readable.from(
      (async function* () {
        yield 'a'
        yield 'b'
      })(),
    ),
  'a duplex': () => Duplex.from(['a', 'b']),
  'a compressed response': async () => (await httpGet()).pipe(createGzip()).pipe(createGunzip()),
}

async function fetchBody(): Promise<ReadableStream<Uint8Array>> {
  return (await fetch(url)).body as ReadableStream<Uint8Array>
}

const webStreams: Record<string, () => ReadableStream | Promise<ReadableStream>> = {
  'a body of fetch': fetchBody,
  'a decoded body': async () => (await fetchBody()).pipeThrough(new TextDecoderStream() as never),
  'a stream of strings': () =>
    new Blob(['abc']).stream().pipeThrough(new TextDecoderStream() as never),
  'a blob': () => new Blob(['abc']).stream(),
  'a promise of a blob': async () => new Blob(['abc']).stream(),
}

const streams = [
  ...Object.entries(nodeStreams).map(([name, open]) => ({ name, open, ways: nodeWays })),
  ...Object.entries(webStreams).map(([name, open]) => ({ name, open, ways: webWays })),
]

describe.each(streams as never as { name: string; open: () => never; ways: Ways<never> }[])(
  '$name, guarded',
  ({ open, ways }) => {
    const guards: Record<string, (breaker: CircuitBreaker) => () => Promise<never>> = {
      'breaker.stream': (breaker) => async () => breaker.stream(open)(),
      protect: (breaker) => {
        const client = protect({ open: async () => open() }, breaker)
        return () => client.open()
      },
    }

    describe.each(Object.entries(guards))('by %s', (_, guard) => {
      it.each(Object.entries(ways))('returns its permit after: %s', async (_way, use) => {
        const breaker = new CircuitBreaker({ maxFailures: 1, maxConcurrent: 2 })
        const openGuarded = guard(breaker)

        for (let i = 0; i < 4; i++) {
          await use(await openGuarded())
          await settled(breaker)
        }

        const { counts, inFlight, state } = breaker.snapshot()
        expect({ inFlight, state, failure: counts.failure }).toEqual({
          inFlight: 0,
          state: 'closed',
          failure: 0,
        })
        expect(counts.success + counts.cancelled).toBe(counts.admitted)
      })
    })
  },
)

/** Waits until no call is in flight; in vain where a permit was lost. Files take a while to close. */
async function settled(breaker: CircuitBreaker): Promise<void> {
  for (let i = 0; i < 50_000 && breaker.snapshot().inFlight > 0; i++) await turn()
}
