import type { Interceptor, Transport } from '@connectrpc/connect'
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node'
import * as connect20 from 'connect-2.0'
import { circuitBreaker } from '../../src/connect/index.ts'
import { speakerOf } from './rpc/connect-client.ts'
import { ConnectServer, routesOf } from './rpc/connect-server.ts'
import { describeRpc, type RpcRow } from './rpc/contract.ts'
import { Script } from './rpc/script.ts'

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
