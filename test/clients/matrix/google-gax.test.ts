import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { circuitBreaker } from '../../../src/grpc/index.ts'
import { CircuitBreaker, isCallTimeoutError, isCircuitOpenError } from '../../../src/index.ts'
import { GrpcServer, speaker } from '../../adapters/rpc/grpc-server.ts'
import { reasonOf } from '../../helpers/public.ts'
import { missingNode } from './engines.ts'

const skipped = missingNode({ packages: ['google-gax'] } as never) !== undefined

// It passes no interceptors to its clients, but those in the options of a call.
describe.skipIf(skipped)('a client of google-gax', () => {
  let server: GrpcServer
  let breaker: CircuitBreaker
  let stub: { say: (...args: never[]) => unknown; close(): void }
  let call: (text: string, settings?: object) => Promise<unknown>
  beforeEach(async () => {
    const { grpc, createApiCall, CallSettings } = (await import('google-gax')) as never as {
      grpc: typeof import('@grpc/grpc-js')
      createApiCall: (stub: Promise<unknown>, settings: object) => typeof call
      CallSettings: new () => object
    }
    server = await GrpcServer.start()
    breaker = new CircuitBreaker({ name: 'speaker', maxFailures: 3, resetTimeout: 60_000 })
    const Speaker = grpc.makeGenericClientConstructor(speaker as never, 'Speaker')
    stub = new Speaker(server.address, grpc.credentials.createInsecure()) as never
    const api = createApiCall(Promise.resolve(stub.say.bind(stub)), new CallSettings())
    const otherArgs = () => ({
      // As generated clients have it.
      metadataBuilder: () => new grpc.Metadata(),
      options: { interceptors: [circuitBreaker(breaker)] },
    })
    call = async (text, settings) => {
      const [answer] = (await api(text, { otherArgs: otherArgs(), ...settings })) as [unknown]
      return answer
    }
  })
  afterEach(async () => {
    stub.close()
    await server.stop()
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('gets its answer, which counts as a success', async () => {
    expect(await call('fine')).toBe('fine 1')
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1 })
  })

  it('opens by its status, and then reaches nothing', async () => {
    for (let i = 0; i < 3; i++)
      expect(await reasonOf(call('unavailable'))).toMatchObject({ code: 14 })
    const error = (await reasonOf(call('fine'))) as Error

    expect([breaker.state, server.script.received]).toEqual(['open', 3])
    expect(error).toMatchObject({ code: 14 })
    expect(isCircuitOpenError(error.cause)).toBe(true)
  })

  it('ends a call that hangs when the call timeout is over', async () => {
    breaker.configure({ callTimeout: 300 })
    const error = (await reasonOf(call('hang'))) as Error

    expect(error).toMatchObject({ code: 4 })
    expect(isCallTimeoutError(error.cause)).toBe(true)
    expect(breaker.snapshot().counts).toMatchObject({ failure: 1, timeout: 1 })
  })

  it('counts each of its tries, of which one that is rejected is UNAVAILABLE', async () => {
    const backoffSettings = {
      ...{ initialRetryDelayMillis: 1, retryDelayMultiplier: 1, maxRetryDelayMillis: 1 },
      ...{ initialRpcTimeoutMillis: 9_000, rpcTimeoutMultiplier: 1, maxRpcTimeoutMillis: 9_000 },
      maxRetries: 4,
    }
    const retry = { retryCodes: [14], backoffSettings }
    await reasonOf(call('unavailable', { retry }))

    expect([breaker.state, server.script.received]).toEqual(['open', 3])
    expect(breaker.snapshot().counts.rejected.open).toBe(1)
  })
})
