import * as grpc from '@grpc/grpc-js'
import * as grpc8 from 'grpc-js-1.8'
import { circuitBreaker } from '../../src/grpc/index.ts'
import { describeRpc } from './rpc/contract.ts'
import { type Library, speakerOf } from './rpc/grpc-client.ts'
import { GrpcServer } from './rpc/grpc-server.ts'

for (const [version, library] of [
  ['1.14', grpc],
  ['1.8', grpc8 as unknown as Library],
] as const) {
  describeRpc({
    name: `circuitBreaker of grpc-js ${version}`,
    start: GrpcServer.start,
    create: (by, { address }, options) =>
      speakerOf(library, address, [circuitBreaker(by, options)]),
    nameOfBreaker: () => 'grpc:test.v1.Speaker',
    connects: true,
    hasChat: true,
  })
}
