import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker, type CircuitBreakerOptions, CircuitOpenError } from '../../src/index.ts'
import type { ContractServer, GuardedClient, OpenAnswer, StartServer } from './contract.ts'
import { hearUnhandled, until } from './environment.ts'

export interface BodyRow {
  readonly name: string
  /** A client that is guarded until the end of the body, with `part` and `leave`. */
  readonly create: (by: CircuitBreaker<unknown>) => GuardedClient
}

/** What every adapter must do whose calls last until the body has ended. */
export function describeUntilBody({ name, create }: BodyRow, start: StartServer): void {
  let server: ContractServer
  let client: GuardedClient
  let breaker: CircuitBreaker
  const unhandled: unknown[] = []
  let deafen = (): void => {}

  function guard(options: CircuitBreakerOptions<never> = {}): void {
    breaker = new CircuitBreaker({ maxFailures: 5, resetTimeout: 60_000, ...options })
    client = create(breaker)
  }
  const open = (path: string, options: { signal?: AbortSignal; method?: string } = {}) =>
    client.open(server.url(path), options) as Promise<Required<OpenAnswer>>
  const counts = () => breaker.snapshot().counts
  const inFlight = () => breaker.snapshot().inFlight
  const reasonOf = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (reason: unknown) => reason ?? 'rejected',
    )

  describe(`${name}, until the end of the body`, () => {
    beforeEach(async () => {
      server = await start()
      unhandled.length = 0
      deafen = hearUnhandled((reason) => unhandled.push(reason))
    })
    afterEach(async () => {
      await until(() => inFlight() === 0)
      await new Promise((resolve) => setTimeout(resolve, 10))
      deafen()
      await client.close?.()
      await server.stop()
      expect(unhandled).toEqual([])
    })

    it('counts an answer when its body has ended', async () => {
      guard()
      const { part, read } = await open('/parts')
      await part()
      const before = [inFlight(), counts().settled]
      await read()

      expect(before).toEqual([1, 0])
      await until(() => inFlight() === 0)
      expect(counts()).toMatchObject({ admitted: 1, success: 1 })
    })

    it('has failed when the body dies, which its reader sees', async () => {
      guard({ maxFailures: 1 })
      const { read } = await open('/cut')

      expect(await reasonOf(read())).toBeDefined()
      expect(counts()).toMatchObject({ settled: 1, failure: 1 })
      expect(breaker.state).toBe('open')
    })

    it.each(['/silent', '/slow-body'])(
      'has failed when the body hangs for longer than the call timeout, and ends it: %s',
      async (path) => {
        guard({ callTimeout: 200 })
        const { read } = await open(path)

        expect(await reasonOf(read())).toBeDefined()
        await until(async () => (await server.counts()).abandoned === 1)
        expect(counts()).toMatchObject({ settled: 1, failure: 1 })
      },
    )

    it('may take longer than the call timeout, while parts of it arrive', async () => {
      guard({ callTimeout: 250 })
      const { read } = await open('/parts')
      await read()

      await until(() => inFlight() === 0)
      expect(counts()).toMatchObject({ success: 1, failure: 0 })
    })

    it('has succeeded when its reader leaves after a part', async () => {
      guard()
      const { part, leave } = await open('/slow-body')
      await part()
      await leave()

      await until(async () => inFlight() === 0 && (await server.counts()).abandoned === 1)
      expect(counts()).toMatchObject({ settled: 1, success: 1 })
    })

    it('has succeeded when its caller aborts after a part', async () => {
      guard()
      const controller = new AbortController()
      const { part, read } = await open('/slow-body', { signal: controller.signal })
      await part()
      const reading = reasonOf(read())
      controller.abort()

      expect(await reading).toBeDefined()
      await until(async () => (await server.counts()).abandoned === 1)
      expect(counts()).toMatchObject({ settled: 1, success: 1 })
    })

    it('says nothing about the server when its caller aborts before a part', async () => {
      guard()
      const controller = new AbortController()
      const { read } = await open('/silent', { signal: controller.signal })
      const reading = reasonOf(read())
      await new Promise((resolve) => setTimeout(resolve, 5))
      controller.abort()

      expect(await reading).toBeDefined()
      expect(counts()).toMatchObject({ settled: 1, cancelled: 1 })
    })

    it.each(['/ok', '/parts', '/silent', '/slow-body'])(
      'blames no server, whenever its caller aborts: %s',
      async (path) => {
        guard({ maxFailures: 1, callTimeout: 30_000 })
        for (let moment = 0; moment < 24; moment++) {
          const controller = new AbortController()
          const request = reasonOf(
            open(path, { signal: controller.signal }).then(({ read }) => read()),
          )
          // Within the same turn, and then within the next ones.
          for (let i = 0; i < moment && i < 12; i++) await undefined
          for (let i = 12; i < moment; i++) await new Promise((resolve) => setTimeout(resolve))
          controller.abort()
          await request
        }

        await until(() => inFlight() === 0)
        const { admitted, failure, success, cancelled } = counts()
        expect([breaker.state, failure, success + cancelled]).toEqual(['closed', 0, admitted])
      },
    )

    it.each([
      ['/broken', 'failure'],
      ['/limited', 'neutral'],
    ])('counts a status when the headers are there: %s', async (path, outcome) => {
      guard()
      const { read } = await open(path)
      const before = counts()
      await read()

      expect(before).toMatchObject({ settled: 1, [outcome]: 1 })
      expect(counts()).toMatchObject({ settled: 1 })
    })

    it.each([
      ['/nothing', 'GET'],
      ['/unchanged', 'GET'],
      ['/ok', 'HEAD'],
    ])('needs no body: %s by %s', async (path, method) => {
      guard()
      const { read } = await open(path, { method })
      await until(() => inFlight() === 0)

      expect(counts()).toMatchObject({ admitted: 1, success: 1 })
      expect(String((await read()) ?? '')).toBe('')
    })

    it('has succeeded when nobody reads the body, which closes a half-open circuit', async () => {
      guard({ maxFailures: 1 })
      breaker.trip()
      breaker.halfOpen()
      const kept = await open('/ok')
      await until(() => breaker.state === 'closed')

      expect(kept).toBeDefined()
      expect(counts()).toMatchObject({ admitted: 1, success: 1 })
    })

    it('takes no place, and blocks no recovery, once a part of the body is there', async () => {
      guard({ maxConcurrent: 1, recovery: { probes: 1 } })
      const first = await open('/slow-body')
      await first.part()
      const second = await open('/ok')
      await second.read()
      breaker.trip()
      breaker.halfOpen()
      const probe = await open('/slow-body')
      await probe.part()
      await (await open('/ok')).read()

      await until(() => breaker.state === 'closed')
      for (const { leave } of [first, probe]) await leave()
    })

    it('rejects without a request while open', async () => {
      guard()
      breaker.trip()
      let error: unknown = await reasonOf(open('/ok'))
      while (error instanceof Error && error.cause !== undefined && !isOpen(error)) {
        error = error.cause
      }

      expect(error).toBeInstanceOf(CircuitOpenError)
      expect((await server.counts()).received).toBe(0)
    })
  })
}

function isOpen(error: unknown): boolean {
  return error instanceof CircuitOpenError
}
