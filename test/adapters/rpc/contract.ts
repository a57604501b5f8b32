import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitOpenError,
  CircuitRegistry,
  isCallTimeoutError,
  isCircuitOpenError,
} from '../../../src/index.ts'
import { collectGarbage } from '../../conformance/collect-garbage.ts'
import { until } from '../environment.ts'
import type { Script } from './script.ts'

export interface Options {
  readonly signal?: AbortSignal
  /** The deadline, ms from now. */
  readonly timeout?: number
}

/** The four kinds of call, of a client that an interceptor guards. */
export interface RpcClient {
  say(text: string, options?: Options): Promise<string>
  list(text: string, options?: Options): AsyncIterable<string>
  collect(texts: Iterable<string> | AsyncIterable<string>, options?: Options): Promise<string>
  chat(texts: Iterable<string> | AsyncIterable<string>, options?: Options): AsyncIterable<string>
  close(): void
}

export interface RpcServer {
  readonly script: Script
  stop(): Promise<void>
}

export interface RpcRow<Server extends RpcServer = RpcServer> {
  readonly name: string
  readonly start: () => Promise<Server>
  readonly create: (
    by: CircuitBreaker<unknown> | CircuitRegistry,
    server: Server,
    options?: object,
  ) => RpcClient
  /** Of a breaker by a registry. */
  readonly nameOfBreaker: (server: Server) => string
  /** Whether there are connections, which may break. */
  readonly connects: boolean
  readonly hasChat: boolean
}

interface Failed extends Error {
  readonly code: number
  readonly cause?: unknown
}

const KINDS = ['say', 'list', 'collect', 'chat'] as const
type Kind = (typeof KINDS)[number]

/** What an interceptor of gRPC or Connect must do, against a real server. */
export function describeRpc<Server extends RpcServer>(row: RpcRow<Server>): void {
  let server: Server
  let client: RpcClient
  let breaker: CircuitBreaker
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  const kinds = KINDS.filter((kind) => kind !== 'chat' || row.hasChat)
  const streams = kinds.filter((kind) => kind === 'list' || kind === 'chat') as ('list' | 'chat')[]

  function guard(options: CircuitBreakerOptions<never> = {}): RpcClient {
    breaker = new CircuitBreaker({ maxFailures: 5, resetTimeout: 60_000, ...options })
    client = row.create(breaker, server)
    return client
  }
  const counts = () => breaker.snapshot().counts

  const read = async (texts: AsyncIterable<string>): Promise<string[]> => {
    const all: string[] = []
    for await (const text of texts) all.push(text)
    return all
  }
  /** The responses of a call of any kind. */
  const call = async (kind: Kind, text: string, options?: Options): Promise<string[]> => {
    if (kind === 'say') return [await client.say(text, options)]
    if (kind === 'collect') return [await client.collect([text, 'and more'], options)]
    return read(kind === 'list' ? client.list(text, options) : client.chat([text], options))
  }
  /** Connections take a while, and a time limit is to end a call that the server has seen. */
  const connect = () => call('say', 'fine')
  /** On a busy machine the time may be up before the server has. */
  const untilSeen = () => until(() => server.script.cancelled === server.script.received - 1)
  const open = (kind: 'list' | 'chat', text: string, options?: Options) => {
    const texts = kind === 'list' ? client.list(text, options) : client.chat([text], options)
    return texts[Symbol.asyncIterator]()
  }
  const failure = (promise: Promise<unknown>): Promise<Failed> =>
    promise.then(
      (value) => {
        throw new Error(`has not failed, but returned ${String(value)}`)
      },
      (error) => error,
    )

  describe(row.name, () => {
    beforeEach(async () => {
      server = await row.start()
      unhandled.length = 0
      process.on('unhandledRejection', note)
    })
    afterEach(async () => {
      await wait(10)
      client.close()
      await server.stop()
      process.off('unhandledRejection', note)
      expect(unhandled).toEqual([])
      expect(breaker.snapshot().inFlight).toBe(0)
    })

    it.each(kinds)('passes the answer of %s on, and counts it', async (kind) => {
      guard()
      const expected = streams.includes(kind as never) ? ['fine 1', 'fine 2'] : ['fine 1']

      expect(await call(kind, 'fine')).toEqual(expected)
      expect(counts()).toMatchObject({ admitted: 1, success: 1 })
    })

    const TABLE = [
      ['missing', 5, 'success'],
      ['unavailable', 14, 'failure'],
      ['exhausted', 8, 'neutral'],
      ['exhausted, pushback', 8, 'failure'],
      ['exhausted, retry info', 8, 'failure'],
      ['cancelled by the server', 1, 'failure'],
    ] as const
    it.each(kinds.flatMap((kind) => TABLE.map((line) => [...line, kind] as const)))(
      'passes "%s" on as %i, and counts it as %s: %s',
      async (text, code, outcome, kind) => {
        guard()

        expect((await failure(call(kind, text))).code).toBe(code)
        expect(counts()).toMatchObject({ admitted: 1, [outcome]: 1 })
      },
    )

    it.each(['unavailable, pushback', 'unavailable, retry info', 'exhausted, pushback'])(
      'stays open for as long as the server asks to be left alone: %s',
      async (text) => {
        guard({ maxFailures: 1, resetTimeout: 5 })
        await failure(call('say', text))
        const { cause } = await failure(call('say', 'fine'))

        expect((cause as CircuitOpenError).retryAfter).toBeGreaterThan(29_000)
        expect((cause as CircuitOpenError).retryAfter).toBeLessThanOrEqual(30_001)
      },
    )

    it.each(kinds)('rejects %s while open, and sends nothing', async (kind) => {
      guard({ maxFailures: 1 })
      await failure(call('say', 'unavailable'))
      const error = await failure(call(kind, 'fine'))

      expect(breaker.state).toBe('open')
      expect(error.code).toBe(14)
      expect(isCircuitOpenError(error.cause)).toBe(true)
      expect(error.message).toContain((error.cause as Error).message)
      expect(server.script.received).toBe(1)
    })

    it.runIf(row.connects).each(kinds)(
      'takes a refused connection for a failure: %s',
      async (kind) => {
        guard()
        await server.stop()

        expect((await failure(call(kind, 'fine'))).code).toBe(14)
        expect(counts()).toMatchObject({ failure: 1 })
        server = await row.start()
      },
    )

    it.each(streams)('takes %s that fails in the middle for a failure', async (kind) => {
      guard()

      expect((await failure(call(kind, 'fails in the middle'))).code).toBe(15)
      expect(counts()).toMatchObject({ failure: 1 })
    })

    it.runIf(row.connects).each(streams)(
      'takes %s whose connection dies in the middle for a failure',
      async (kind) => {
        guard()
        await failure(call(kind, 'dies in the middle'))

        expect(counts()).toMatchObject({ admitted: 1, failure: 1 })
      },
    )

    it.each(kinds)('ends %s on the wire when the time is up', async (kind) => {
      guard({ callTimeout: 200 })
      await connect()
      const error = await failure(call(kind, 'hang'))

      expect(error.code).toBe(4)
      expect(isCallTimeoutError(error.cause)).toBe(true)
      expect(counts()).toMatchObject({ failure: 1, timeout: 1 })
      await untilSeen()
    })

    it.each(streams)('limits only the wait for the first message: %s', async (kind) => {
      guard({ callTimeout: 200 })
      const controller = new AbortController()
      const responses = open(kind, 'goes on', { signal: controller.signal })
      await responses.next()
      const { inFlight } = breaker.snapshot()
      const next = responses.next()
      await wait(300)

      expect([inFlight, breaker.snapshot().inFlight]).toEqual([1, 1])
      expect(counts()).toMatchObject({ timeout: 0 })
      controller.abort()
      await failure(next)
    })

    it.each(kinds)('takes the deadline of the caller for a failure: %s', async (kind) => {
      guard()
      await connect()

      expect((await failure(call(kind, 'hang', { timeout: 500 }))).code).toBe(4)
      expect(counts()).toMatchObject({ failure: 1, timeout: 0 })
      await untilSeen()
    })

    it.each(streams)('takes a deadline in the middle for a failure: %s', async (kind) => {
      guard()

      expect((await failure(call(kind, 'goes on', { timeout: 300 }))).code).toBe(4)
      expect(counts()).toMatchObject({ failure: 1 })
    })

    it.each(kinds)(
      'takes a caller who leaves before an answer for no evidence: %s',
      async (kind) => {
        guard()
        const controller = new AbortController()
        const result = failure(call(kind, 'hang', { signal: controller.signal }))
        await until(() => server.script.received === 1)
        controller.abort()

        expect((await result).code).toBe(1)
        expect(counts()).toMatchObject({ cancelled: 1, failure: 0 })
        await until(() => server.script.cancelled === 1)
      },
    )

    it.each(streams)(
      'takes a caller who leaves after an answer for a success: %s',
      async (kind) => {
        guard()
        const controller = new AbortController()
        const responses = open(kind, 'goes on', { signal: controller.signal })
        await responses.next()
        const next = failure(responses.next())
        controller.abort()

        expect((await next).code).toBe(1)
        expect(counts()).toMatchObject({ success: 1, cancelled: 0 })
        await until(() => server.script.cancelled === 1)
      },
    )

    it.each(kinds)('blames no server, whenever its caller aborts: %s', async (kind) => {
      guard({ maxFailures: 1, callTimeout: 30_000 })
      for (let moment = 0; moment < 32; moment++) {
        const controller = new AbortController()
        const text = moment % 2 === 0 ? 'hang' : 'goes on'
        const result = call(kind, text, { signal: controller.signal }).catch(() => {})
        // Within the same turn, and then within the next ones.
        for (let i = 0; i < moment && i < 12; i++) await undefined
        for (let i = 12; i < moment; i++) await wait(0)
        controller.abort()
        await result
      }

      await until(() => breaker.snapshot().inFlight === 0)
      const { admitted, failure, success, cancelled } = counts()
      expect([breaker.state, failure, success + cancelled]).toEqual(['closed', 0, admitted])
    })

    it.each(kinds)(
      'answers in time or not at all with a call timeout of 1 ms: %s',
      async (kind) => {
        guard({ maxFailures: 1_000, callTimeout: 1 })
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            call(kind, i % 2 === 0 ? 'hang' : 'fine').then(
              () => undefined,
              (error: Failed) => error,
            ),
          ),
        )

        await until(() => breaker.snapshot().inFlight === 0)
        const failed = results.filter((error) => error !== undefined)
        expect(failed.filter(({ cause }) => !isCallTimeoutError(cause))).toEqual([])
        expect(counts()).toMatchObject({ settled: 20, timeout: failed.length })
      },
    )

    it('lets one of ten calls through while half-open, and closes by it', async () => {
      guard({ maxFailures: 1, resetTimeout: 20 })
      await failure(call('say', 'unavailable'))
      await until(() => breaker.state === 'half-open')
      let answer = (): void => {}
      server.script.hold = new Promise((resolve) => {
        answer = resolve
      })
      const calls = Array.from({ length: 10 }, (_, i) =>
        call(kinds[i % kinds.length] as Kind, 'ok').then(
          () => 'answered',
          (error: Failed) => (isCircuitOpenError(error.cause) ? 'rejected' : error),
        ),
      )
      await until(() => server.script.received === 2)
      answer()
      const results = await Promise.all(calls)

      expect(results.toSorted()).toEqual(['answered', ...Array(9).fill('rejected')])
      expect(server.script.received).toBe(2)
      expect(breaker.state).toBe('closed')
    })

    it.each(streams)('lets %s that goes on close a half-open circuit', async (kind) => {
      guard({ maxFailures: 1, resetTimeout: 20, recovery: { probes: 1, timeout: 300 } as never })
      await failure(call('say', 'unavailable'))
      await until(() => breaker.state === 'half-open')
      const controller = new AbortController()
      const responses = open(kind, 'goes on', { signal: controller.signal })
      await responses.next()
      await until(() => breaker.state === 'closed')
      controller.abort()
      await failure(responses.next())
    })

    it.each(streams)('takes %s that nobody reads for a success', async (kind) => {
      guard({ callTimeout: 1_000 })
      open(kind, 'many')
      await until(() => server.script.received === 1)
      await wait(50)
      for (let i = 0; breaker.snapshot().inFlight > 0 && i < 50; i++) await collectGarbage()

      expect(counts()).toMatchObject({ success: 1, failure: 0 })
    })

    it('has one breaker for each target by a registry', async () => {
      const registry = new CircuitRegistry({ defaults: { maxFailures: 1 } })
      client = row.create(registry, server)
      await failure(call('say', 'unavailable'))
      breaker = registry.get(row.nameOfBreaker(server)) as CircuitBreaker

      expect([...registry].map(({ name, state }) => [name, state])).toEqual([
        [row.nameOfBreaker(server), 'open'],
      ])
    })

    it('guards nothing without a key', async () => {
      breaker = new CircuitBreaker({ maxFailures: 1 })
      breaker.trip()
      client = row.create(breaker, server, { key: () => undefined })

      expect(await call('say', 'fine')).toEqual(['fine 1'])
      expect(counts().admitted).toBe(0)
    })
  })
}
