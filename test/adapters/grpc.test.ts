import * as grpc from '@grpc/grpc-js'
import * as grpc8 from 'grpc-js-1.8'
import type { Library } from './rpc/grpc-client.ts'
import { describeGrpc } from './rpc/grpc-rows.ts'

describeGrpc('1.14', grpc)
describeGrpc('1.8', grpc8 as unknown as Library)
