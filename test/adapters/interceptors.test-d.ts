import type * as connect from '@connectrpc/connect'
import type * as grpc from '@grpc/grpc-js'
import type * as connect20 from 'connect-2.0'
import type * as grpc18 from 'grpc-js-1.8'
import { describe, expectTypeOf, it } from 'vitest'
import { circuitBreaker as forConnect } from '../../src/connect/index.ts'
import { circuitBreaker as forGrpc } from '../../src/grpc/index.ts'
import type { CircuitRegistry } from '../../src/index.ts'

declare const circuits: CircuitRegistry

describe('the interceptor of grpc-js', () => {
  it('is one of the newest and of the oldest version that is supported', () => {
    const interceptor = forGrpc(circuits)

    expectTypeOf(interceptor).toExtend<grpc.Interceptor>()
    expectTypeOf(interceptor).toExtend<grpc18.Interceptor>()
  })

  it('has keys by what both tell of a method', () => {
    type Method = Parameters<NonNullable<NonNullable<Parameters<typeof forGrpc>[1]>['key']>>[0]

    expectTypeOf<grpc.InterceptorOptions['method_definition']>().toExtend<Method>()
    expectTypeOf<grpc18.InterceptorOptions['method_definition']>().toExtend<Method>()
    // @ts-expect-error -- a key is a text
    forGrpc(circuits, { key: ({ responseStream }) => responseStream })
  })
})

describe('the interceptor of Connect', () => {
  it('is one of the newest and of the oldest version that is supported', () => {
    const interceptor = forConnect(circuits)

    expectTypeOf(interceptor).toExtend<connect.Interceptor>()
    expectTypeOf(interceptor).toExtend<connect20.Interceptor>()
  })

  it('has keys by the request', () => {
    forConnect(circuits, { key: ({ service, method }) => `${service.typeName} ${method.name}` })
    // @ts-expect-error -- a key is a text
    forConnect(circuits, { key: ({ stream }) => stream })
  })
})
