import { createClient, type Interceptor, type Transport } from '@connectrpc/connect'
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node'
import * as connect20 from 'connect-2.0'
import { circuitBreaker } from '../../src/connect/index.ts'
import { ConnectServer, routesOf, Speaker } from './rpc/connect-server.ts'
import { describeRpc, type Options, type RpcClient, type RpcRow } from './rpc/contract.ts'
import { Script } from './rpc/script.ts'

type Texts = Iterable<string> | AsyncIterable<string>

interface Text {
  readonly value: string
}

interface CallOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

interface Methods {
  say(text: Text, options: CallOptions): Promise<Text>
  list(text: Text, options: CallOptions): AsyncIterable<Text>
  collect(texts: AsyncIterable<Text>, options: CallOptions): Promise<Text>
  chat(texts: AsyncIterable<Text>, options: CallOptions): AsyncIterable<Text>
}

function speakerOf(transport: Transport, create = createClient): RpcClient {
  const client = create(Speaker, transport) as unknown as Methods
  const options = ({ signal, timeout }: Options = {}) => ({
    ...(signal && { signal }),
    ...(timeout && { timeoutMs: timeout }),
  })
  const messages = async function* (texts: Texts) {
    for await (const value of texts) yield { value }
  }
  const values = (responses: AsyncIterable<Text>) => {
    const iterator = responses[Symbol.asyncIterator]()
    const textOf = ({ done, value }: IteratorResult<Text>): IteratorResult<string> =>
      done ? { done, value: undefined } : { value: value.value }
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => iterator.next().then(textOf),
        return: async () => {
          await iterator.return?.()
          return { done: true as const, value: undefined }
        },
      }),
    }
  }
  return {
    say: async (value, about) => (await client.say({ value }, options(about))).value,
    list: (value, about) => values(client.list({ value }, options(about))),
    collect: async (texts, about) => (await client.collect(messages(texts), options(about))).value,
    chat: (texts, about) => values(client.chat(messages(texts), options(about))),
    close: () => {},
  }
}

const row = (
  name: string,
  version: '1.1' | '2',
  create: (baseUrl: string, interceptors: Interceptor[]) => Transport,
): RpcRow<ConnectServer> => ({
  name: `circuitBreaker of Connect, ${name}`,
  start: () => ConnectServer.start(version),
  create: (by, { origin }, options) => speakerOf(create(origin, [circuitBreaker(by, options)])),
  nameOfBreaker: ({ origin }) => `connect:${origin}`,
  connects: true,
  hasChat: version === '2',
})

describeRpc(
  row('its own protocol over HTTP/1.1', '1.1', (baseUrl, interceptors) =>
    createConnectTransport({ baseUrl, interceptors, httpVersion: '1.1' }),
  ),
)
describeRpc(
  row('its own protocol over HTTP/2', '2', (baseUrl, interceptors) =>
    createConnectTransport({ baseUrl, interceptors, httpVersion: '2' }),
  ),
)
describeRpc(
  row('gRPC', '2', (baseUrl, interceptors) => createGrpcTransport({ baseUrl, interceptors })),
)
describeRpc(
  row('gRPC-web over HTTP/1.1', '1.1', (baseUrl, interceptors) =>
    createGrpcWebTransport({ baseUrl, interceptors, httpVersion: '1.1' }),
  ),
)

class NoServer {
  readonly script = new Script()
  static start = async () => new NoServer()
  async stop() {}
}

describeRpc<NoServer>({
  name: 'circuitBreaker of Connect 2.0, in memory',
  start: NoServer.start,
  create: (by, { script }, options) =>
    speakerOf(
      connect20.createRouterTransport(routesOf(script) as never, {
        transport: { interceptors: [circuitBreaker(by, options) as never] },
      }) as unknown as Transport,
      connect20.createClient as never,
    ),
  nameOfBreaker: () => 'connect:https://in-memory',
  connects: false,
  hasChat: true,
})
