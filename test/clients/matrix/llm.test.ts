import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type GuardFetchOptions, guardFetch } from '../../../src/fetch/index.ts'
import {
  CallTimeoutError,
  CircuitBreaker,
  type CircuitBreakerOptions,
  isCircuitOpenError,
} from '../../../src/index.ts'
import { missingNode } from './engines.ts'

// The SDKs of language models with a guarded fetch: what counts, what opens, and what their own retries do.

interface Sdk {
  /** The events of an answer in three parts, the first one without text. */
  readonly events: readonly string[]
  create(options: SdkOptions): Promise<SdkClient>
}

interface SdkOptions {
  readonly baseURL: string
  readonly fetch: typeof fetch
  readonly maxRetries?: number
  readonly timeout?: number
}

interface SdkClient {
  /** Yields the pieces of text of a stream. */
  stream(signal?: AbortSignal): AsyncIterable<string>
  /** Resolves with the text of an answer that comes at once. */
  ask(signal?: AbortSignal): Promise<string>
}

const messages = [{ role: 'user', content: 'hello' } as const]
const event = (value: { type?: string }): string =>
  `${value.type === undefined ? '' : `event: ${value.type}\n`}data: ${JSON.stringify(value)}\n\n`

const delta = (delta: object, finish_reason: string | null = null): string =>
  event({
    ...{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' },
    ...{ choices: [{ index: 0, delta, finish_reason }] },
  } as never)

const openai = (module: 'openai' | 'openai-6'): Sdk => ({
  events: [
    delta({ role: 'assistant', content: '' }),
    delta({ content: 'hel' }),
    `${delta({ content: 'lo' }, 'stop')}data: [DONE]\n\n`,
  ],
  async create(options) {
    const { OpenAI } = (await import(module)) as typeof import('openai')
    const { completions } = new OpenAI({ apiKey: 'key', ...options }).chat
    const body = { model: 'm', messages }
    const signals = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      async *stream(signal) {
        const stream = await completions.create({ ...body, stream: true }, signals(signal))
        for await (const { choices } of stream) yield choices[0]?.delta.content ?? ''
      },
      async ask(signal) {
        const answer = await completions.create(body, signals(signal))
        return JSON.stringify(answer)
      },
    }
  },
})

const text = (text: string) => ({
  ...{ type: 'content_block_delta', index: 0 },
  delta: { type: 'text_delta', text },
})
const MESSAGE = {
  ...{ id: 'm', type: 'message', role: 'assistant', model: 'm', content: [] },
  ...{ stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } },
}

const anthropic: Sdk = {
  events: [
    event({ type: 'message_start', message: MESSAGE } as never) +
      event({
        ...{ type: 'content_block_start', index: 0 },
        content_block: { type: 'text', text: '' },
      } as never),
    event(text('hel')),
    event(text('lo')) + event({ type: 'message_stop' }),
  ],
  async create(options) {
    const { Anthropic } = await import('@anthropic-ai/sdk')
    const client = new Anthropic({ apiKey: 'key', ...options })
    const body = { model: 'm', max_tokens: 9, messages }
    const signals = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      async *stream(signal) {
        const stream = await client.messages.create({ ...body, stream: true }, signals(signal))
        for await (const part of stream) {
          if (part.type !== 'content_block_delta') yield ''
          else yield part.delta.type === 'text_delta' ? part.delta.text : ''
        }
      },
      async ask(signal) {
        return JSON.stringify(await client.messages.create(body, signals(signal)))
      },
    }
  },
}

type Behaviour =
  | 'stream'
  | 'die'
  | 'hang'
  | 'hang before the first event'
  | 'hang within'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

/** A model on loopback. */
class Model {
  behaviour: Behaviour = 'stream'
  requests = 0
  /** Requests whose client has gone before the answer was complete. */
  abandoned = 0
  readonly #server: Server
  readonly #events: readonly string[]

  constructor(events: readonly string[]) {
    this.#events = events
    this.#server = createServer((_request, response) => this.#answer(response))
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #answer(response: ServerResponse): void {
    const { behaviour } = this
    this.requests++
    response.on('close', () => {
      if (!response.writableFinished) this.abandoned++
    })
    if (typeof behaviour === 'object') {
      const { status, headers } = behaviour
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end('{"error":{"message":"busy","type":"overloaded"}}')
      return
    }
    if (behaviour === 'hang') return
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    if (behaviour === 'hang before the first event') return
    const [first, ...rest] = this.#events
    response.write(first)
    if (behaviour === 'hang within') return
    if (behaviour === 'die') setTimeout(() => response.destroy(), 10)
    else setTimeout(() => response.end(rest.join('')), 10)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

function isTimeout(error: unknown): boolean {
  const { name } = (error as Error).constructor
  return error instanceof CallTimeoutError || name === 'APIConnectionTimeoutError'
}

const SDKS = [
  { name: 'openai', packages: ['openai'], sdk: openai('openai') },
  // The last one for Node 20.
  { name: 'openai 6', packages: ['openai-6'], sdk: openai('openai-6') },
  { name: 'Anthropic', packages: ['@anthropic-ai/sdk'], sdk: anthropic },
] as const

for (const { name, packages, sdk } of SDKS) {
  const node = missingNode({ packages } as never)
  describe.skipIf(node !== undefined)(`the SDK of ${name} with a guarded fetch`, () => {
    let model: Model
    let baseURL: string
    let breaker: CircuitBreaker
    beforeEach(async () => {
      model = new Model(sdk.events)
      baseURL = await model.start()
    })
    afterEach(async () => {
      await vi.waitFor(() => expect(breaker.snapshot().inFlight).toBe(0))
      await model.stop()
    })

    const clientOf = (
      options: CircuitBreakerOptions<never> = {},
      sdkOptions: Omit<SdkOptions, 'baseURL' | 'fetch'> = {},
      fetchOptions: GuardFetchOptions = {},
    ): Promise<SdkClient> => {
      breaker = new CircuitBreaker({ maxFailures: 5, resetTimeout: 60_000, ...options })
      const guarded = guardFetch(breaker, { until: 'body', ...fetchOptions })
      return sdk.create({ baseURL, fetch: guarded, maxRetries: 0, ...sdkOptions })
    }
    const counts = () => breaker.snapshot().counts
    const read = async (stream: AsyncIterable<string>): Promise<string> => {
      let all = ''
      for await (const piece of stream) all += piece
      return all
    }
    const reasonOf = async (promise: Promise<unknown>): Promise<unknown> => {
      try {
        await promise
      } catch (error) {
        return error
      }
      throw new Error('expected an error')
    }
    const causes = (error: unknown): unknown[] =>
      error instanceof Error ? [error, ...causes(error.cause)] : []

    it('counts a stream when it has ended', async () => {
      const client = await clientOf()
      const seen: unknown[] = []
      let all = ''
      for await (const piece of client.stream()) {
        if (piece !== '') seen.push([breaker.snapshot().inFlight, counts().settled])
        all += piece
      }

      expect(all).toBe('hello')
      expect(seen[0]).toEqual([1, 0])
      await vi.waitFor(() => expect(counts()).toMatchObject({ admitted: 1, success: 1 }))
    })

    it('opens by streams that die, which the SDK does not retry', async () => {
      const client = await clientOf({}, { maxRetries: 2 })
      model.behaviour = 'die'
      for (let i = 0; i < 5; i++) await reasonOf(read(client.stream()))

      expect(counts()).toMatchObject({ admitted: 5, failure: 5 })
      expect([breaker.state, model.requests]).toEqual(['open', 5])
    })

    it.each(['hang', 'hang before the first event', 'hang within'] as const)(
      'fails by its call timeout and ends on the wire, where the model does this: %s',
      async (behaviour) => {
        const client = await clientOf({ callTimeout: 100 })
        model.behaviour = behaviour
        const reason = await reasonOf(read(client.stream()))

        // Where an SDK has such an error of its own, it may drop the cause.
        expect(causes(reason).some(isTimeout), String(reason)).toBe(true)
        expect(counts()).toMatchObject({ admitted: 1, failure: 1, timeout: 1 })
        await vi.waitFor(() => expect(model.abandoned).toBe(1))
      },
    )

    it('takes the timeout of the SDK itself for a caller who leaves', async () => {
      const client = await clientOf({}, { timeout: 100 })
      model.behaviour = 'hang'
      await reasonOf(client.ask())

      expect(counts()).toMatchObject({ admitted: 1, cancelled: 1, failure: 0 })
    })

    it('opens by the timeout of the SDK itself where it decides by itself', async () => {
      const client = await clientOf({ maxFailures: undefined }, { timeout: 700 })
      const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
      for (let i = 0; i < 20; i++) {
        await read(client.stream())
        await pause()
      }
      model.behaviour = 'hang'
      const asked: Promise<unknown>[] = []
      while (breaker.state === 'closed' && asked.length < 100) {
        asked.push(reasonOf(client.ask()))
        await pause()
      }
      await Promise.all(asked)

      expect(breaker.state).toBe('open')
    })

    it.each([
      [{ status: 429 }, 'neutral'],
      [{ status: 429, headers: { 'retry-after': '20' } }, 'failure'],
      [{ status: 429, headers: { 'retry-after-ms': '20000' } }, 'failure'],
      [{ status: 529 }, 'failure'],
      [{ status: 503 }, 'failure'],
      [{ status: 400 }, 'success'],
      [{ status: 401 }, 'success'],
    ] as const)('takes %j for a %s', async (behaviour, outcome) => {
      const client = await clientOf({ maxFailures: 1, resetTimeout: 50 })
      model.behaviour = behaviour
      expect(await reasonOf(client.ask())).toMatchObject({ status: behaviour.status })

      expect(counts()).toMatchObject({ admitted: 1, [outcome]: 1 })
      if ('headers' in behaviour) {
        expect(breaker.snapshot().retryAfter).toBeGreaterThan(15_000)
      }
    })

    it('counts each try of the SDK, and lets none through once it is open', async () => {
      const client = await clientOf(
        { maxFailures: 2 },
        { maxRetries: 4 },
        { rejection: 'response' },
      )
      model.behaviour = { status: 503, headers: { 'retry-after-ms': '1' } }
      const reason = await reasonOf(client.ask())

      expect(reason).toMatchObject({ status: 503 })
      expect(model.requests).toBe(2)
      expect(counts()).toMatchObject({ failure: 2, rejected: { open: 1 } })
    })

    it.each([
      // As its design forces it: an error of any fetch is tried again.
      { rejection: 'throw', maxRetries: 2, rejected: 3 },
      { rejection: 'throw', maxRetries: 0, rejected: 1 },
      { rejection: 'response', maxRetries: 2, rejected: 1 },
    ] as const)(
      'is told of a rejection by "$rejection" $rejected times, with $maxRetries retries',
      async ({ rejection, maxRetries, rejected }) => {
        const client = await clientOf({}, { maxRetries }, { rejection })
        breaker.trip()
        const reason = await reasonOf(read(client.stream()))

        expect(counts().rejected.open).toBe(rejected)
        expect(model.requests).toBe(0)
        if (rejection === 'throw') expect(causes(reason).some(isCircuitOpenError)).toBe(true)
        else expect(reason).toMatchObject({ status: 503, error: expect.anything() })
      },
    )

    it.each([
      { behaviour: 'hang', pieces: 0, outcome: 'cancelled' },
      { behaviour: 'hang before the first event', pieces: 0, outcome: 'cancelled' },
      { behaviour: 'hang within', pieces: 1, outcome: 'success' },
    ] as const)(
      'is a $outcome when its caller aborts, where the model does this: $behaviour',
      async ({ behaviour, pieces, outcome }) => {
        const client = await clientOf()
        model.behaviour = behaviour
        const controller = new AbortController()
        const iterator = client.stream(controller.signal)[Symbol.asyncIterator]()
        for (let i = 0; i < pieces; i++) await iterator.next()
        const rest = Promise.allSettled([iterator.next(), iterator.next(), iterator.next()])
        await vi.waitFor(() => expect(model.requests).toBe(1))
        await new Promise((resolve) => setTimeout(resolve, 50))
        controller.abort()
        await rest

        await vi.waitFor(() => expect(model.abandoned).toBe(1))
        expect(counts()).toMatchObject({ settled: 1, [outcome]: 1 })
      },
    )

    it('has succeeded when its reader leaves the loop', async () => {
      const client = await clientOf()
      model.behaviour = 'hang within'
      for await (const _ of client.stream()) break

      await vi.waitFor(() => expect(model.abandoned).toBe(1))
      expect(counts()).toMatchObject({ settled: 1, success: 1 })
    })
  })
}
