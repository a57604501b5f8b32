import type { Transport } from '@connectrpc/connect'
import * as connect20 from 'connect-2.0'
import { circuitBreaker } from '../../src/connect/index.ts'
import { speakerOf } from './rpc/connect-client.ts'
import { describeConnect } from './rpc/connect-rows.ts'
import { routesOf } from './rpc/connect-server.ts'
import { describeRpc } from './rpc/contract.ts'
import { Script } from './rpc/script.ts'

describeConnect()

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
