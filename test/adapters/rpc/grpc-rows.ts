import { circuitBreaker } from '../../../src/grpc/index.ts'
import { describeRpc } from './contract.ts'
import { type Library, speakerOf } from './grpc-client.ts'
import { GrpcServer } from './grpc-server.ts'

/** The contract of the interceptor with a version of grpc-js. */
export function describeGrpc(version: string, library: Library): void {
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
