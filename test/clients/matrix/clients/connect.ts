import { create, createFileRegistry } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, file_google_protobuf_wrappers } from '@bufbuild/protobuf/wkt'
import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

const TEXT = '.google.protobuf.StringValue'

/** What a generated file would have. */
const registry = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'speaker.proto',
    syntax: 'proto3',
    dependency: ['google/protobuf/wrappers.proto'],
    service: [
      {
        name: 'Speaker',
        method: [
          { name: 'Say', inputType: TEXT, outputType: TEXT },
          { name: 'List', inputType: TEXT, outputType: TEXT, serverStreaming: true },
        ],
      },
    ],
  }),
  () => file_google_protobuf_wrappers,
)

/** A message in the envelope of streams. */
function envelope(flags: number, message: string): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt8(flags)
  head.writeUInt32BE(Buffer.byteLength(message), 1)
  return Buffer.concat([head, Buffer.from(message)])
}

export const connect: Client = {
  name: 'Connect',
  packages: ['@connectrpc/connect', '@connectrpc/connect-node'],
  guarded: 'protect(createClient(service, transport), breaker)',
  trap: 'any code is an error: a `classify` looks at `code`',
  methods: ['say', 'list'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { createClient } = await import('@connectrpc/connect')
    const { createConnectTransport } = await import('@connectrpc/connect-node')
    const upstream = await HttpUpstream.start({
      answer: ({ url }, response) => {
        if (url === '/Speaker/Say') json(response, 200, 'hello')
        else {
          response.writeHead(200, { 'content-type': 'application/connect+json' })
          response.end(Buffer.concat([envelope(0, '"hello"'), envelope(2, '{}')]))
        }
      },
      fail: (_, response) => json(response, 503, { code: 'unavailable', message: 'out of order' }),
      beginning: { type: 'application/json', text: '"hel' },
    })
    const service = registry.getService('Speaker')
    if (service === undefined) throw new Error('no such service')
    const transport = createConnectTransport({
      baseUrl: upstream.url,
      httpVersion: '1.1',
      useBinaryFormat: false,
    })
    const client = protect(createClient(service, transport) as unknown as Speaker)
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        'a message': (signal) => client.say({ value: 'hello' }, options(signal)),
        'a stream': async (signal) => {
          const texts: string[] = []
          for await (const { value } of client.list({ value: 'hello' }, options(signal))) {
            texts.push(value)
          }
          return texts
        },
      },
    }
  },
}

interface Text {
  readonly value: string
}

interface Options {
  readonly signal?: AbortSignal
}

interface Speaker {
  say(text: Text, options: Options): Promise<Text>
  list(text: Text, options: Options): AsyncIterable<Text>
}
