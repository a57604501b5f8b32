import * as undici7 from 'undici'
import * as undici8 from 'undici-8'
import { afterEach, describe, expect, it } from 'vitest'
import {
  CallTimeoutError,
  CircuitBreaker,
  CircuitRegistry,
  isCircuitOpenError,
} from '../../src/index.ts'
import { circuitBreaker } from '../../src/undici/index.ts'
import { until } from './environment.ts'
import { TestServer } from './server.ts'
import { describeUndici } from './undici-rows.ts'

describeUndici('7', undici7, () => TestServer.start())
describeUndici('8', undici8 as unknown as typeof undici7, () => TestServer.start())

const { Agent, interceptors, request } = undici7

describe('circuitBreaker of undici', () => {
  let server: TestServer
  let agent: undici7.Agent
  afterEach(async () => {
    await agent?.destroy()
    await server?.stop()
  })

  const guarded = async (options?: Parameters<typeof circuitBreaker>[1]) => {
    server = await TestServer.start()
    agent = new Agent()
    const breaker = new CircuitBreaker({ maxFailures: 1, resetTimeout: 60_000, callTimeout: 5_000 })
    return { breaker, dispatcher: agent.compose(circuitBreaker(breaker, options)) }
  }

  it('counts until the end of the body, if told so', async () => {
    const { breaker, dispatcher } = await guarded({ until: 'body' })
    const { body } = await request(server.url('/cut'), { dispatcher })
    const before = breaker.snapshot()

    await expect(body.text()).rejects.toThrow()
    expect(before).toMatchObject({ state: 'closed', inFlight: 1 })
    expect(breaker.snapshot()).toMatchObject({ state: 'open', inFlight: 0 })
  })

  it('takes a body that was read to its end for a success then, and a status for what it is', async () => {
    const { breaker, dispatcher } = await guarded({ until: 'body' })
    const { body } = await request(server.url('/ok'), { dispatcher })
    expect(await body.json()).toEqual({ answer: 42 })
    await until(() => breaker.snapshot().inFlight === 0)
    expect(breaker.snapshot().counts).toMatchObject({ success: 1 })

    const broken = await request(server.url('/broken'), { dispatcher })
    expect(breaker.state).toBe('open')
    await broken.body.dump()
  })

  it('sees each attempt of an interceptor that retries, which does not retry a rejection', async () => {
    server = await TestServer.start()
    agent = new Agent()
    const breaker = new CircuitBreaker({ maxFailures: 2, resetTimeout: 60_000 })
    const dispatcher = agent.compose(
      circuitBreaker(breaker),
      interceptors.retry({ maxRetries: 5, minTimeout: 1, statusCodes: [503] }),
    )
    const error = await request(server.url('/broken'), { dispatcher }).catch((error) => error)

    expect(isCircuitOpenError(error)).toBe(true)
    expect(server.received).toBe(2)
  })

  it.each([
    ['Client', undici7.Client],
    ['Pool', undici7.Pool],
  ] as const)('guards requests of a %s, which have no origin', async (_, Dispatcher) => {
    server = await TestServer.start()
    const breaker = new CircuitBreaker()
    const dispatcher = new Dispatcher(server.origin)
    const { body } = await dispatcher
      .compose(circuitBreaker(breaker))
      .request({ path: '/ok', method: 'GET' })

    expect(await body.json()).toEqual({ answer: 42 })
    expect(breaker.snapshot().counts).toMatchObject({ success: 1 })
    await dispatcher.close()
  })

  it('answers a request that waits for a connection when its time is up', async () => {
    const breaker = new CircuitBreaker({ maxFailures: 5, callTimeout: 20 })
    let refuse = (): void => {}
    agent = new Agent({
      connect: (_options, done) => {
        refuse = () => done(new Error('refused at last'), null)
      },
    })
    const dispatcher = agent.compose(circuitBreaker(breaker))
    const error = await request('http://a.example/', { dispatcher }).catch((error) => error)

    expect(error).toBeInstanceOf(CallTimeoutError)
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { failure: 1, timeout: 1 } })
    refuse()
  })

  it('makes no request that was given up while it waited for its turn', async () => {
    server = await TestServer.start()
    const breaker = new CircuitBreaker({ maxFailures: 5 })
    agent = new Agent({ connections: 1, pipelining: 1 })
    const dispatcher = agent.compose(circuitBreaker(breaker))
    let answer = (): void => {}
    server.hold = new Promise((resolve) => {
      answer = resolve
    })
    const first = request(server.url('/ok'), { dispatcher })
    await until(() => server.received === 1)
    const controller = new AbortController()
    const { signal } = controller
    const second = request(server.url('/ok'), { dispatcher, signal }).catch((error) => error)
    controller.abort('left')

    expect(await second).toBe('left')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 1, counts: { cancelled: 1 } })
    answer()
    for (const { body } of [await first, await request(server.url('/ok'), { dispatcher })]) {
      await body.dump()
    }
    expect(server.received).toBe(2)
  })

  it('ends a request on the wire also where an interceptor replaces `abort`', async () => {
    server = await TestServer.start()
    agent = new Agent()
    const breaker = new CircuitBreaker({ callTimeout: 20 })
    const dispatcher = agent.compose(circuitBreaker(breaker), interceptors.dump())
    const error = await request(server.url('/hang'), { dispatcher }).catch((error) => error)

    expect(error).toBeInstanceOf(CallTimeoutError)
    await until(() => server.abandoned === 1)
  })

  it('needs a key where a registry has nothing to go by', async () => {
    server = await TestServer.start()
    agent = new Agent()
    const dispatch = circuitBreaker(new CircuitRegistry())(() => true)
    const errors: unknown[] = []
    dispatch(
      { path: '/' },
      { onRequestStart() {}, onResponseError: (_: unknown, error: unknown) => errors.push(error) },
    )
    await Promise.resolve()

    expect(errors).toEqual([
      new TypeError('the request has no origin; give circuitBreaker a key, or a CircuitBreaker'),
    ])
  })

  it('gives its permit back when a request can not be dispatched', () => {
    const breaker = new CircuitBreaker()
    const dispatch = circuitBreaker(breaker)(() => {
      throw new TypeError('invalid')
    })

    expect(() => dispatch({ origin: 'http://a.example', path: '/' }, {})).toThrow('invalid')
    expect(breaker.snapshot()).toMatchObject({ inFlight: 0, counts: { cancelled: 1 } })
  })

  it.each([
    [
      () => circuitBreaker({} as never),
      'circuitBreaker takes a CircuitBreaker or a CircuitRegistry',
    ],
    [
      () => circuitBreaker(new CircuitBreaker(), { until: 'end' as never }),
      'until must be "headers" or "body", got "end"',
    ],
    [() => circuitBreaker(new CircuitBreaker(), { keys: 1 } as never), 'unknown option "keys"'],
  ])('says what is wrong: %s', (create, message) => {
    expect(create).toThrow(message)
  })
})
