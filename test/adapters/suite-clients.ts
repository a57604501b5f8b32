import * as grpc from '@grpc/grpc-js'
import * as grpc8 from 'grpc-js-1.8'
import * as undici from 'undici'
import { describeAxios } from './axios-rows.ts'
import { describeConnect } from './rpc/connect-rows.ts'
import type { Library } from './rpc/grpc-client.ts'
import { describeGrpc } from './rpc/grpc-rows.ts'
import { runTests } from './runner.ts'
import { TestServer } from './server.ts'
import { describeUndici } from './undici-rows.ts'

/** The contracts of clients that need Node. Resolves with what has passed, and throws what has not. */
export async function runSuite(): Promise<string> {
  const start = () => TestServer.start()
  describeAxios(start)
  describeUndici('7', undici, start)
  // Its `engines` say so.
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 19)) {
    describeUndici('8', (await import('undici-8')) as unknown as typeof undici, start)
  }
  describeGrpc('1.14', grpc)
  describeGrpc('1.8', grpc8 as unknown as Library)
  describeConnect()
  return runTests()
}
