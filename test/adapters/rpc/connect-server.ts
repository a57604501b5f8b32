import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { create, createFileRegistry, type DescService } from '@bufbuild/protobuf'
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_wrappers,
  type StringValue,
  StringValueSchema,
} from '@bufbuild/protobuf/wkt'
import { ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { Fault, RETRY_INFO, Script } from './script.ts'

const TEXT = {
  inputType: '.google.protobuf.StringValue',
  outputType: '.google.protobuf.StringValue',
}

const files = createFileRegistry(
  create(FileDescriptorProtoSchema, {
    name: 'speaker.proto',
    syntax: 'proto3',
    package: 'test.v1',
    dependency: ['google/protobuf/wrappers.proto'],
    service: [
      {
        name: 'Speaker',
        method: [
          { name: 'Say', ...TEXT },
          { name: 'List', ...TEXT, serverStreaming: true },
          { name: 'Collect', ...TEXT, clientStreaming: true },
          { name: 'Chat', ...TEXT, clientStreaming: true, serverStreaming: true },
        ],
      },
    ],
  }),
  () => file_google_protobuf_wrappers,
)

/** What a generated file would have. */
export const Speaker: DescService = files.getService('test.v1.Speaker') as DescService

type Texts = AsyncIterable<StringValue>

/** Adds a service that does as the script says. */
export function routesOf(script: Script): (router: ConnectRouter) => void {
  async function* answer(request: string, { signal }: HandlerContext) {
    script.received++
    const cancelled = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve()),
    )
    try {
      for await (const value of script.answer(request, cancelled)) {
        yield create(StringValueSchema, { value })
      }
    } catch (error) {
      throw errorOf(error)
    }
  }
  async function answerOnce(request: string, context: HandlerContext) {
    for await (const text of answer(request, context)) return text
    throw new Error('no answer')
  }
  const methods = {
    say: ({ value }: StringValue, context: HandlerContext) => answerOnce(value, context),
    list: ({ value }: StringValue, context: HandlerContext) => answer(value, context),
    collect: async (texts: Texts, context: HandlerContext) => {
      const received: string[] = []
      for await (const { value } of texts) received.push(value)
      return answerOnce(received[0] ?? '', context)
    },
    chat: async function* (texts: Texts, context: HandlerContext) {
      for await (const { value } of texts) {
        yield* answer(value, context)
        return
      }
    },
  }
  return (router) => router.service(Speaker, methods as never)
}

function errorOf(error: unknown): unknown {
  if (!(error instanceof Fault)) return error
  const { message, code, metadata, retryInfo } = error
  const failure = new ConnectError(message, code, metadata)
  if (retryInfo) failure.details.push({ type: 'google.rpc.RetryInfo', value: RETRY_INFO })
  return failure
}

/** A server of `test.v1.Speaker` on loopback, of Connect, which speaks all three protocols. */
export class ConnectServer {
  readonly script: Script = new Script()
  readonly #server: ReturnType<typeof createHttpServer> | ReturnType<typeof createHttp2Server>
  readonly #open = new Set<Socket | ServerHttp2Session>()
  readonly origin: string = ''

  private constructor(version: '1.1' | '2') {
    const handler = connectNodeAdapter({ routes: routesOf(this.script) })
    this.#server = version === '2' ? createHttp2Server(handler) : createHttpServer(handler)
    this.#server.on(
      version === '2' ? 'session' : 'connection',
      (open: Socket | ServerHttp2Session) => {
        this.#open.add(open)
        open.on('close', () => this.#open.delete(open))
      },
    )
    this.script.kill = () => {
      for (const open of this.#open) open.destroy()
    }
  }

  static async start(version: '1.1' | '2'): Promise<ConnectServer> {
    const server = new ConnectServer(version)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    const { port } = server.#server.address() as AddressInfo
    return Object.assign(server, { origin: `http://127.0.0.1:${port}` })
  }

  async stop(): Promise<void> {
    this.script.kill()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
