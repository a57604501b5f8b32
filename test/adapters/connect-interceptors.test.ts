import { setTimeout as wait } from 'node:timers/promises'
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { circuitBreaker } from '../../src/connect/index.ts'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  isCallTimeoutError,
  isCircuitOpenError,
} from '../../src/index.ts'
import { until } from './environment.ts'
import { speakerOf } from './rpc/connect-client.ts'
import { ConnectServer } from './rpc/connect-server.ts'
import type { RpcClient } from './rpc/contract.ts'

let server: ConnectServer
let breaker: CircuitBreaker

beforeEach(async () => {
  server = await ConnectServer.start('2')
})
afterEach(async () => {
  await server.stop()
  expect(breaker.snapshot().inFlight).toBe(0)
})

const create = (options: CircuitBreakerOptions<never> = {}): Interceptor => {
  breaker = new CircuitBreaker({ maxFailures: 5, resetTimeout: 60_000, ...options })
  return circuitBreaker(breaker)
}
const guard = (interceptors: Interceptor[]): RpcClient =>
  speakerOf(createConnectTransport({ baseUrl: server.origin, httpVersion: '2', interceptors }))
const counts = () => breaker.snapshot().counts
const read = async (texts: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = []
  for await (const text of texts) all.push(text)
  return all
}
const failure = (promise: Promise<unknown>): Promise<ConnectError> =>
  promise.then(
    () => expect.unreachable(),
    (error) => error,
  )

describe('the error of a rejected call', () => {
  it('is one of Connect, and says when to come back', async () => {
    const { say } = guard([create({ resetTimeout: 1_500 })])
    breaker.trip()
    const error = await failure(say('fine'))

    expect(error).toBeInstanceOf(ConnectError)
    expect(error.findDetails).toBeTypeOf('function')
    expect(error.metadata.get('retry-after')).toBe('2')
    expect(error.message).toMatch(/^\[unavailable\] /)
    expect(isCircuitOpenError(error.cause)).toBe(true)
  })

  it('names no time where nobody knows one', async () => {
    const { say } = guard([create()])
    breaker.forceOpen()

    expect((await failure(say('fine'))).metadata.has('retry-after')).toBe(false)
  })

  it('of another breaker below is no evidence', async () => {
    const inner = new CircuitBreaker({ name: 'inner' })
    inner.trip()
    const { say } = guard([create({ maxFailures: 1 }), circuitBreaker(inner)])
    await failure(say('fine'))

    expect(counts()).toMatchObject({ cancelled: 1, failure: 0 })
  })
})

describe('an interceptor before the breaker', () => {
  it('that tries again makes one call for each attempt', async () => {
    const retry: Interceptor = (next) => async (request) => {
      for (;;) {
        try {
          return await next(request)
        } catch (error) {
          if (isCircuitOpenError((error as Error).cause)) throw error
        }
      }
    }
    const { say } = guard([retry, create({ maxFailures: 3 })])
    await failure(say('unavailable'))

    expect(server.script.received).toBe(3)
    expect(counts()).toMatchObject({ admitted: 3, failure: 3 })
  })

  it('may read a stream, and leave it', async () => {
    const first: Interceptor = (next) => async (request) => {
      const response = await next(request)
      if (!response.stream) return response
      const { message } = response
      const only = async function* () {
        for await (const one of message) {
          yield one
          return
        }
      }
      return { ...response, message: only() }
    }
    const { list } = guard([first, create()])

    expect(await read(list('fine'))).toEqual(['fine 1'])
    expect(counts()).toMatchObject({ success: 1 })
  })
})

describe('an interceptor after the breaker', () => {
  it('that never ends does not outlast the time limit', async () => {
    const hang: Interceptor = () => () => new Promise(() => {})
    const { say } = guard([create({ callTimeout: 50 }), hang])
    const error = await failure(say('fine'))

    expect(error.code).toBe(Code.DeadlineExceeded)
    expect(isCallTimeoutError(error.cause)).toBe(true)
    expect(counts()).toMatchObject({ failure: 1, timeout: 1 })
  })

  it('whose stream never begins does not outlast the time limit', async () => {
    const hang: Interceptor = (next) => async (request) => {
      const response = await next(request)
      if (!response.stream) return response
      const silent = {
        [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
      }
      return { ...response, message: silent }
    }
    const { list } = guard([create({ callTimeout: 100 }), hang])

    expect((await failure(read(list('fine')))).code).toBe(Code.DeadlineExceeded)
    expect(counts()).toMatchObject({ failure: 1, timeout: 1 })
  })

  it('that throws costs no permit', async () => {
    const broken: Interceptor = () => () => {
      throw new Error('no token')
    }
    const { say } = guard([create(), broken])

    expect((await failure(say('fine'))).message).toContain('no token')
  })

  it('that is the same breaker lets the circuit close', async () => {
    const interceptor = create({ maxFailures: 1, resetTimeout: 20 })
    const { say } = guard([interceptor, (next) => async (request) => next(request), interceptor])
    await failure(say('unavailable'))
    await until(() => breaker.state === 'half-open')

    expect(await say('fine')).toBe('fine 1')
    expect(breaker.state).toBe('closed')
    expect(counts()).toMatchObject({ admitted: 2 })
  })
})

describe('a caller', () => {
  it('may hold a stream, and read it late or never: its first message was a success', async () => {
    const late: Interceptor = (next) => async (request) => {
      const response = await next(request)
      if (!response.stream) return response
      const { message } = response
      const held = async function* () {
        await until(() => breaker.state === 'closed')
        yield* message
      }
      return { ...response, message: held() }
    }
    const { list } = guard([late, create()])
    breaker.halfOpen()

    expect(await read(list('fine'))).toContain('fine 1')
    expect(counts()).toMatchObject({ admitted: 1, success: 1, settled: 1 })
  })

  it('may leave a stream that goes on', async () => {
    const { list } = guard([create()])
    for await (const text of list('goes on')) {
      expect(text).toBe('goes on 1')
      break
    }
    await until(() => server.script.cancelled === 1)

    expect(counts()).toMatchObject({ success: 1, cancelled: 0 })
  })

  it.each(['user left', undefined, new Error('left')])(
    'may leave by any reason: %s',
    async (why) => {
      const { say } = guard([create({ maxFailures: 1 })])
      const controller = new AbortController()
      const call = failure(say('hang', { signal: controller.signal }))
      await until(() => server.script.received === 1)
      controller.abort(why)
      await call

      expect(counts()).toMatchObject({ cancelled: 1, failure: 0 })
    },
  )

  it('who waits no longer than AbortSignal.timeout has waited for the server', async () => {
    const { say } = guard([create()])
    await say('fine')
    await failure(say('hang', { signal: AbortSignal.timeout(100) }))

    expect(counts()).toMatchObject({ failure: 1, cancelled: 0 })
  })

  it('who has left already sends nothing', async () => {
    const { say } = guard([create()])

    expect((await failure(say('fine', { signal: AbortSignal.abort() }))).code).toBe(Code.Canceled)
    expect(counts().admitted).toBe(0)
    expect(server.script.received).toBe(0)
  })

  it('whose request can not be serialized is at fault', async () => {
    const { say } = guard([create({ maxFailures: 1 })])
    const noText = {
      toString() {
        throw new Error('no text')
      },
    }

    expect((await failure(say(noText as never))).code).toBe(Code.Internal)
    expect(counts()).toMatchObject({ cancelled: 1, failure: 0 })
  })

  it('may do anything, and every permit comes back', async () => {
    const calls = guard([create({ callTimeout: 300, maxFailures: 1_000 })])
    const texts = [
      'fine',
      'many',
      'missing',
      'unavailable',
      'fails in the middle',
      'goes on',
      'hang',
    ]
    let seed = 11
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    const ends: Promise<unknown>[] = []
    const controllers: AbortController[] = []
    for (let i = 0; i < 200; i++) {
      const text = texts[random(texts.length)] as string
      const controller = new AbortController()
      const options = {
        signal: controller.signal,
        ...(random(3) === 0 && { timeout: 1 + random(60) }),
      }
      const some = async function* () {
        if (random(4) > 0) yield text
        if (random(3) > 0) await wait(random(50))
      }
      const readSome = async (responses: AsyncIterable<string>) => {
        for await (const _ of responses) if (random(3) === 0) break
      }
      const kind = random(4)
      const end: Promise<unknown> =
        kind === 0
          ? calls.say(text, options)
          : kind === 1
            ? readSome(calls.list(text, options))
            : kind === 2
              ? calls.collect(some(), options)
              : readSome(calls.chat(some(), options))
      ends.push(end.catch(() => {}))
      const leaves = random(9)
      if (leaves < 3) controller.abort()
      else if (leaves < 5) void wait(random(50)).then(() => controller.abort())
      controllers.push(controller)
      if (random(5) === 0) await wait(random(10))
    }
    await wait(400)
    for (const controller of controllers) controller.abort()
    await Promise.all(ends)
    await until(() => breaker.snapshot().inFlight === 0)

    expect(counts().admitted).toBe(counts().settled + counts().expired)
    expect(counts().admitted).toBeGreaterThan(100)
  })
})

it.each([
  [() => circuitBreaker({} as never), 'circuitBreaker takes a CircuitBreaker or a CircuitRegistry'],
  [() => circuitBreaker(create() && breaker, { keys: 1 } as never), 'unknown option "keys"'],
])('circuitBreaker says what is wrong: %s', (make, message) => {
  create()

  expect(make).toThrow(message)
})
