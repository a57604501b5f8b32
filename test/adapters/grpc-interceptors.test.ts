import { setTimeout as wait } from 'node:timers/promises'
import * as grpc from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { circuitBreaker } from '../../src/grpc/index.ts'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  isCallTimeoutError,
  isCircuitOpenError,
} from '../../src/index.ts'
import { until } from './environment.ts'
import type { RpcClient } from './rpc/contract.ts'
import { speakerOf } from './rpc/grpc-client.ts'
import { GrpcServer, speaker } from './rpc/grpc-server.ts'

let server: GrpcServer
let client: RpcClient | undefined
let breaker: CircuitBreaker

beforeEach(async () => {
  server = await GrpcServer.start()
})
afterEach(async () => {
  client?.close()
  await server.stop()
  expect(breaker.snapshot().inFlight).toBe(0)
})

const create = (options: CircuitBreakerOptions<never> = {}): grpc.Interceptor => {
  breaker = new CircuitBreaker({ maxFailures: 5, resetTimeout: 60_000, ...options })
  return circuitBreaker(breaker)
}
const guard = (interceptors: grpc.Interceptor[], about: grpc.ClientOptions = {}): RpcClient => {
  client = speakerOf(grpc, server.address, interceptors, about)
  return client
}
const counts = () => breaker.snapshot().counts
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: grpc.ServiceError) => error,
  )
const read = async (texts: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = []
  for await (const text of texts) all.push(text)
  return all
}
/** The client as it is, for what it does besides calls that come to an end. */
// biome-ignore lint/suspicious/noExplicitAny: each kind of call has types of its own.
const bare = (interceptors: grpc.Interceptor[]): Record<keyof typeof speaker, any> => {
  const Speaker = grpc.makeGenericClientConstructor(speaker as never, 'Speaker')
  const made = new Speaker(server.address, grpc.credentials.createInsecure(), { interceptors })
  client = made as never
  return made as never
}

describe('an interceptor before the breaker', () => {
  it('may answer by itself: such a call takes no permit', async () => {
    const cached: grpc.Interceptor = (options, next) =>
      new grpc.InterceptingCall(next(options), {
        start: (_, listener) => {
          queueMicrotask(() => {
            listener.onReceiveMetadata(new grpc.Metadata())
            listener.onReceiveMessage('cached')
            listener.onReceiveStatus({ code: 0, details: '', metadata: new grpc.Metadata() })
          })
        },
        sendMessage: () => {},
        halfClose: () => {},
      })
    const { say } = guard([cached, create()])

    expect(await say('fine', { timeout: 20_000 })).toBe('cached')
    expect(counts().admitted).toBe(0)
    expect(server.script.received).toBe(0)
  })

  const slowToken: grpc.Interceptor = (options, next) =>
    new grpc.InterceptingCall(next(options), {
      start: (metadata, listener, start) => {
        void wait(50).then(() => start(metadata, listener))
      },
    })

  it.each(['say', 'list', 'collect', 'chat'] as const)(
    'may start %s later, while it is written and read',
    async (kind) => {
      const calls = guard([slowToken, create()])
      const result =
        kind === 'say'
          ? [await calls.say('fine')]
          : kind === 'collect'
            ? [await calls.collect(['fine'])]
            : await read(kind === 'list' ? calls.list('fine') : calls.chat(['fine']))

      expect(result[0]).toBe('fine 1')
      expect(counts()).toMatchObject({ admitted: 1, success: 1 })
    },
  )

  it('may start a call that was cancelled meanwhile: it ends without a permit', async () => {
    const { say } = guard([slowToken, create()])
    const controller = new AbortController()
    const call = failure(say('fine', { signal: controller.signal }))
    controller.abort()

    expect((await call).code).toBe(grpc.status.CANCELLED)
    expect(counts().admitted).toBe(0)
    expect(server.script.received).toBe(0)
  })

  it('that tries again makes one call for each attempt', async () => {
    const retry: grpc.Interceptor = (options, next) =>
      new grpc.InterceptingCall(next(options), {
        start: (metadata, _, start) => {
          start(metadata, {
            onReceiveStatus: (status, deliver) => {
              if (status.code !== grpc.status.UNAVAILABLE) return deliver(status)
              const again = next(options)
              again.start(metadata, { onReceiveStatus: deliver })
              again.sendMessage('unavailable')
              again.halfClose()
            },
          })
        },
      })
    const { say } = guard([retry, create({ maxFailures: 2 })])
    await failure(say('unavailable'))

    expect(server.script.received).toBe(2)
    expect(counts()).toMatchObject({ admitted: 2, failure: 2 })
    expect(breaker.state).toBe('open')
  })
})

describe('an interceptor after the breaker', () => {
  it('that never starts its call does not outlast the time limit', async () => {
    let start = (): void => {}
    const token: grpc.Interceptor = (options, next) =>
      new grpc.InterceptingCall(next(options), {
        start: (metadata, listener, begin) => {
          start = () => begin(metadata, listener)
        },
      })
    const { say } = guard([create({ callTimeout: 50 }), token])
    const error = await failure(say('fine'))
    start()
    await wait(50)

    expect(error.code).toBe(grpc.status.DEADLINE_EXCEEDED)
    expect(isCallTimeoutError((error as { cause?: unknown }).cause)).toBe(true)
    expect(counts()).toMatchObject({ failure: 1, timeout: 1 })
    expect(server.script.received).toBe(0)
  })

  it('that throws costs no permit', () => {
    const calls = bare([
      create(),
      () => {
        throw new Error('no token')
      },
    ])

    expect(() => calls.say('fine', () => {})).toThrow('no token')
    expect(counts()).toMatchObject({ cancelled: 1 })
  })

  it('that is the same breaker lets the circuit close', async () => {
    const interceptor = create({ maxFailures: 1, resetTimeout: 20 })
    const { say } = guard([interceptor, interceptor])
    await failure(say('unavailable'))
    await until(() => breaker.state === 'half-open')

    expect(await say('fine')).toBe('fine 1')
    expect(breaker.state).toBe('closed')
    expect(counts()).toMatchObject({ admitted: 2 })
  })
})

describe('the channel', () => {
  it('tries again as its service config says, within one call', async () => {
    const retryPolicy = {
      maxAttempts: 3,
      initialBackoff: '0.01s',
      maxBackoff: '0.01s',
      backoffMultiplier: 1,
      retryableStatusCodes: ['UNAVAILABLE'],
    }
    const config = { methodConfig: [{ name: [{ service: 'test.v1.Speaker' }], retryPolicy }] }
    const about = { 'grpc.service_config': JSON.stringify(config) }
    const { say } = guard([create()], about)
    await failure(say('unavailable'))

    expect(server.script.received).toBe(3)
    expect(counts()).toMatchObject({ admitted: 1, failure: 1 })
  })

  it('may wait for a connection until the time is up', async () => {
    const ready: grpc.Interceptor = (options, next) =>
      new grpc.InterceptingCall(next(options), {
        start: (metadata, listener, start) => {
          metadata.setOptions({ waitForReady: true })
          start(metadata, listener)
        },
      })
    const { say } = guard([ready, create({ callTimeout: 100 })])
    await server.stop()

    expect((await failure(say('fine'))).code).toBe(grpc.status.DEADLINE_EXCEEDED)
    expect(counts()).toMatchObject({ failure: 1, timeout: 1 })
  })

  it('may be closed already: such a call takes no permit along', async () => {
    const calls = bare([create()])
    client?.close()

    expect(() => calls.say('fine', () => {})).toThrow()
    expect(counts()).toMatchObject({ cancelled: 1 })
  })
})

describe('what is the fault of the caller', () => {
  it.each([-1_000, 0])('is a deadline that is over already: %i ms from now', async (timeout) => {
    const { say } = guard([create({ maxFailures: 1 })])

    expect((await failure(say('fine', { timeout }))).code).toBe(grpc.status.DEADLINE_EXCEEDED)
    expect(counts()).toMatchObject({ failure: 0 })
  })

  it('is a request that can not be serialized', async () => {
    const { say } = guard([create({ maxFailures: 1 })])

    expect((await failure(say(5 as never))).code).toBe(grpc.status.INTERNAL)
    expect(counts()).toMatchObject({ cancelled: 1, failure: 0 })
  })

  it('is an answer that is longer than the client takes', async () => {
    const { say } = guard([create({ maxFailures: 1 })], { 'grpc.max_receive_message_length': 2 })

    expect((await failure(say('fine'))).code).toBe(grpc.status.RESOURCE_EXHAUSTED)
    expect(counts()).toMatchObject({ neutral: 1, failure: 0 })
  })
})

describe('a call that is a part of one that a server answers', () => {
  it('is cancelled with it, which says nothing', async () => {
    const outer = speakerOf(grpc, server.address, [])
    const inner = bare([create({ maxFailures: 1 })])
    const controller = new AbortController()
    server.onCall = (call) => {
      inner.say(
        'hang',
        new grpc.Metadata(),
        { parent: call, propagate_flags: grpc.propagate.DEFAULTS },
        () => {},
      )
    }
    const call = failure(outer.say('hang', { signal: controller.signal }))
    await until(() => server.script.received === 2)
    controller.abort()
    await call
    await until(() => counts().settled === 1)

    expect(counts()).toMatchObject({ cancelled: 1, failure: 0 })
    outer.close()
  })
})

describe('a rejected stream', () => {
  it('takes what is written, and ends with its error', async () => {
    const calls = bare([create()])
    breaker.trip()
    const call = calls.chat() as grpc.ClientDuplexStream<string, string>
    const events: string[] = []
    for (const event of ['error', 'status', 'finish', 'data']) {
      call.on(event as 'error', () => events.push(event))
    }
    const written: unknown[] = []
    for (let i = 0; i < 20; i++) call.write(`text ${i}`, () => written.push(i))
    call.end()
    call.cancel()
    await until(() => written.length === 20 && events.includes('finish'))

    expect(events.toSorted()).toEqual(['error', 'finish', 'status'])
    expect(call.getPeer()).toBe('unknown')
    expect((call as { getAuthContext?(): unknown }).getAuthContext?.()).toBe(null)
    expect(server.script.received).toBe(0)
  })

  it('hands on what another breaker below has rejected, without evidence', async () => {
    const inner = new CircuitBreaker({ name: 'inner' })
    inner.trip()
    const { say } = guard([create({ maxFailures: 1 }), circuitBreaker(inner)])
    const error = await failure(say('fine'))

    expect(isCircuitOpenError((error as { cause?: unknown }).cause)).toBe(true)
    expect(counts()).toMatchObject({ cancelled: 1, failure: 0 })
  })
})

describe('a stream that is read late', () => {
  it('has all of its messages, in order, and its end', async () => {
    const calls = bare([create()])
    const call = calls.list('fine') as grpc.ClientReadableStream<string>
    await until(() => counts().success === 1)
    await wait(20)

    expect(await read(call)).toEqual(['fine 1', 'fine 2'])
  })

  it('can be cancelled while nobody reads', async () => {
    const calls = bare([create()])
    const call = calls.list('fine') as grpc.ClientReadableStream<string>
    const ended = new Promise<grpc.ServiceError>((resolve) => call.on('error', resolve as never))
    await until(() => counts().success === 1)
    call.cancel()

    expect((await ended).code).toBe(grpc.status.CANCELLED)
  })
})

it('returns every permit, whatever callers do', async () => {
  const calls = bare([create({ callTimeout: 300, maxFailures: 1_000 })])
  const texts = ['fine', 'many', 'missing', 'unavailable', 'fails in the middle', 'goes on', 'hang']
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  const open: grpc.Call[] = []
  for (let i = 0; i < 300; i++) {
    const text = texts[random(texts.length)] as string
    const kind = (['say', 'list', 'collect', 'chat'] as const)[random(4)] as 'say'
    const once = kind === 'say' || (kind as string) === 'collect'
    const writes = (kind as string) === 'collect' || (kind as string) === 'chat'
    const options = random(3) === 0 ? { deadline: Date.now() + random(60) } : {}
    const args = [...(writes ? [] : [text]), options, ...(once ? [() => {}] : [])]
    const call = calls[kind](...args)
    call.on('error', () => {})
    if (writes && random(4) > 0) call.write(text)
    if (writes && random(3) > 0) call.end()
    if (!once && random(3) > 0) call.on('data', () => random(3) === 0 && call.cancel())
    const end = random(9)
    if (end < 3) call.cancel()
    else if (end < 5) void wait(random(50)).then(() => call.cancel())
    open.push(call)
    if (random(5) === 0) await wait(random(10))
  }
  await wait(400)
  for (const call of open) call.cancel()
  await until(() => breaker.snapshot().inFlight === 0)

  expect(counts().admitted).toBe(counts().settled + counts().expired)
  expect(counts().admitted).toBeGreaterThan(200)
})
