import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  CallTimeoutError,
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  CircuitRegistry,
} from '../../src/index.ts'
import { hearUnhandled, until } from './environment.ts'

/** One request with a client that an adapter guards. */
export interface GuardedClient {
  /** The status and the text of the answer, whether or not the client throws for some of them. */
  request(url: string, options?: { signal?: AbortSignal; timeout?: number }): Promise<Answer>
  /** Resolves with the headers. */
  open(url: string, options?: { signal?: AbortSignal; method?: string }): Promise<OpenAnswer>
  close?(): Promise<void>
}

/** What a server has seen. */
export interface ServerCounts {
  readonly received: number
  /** Requests whose connection was closed before the answer was complete. */
  readonly abandoned: number
}

/** The server of the contract, here or elsewhere. */
export interface ContractServer {
  readonly origin: string
  url(path: string): string
  counts(): Promise<ServerCounts>
  /** Holds the answers of `/ok` until what it returns is called. */
  holdAnswers(): Promise<() => Promise<void>>
  stop(): Promise<void>
}

export type StartServer = () => Promise<ContractServer>

export interface OpenAnswer {
  /** Reads the body to its end. */
  read(): Promise<unknown>
  /** Reads one part of the body. */
  part?(): Promise<unknown>
  /** Leaves the body. */
  leave?(): unknown
}

export interface Answer {
  readonly status: number
  readonly text: string
}

export interface AdapterRow {
  readonly name: string
  /** What the names of its breakers begin with. */
  readonly prefix: string
  readonly create: (by: CircuitBreaker<unknown> | CircuitRegistry) => GuardedClient
  /** Whether the client has a timeout of its own. */
  readonly ownTimeout: boolean
}

/** What every adapter of an HTTP client must do, against a real server. */
export function describeAdapter(row: AdapterRow, start: StartServer): void {
  let server: ContractServer
  let client: GuardedClient | undefined
  let breaker: CircuitBreaker
  const unhandled: unknown[] = []
  let deafen = (): void => {}

  function guard(options: CircuitBreakerOptions<never> = {}): GuardedClient {
    breaker = new CircuitBreaker({ maxFailures: 5, resetTimeout: 60_000, ...options })
    client = row.create(breaker)
    return client
  }
  const counts = () => breaker.snapshot().counts
  const settled = <T>(promise: Promise<T>) =>
    promise.then(
      (value) => ({ value }),
      (reason: unknown) => ({ reason }),
    )

  describe(row.name, () => {
    beforeEach(async () => {
      server = await start()
      unhandled.length = 0
      deafen = hearUnhandled((reason) => unhandled.push(reason))
    })
    afterEach(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      deafen()
      await client?.close?.()
      client = undefined
      await server.stop()
      expect(unhandled).toEqual([])
      expect(breaker.snapshot().inFlight).toBe(0)
    })

    it('passes an answer on, and counts it', async () => {
      expect(await guard().request(server.url('/ok'))).toEqual({
        status: 200,
        text: '{"answer":42}',
      })
      expect(counts()).toMatchObject({ success: 1, failure: 0 })
    })

    it.each([
      { path: '/missing', status: 404, outcome: 'success' },
      { path: '/broken', status: 503, outcome: 'failure' },
      { path: '/busy-seconds', status: 503, outcome: 'failure' },
      { path: '/busy-date', status: 503, outcome: 'failure' },
      { path: '/limited', status: 429, outcome: 'neutral' },
      { path: '/limited-seconds', status: 429, outcome: 'failure' },
    ] as const)(
      'takes $path for a $outcome, and passes it on',
      async ({ path, status, outcome }) => {
        expect((await guard().request(server.url(path))).status).toBe(status)
        expect(counts()).toMatchObject({ settled: 1, [outcome]: 1 })
      },
    )

    it.each(['/busy-seconds', '/busy-date', '/limited-seconds'])(
      'stays open for as long as the server asks to be left alone: %s',
      async (path) => {
        const guarded = guard({ maxFailures: 1, resetTimeout: 5 })
        await guarded.request(server.url(path))
        const { reason } = (await settled(guarded.request(server.url('/ok')))) as {
          reason?: unknown
        }

        expect(openErrorIn(reason)?.retryAfter).toBeGreaterThan(29_000)
        expect(openErrorIn(reason)?.retryAfter).toBeLessThanOrEqual(30_001)
      },
    )

    it('opens after five failures, and then makes no request', async () => {
      const guarded = guard()
      for (let i = 0; i < 5; i++) await guarded.request(server.url('/broken'))
      const { reason } = (await settled(guarded.request(server.url('/ok')))) as { reason?: unknown }

      expect(breaker.state).toBe('open')
      expect(openErrorIn(reason)).toBeInstanceOf(CircuitOpenError)
      expect((await server.counts()).received).toBe(5)
    })

    it('takes a refused connection for a failure', async () => {
      const guarded = guard()
      const url = server.url('/ok')
      await server.stop()

      expect(await settled(guarded.request(url))).toHaveProperty('reason')
      expect(counts()).toMatchObject({ failure: 1 })
      server = await start()
    })

    it('ends a request on the wire when the time is up', async () => {
      const { reason } = (await settled(
        guard({ callTimeout: 500 }).request(server.url('/hang')),
      )) as { reason?: unknown }

      expect(causes(reason).some((cause) => cause instanceof CallTimeoutError)).toBe(true)
      expect(counts()).toMatchObject({ failure: 1, timeout: 1 })
      // On a machine that is very busy the time is up before the request is sent.
      await until(async () => {
        const { received, abandoned } = await server.counts()
        return abandoned === received
      })
    })

    it.each([
      ['an error', new Error('left')],
      ['a text', 'user left'],
      ['the usual one', undefined],
    ])(
      'takes an abort before the headers for no evidence, whatever its reason: %s',
      async (_, why) => {
        const controller = new AbortController()
        const request = settled(guard().request(server.url('/hang'), { signal: controller.signal }))
        await until(async () => (await server.counts()).received === 1)
        controller.abort(why)

        expect(await request).toHaveProperty('reason')
        expect(counts()).toMatchObject({ cancelled: 1, failure: 0 })
        await until(async () => (await server.counts()).abandoned === 1)
      },
    )

    it('makes no request for a signal that is aborted already', async () => {
      const request = guard().request(server.url('/ok'), { signal: AbortSignal.abort() })

      expect(await settled(request)).toHaveProperty('reason')
      expect((await server.counts()).received).toBe(0)
    })

    it('takes a deadline of the caller for a failure', async () => {
      const signal = AbortSignal.timeout(50)

      expect(await settled(guard().request(server.url('/hang'), { signal }))).toHaveProperty(
        'reason',
      )
      expect(counts()).toMatchObject({ failure: 1, cancelled: 0 })
    })

    it.runIf(row.ownTimeout)('takes the timeout of the client for a failure', async () => {
      const request = guard().request(server.url('/hang'), { timeout: 50 })

      expect(await settled(request)).toHaveProperty('reason')
      expect(counts()).toMatchObject({ failure: 1 })
    })

    it('ends the body when its caller aborts after the headers', async () => {
      const controller = new AbortController()
      const { read } = await guard({ callTimeout: 5_000 }).open(server.url('/slow-body'), {
        signal: controller.signal,
      })
      const body = settled(read())
      controller.abort()

      expect(await body).toHaveProperty('reason')
      expect(counts()).toMatchObject({ success: 1 })
      await until(async () => (await server.counts()).abandoned === 1)
    })

    it('passes a body that dies on as it is', async () => {
      const { read } = await guard().open(server.url('/cut'))

      expect(await settled(read())).toHaveProperty('reason')
    })

    it('lets one of ten requests through while half-open, and closes by it', async () => {
      const guarded = guard({ maxFailures: 1, resetTimeout: 20 })
      await guarded.request(server.url('/broken'))
      await until(() => breaker.state === 'half-open')
      const answer = await server.holdAnswers()
      const requests = Array.from({ length: 10 }, () => settled(guarded.request(server.url('/ok'))))
      await until(async () => (await server.counts()).received === 2)
      await answer()
      const results = (await Promise.all(requests)) as { value?: Answer; reason?: unknown }[]

      expect(results.filter(({ value }) => value?.status === 200)).toHaveLength(1)
      expect(results.filter(({ reason }) => openErrorIn(reason))).toHaveLength(9)
      expect((await server.counts()).received).toBe(2)
      expect(breaker.state).toBe('closed')
    })

    it.each(['/ok', '/missing', '/slow-body', '/hang'])(
      'blames no server, whenever its caller aborts: %s',
      async (path) => {
        const guarded = guard({ maxFailures: 1, callTimeout: 30_000 })
        for (let moment = 0; moment < 24; moment++) {
          const controller = new AbortController()
          const { signal } = controller
          const request = settled(guarded.request(server.url(path), { signal }))
          // Within the same turn, and then within the next ones.
          for (let i = 0; i < moment && i < 12; i++) await undefined
          for (let i = 12; i < moment; i++) await new Promise((resolve) => setTimeout(resolve))
          controller.abort()
          await request
        }

        await until(() => breaker.snapshot().inFlight === 0)
        const { admitted, failure, success, cancelled } = counts()
        expect([breaker.state, failure, success + cancelled]).toEqual(['closed', 0, admitted])
      },
    )

    it('answers in time or not at all with a call timeout of 1 ms', async () => {
      const guarded = guard({ maxFailures: 1_000, callTimeout: 1 })
      const paths = ['/ok', '/slow-body', '/hang', '/large']
      const requests = Array.from({ length: 40 }, (_, i) =>
        settled(guarded.open(server.url(paths[i % 4] as string)).then(({ leave }) => leave?.())),
      )
      const results = (await Promise.all(requests)) as { reason?: unknown }[]

      await until(() => breaker.snapshot().inFlight === 0)
      const failed = results.filter((result) => 'reason' in result)
      expect(failed.every(({ reason }) => causes(reason).some(isTimeout))).toBe(true)
      expect(counts()).toMatchObject({ settled: 40, timeout: failed.length })
    })

    it('has one breaker for each origin by a registry', async () => {
      const registry = new CircuitRegistry({ defaults: { maxFailures: 1 } })
      client = row.create(registry)
      const other = await start()
      await client.request(server.url('/broken'))
      const elsewhere = await client.request(other.url('/ok'))
      await other.stop()
      breaker = registry.breaker(`${row.prefix}:${server.origin}`)

      expect(elsewhere.status).toBe(200)
      expect([...registry].map(({ name, state }) => [name, state])).toEqual([
        [`${row.prefix}:${server.origin}`, 'open'],
        [`${row.prefix}:${other.origin}`, 'closed'],
      ])
    })
  })
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof CallTimeoutError
}

function causes(error: unknown): unknown[] {
  const all: unknown[] = []
  for (let next = error; next instanceof Error && all.length < 8; next = next.cause) all.push(next)
  return all
}

function openErrorIn(error: unknown): CircuitOpenError | undefined {
  return causes(error).find((cause) => cause instanceof CircuitOpenError)
}
