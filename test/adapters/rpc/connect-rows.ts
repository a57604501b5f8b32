import type { Interceptor, Transport } from '@connectrpc/connect'
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node'
import { circuitBreaker } from '../../../src/connect/index.ts'
import { speakerOf } from './connect-client.ts'
import { ConnectServer } from './connect-server.ts'
import { describeRpc, type RpcRow } from './contract.ts'

/** The contract of the interceptor with each protocol of Connect for Node. */
export function describeConnect(): void {
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
