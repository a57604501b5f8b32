import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { Effect, Fiber } from 'effect'
import { defer, firstValueFrom, NEVER, of, startWith } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CircuitBreaker, isCallTimeoutError, isCircuitOpenError } from '../src/index.ts'
import { guardAttempts } from './aws-attempts.ts'
import { load as loadByCockatiel } from './cockatiel.ts'
import { guarded, retryFailures as retryEffect } from './effect.ts'
import { createClient } from './got.ts'
import { retryFailures as retryPromise, retryUntilDone } from './p-retry.ts'
import { guard, retryFailures as retryObservable } from './rxjs.ts'

const PATIENCE = { timeout: 5_000, interval: 2 }
const down = () => Promise.reject(new Error('down'))

function breakerOf(options = {}): CircuitBreaker {
  return new CircuitBreaker({ name: 'users', maxFailures: 2, resetTimeout: 60_000, ...options })
}

function counts(breaker: CircuitBreaker) {
  const { success, failure, cancelled, rejected } = breaker.snapshot().counts
  return { success, failure, cancelled, rejected: rejected.open }
}

describe.each<
  [string, (breaker: CircuitBreaker, load: () => Promise<unknown>) => Promise<unknown>]
>([
  ['p-retry', retryPromise],
  ['cockatiel', loadByCockatiel],
  ['RxJS', (breaker, load) => firstValueFrom(defer(load).pipe(guard(breaker), retryObservable(5)))],
  ['Effect', (breaker, load) => Effect.runPromise(retryEffect(guarded(breaker, load)))],
])('retries of %s around a breaker', (_, run) => {
  it('count each attempt, and stop with the first one that is rejected', async () => {
    const breaker = breakerOf()
    const load = vi.fn(down)
    const error = await run(breaker, load).catch((thrown: unknown) => thrown)

    expect(load).toHaveBeenCalledTimes(2)
    expect(counts(breaker)).toMatchObject({ failure: 2, rejected: 1 })
    expect(isCircuitOpenError(error) || isCircuitOpenError((error as Error).cause)).toBe(true)
  })

  it('return the answer of the attempt that succeeds', async () => {
    const breaker = breakerOf()
    const load = vi.fn(() => Promise.resolve('answer')).mockImplementationOnce(down as never)

    expect(await run(breaker, load)).toBe('answer')
    expect(counts(breaker)).toMatchObject({ success: 1, failure: 1, rejected: 0 })
  })
})

describe('p-retry for work that has to be done', () => {
  it('waits for each probe, and makes no call that is rejected', async () => {
    const breaker = breakerOf({ resetTimeout: 20 })
    let failures = 4
    const load = vi.fn(() => (failures-- > 0 ? down() : Promise.resolve('done')))
    const result = await retryUntilDone(breaker, load, new AbortController().signal)

    expect(result).toBe('done')
    expect(load).toHaveBeenCalledTimes(5)
    expect(counts(breaker).rejected).toBe(0)
  })
})

describe('the operator for RxJS', () => {
  it('takes a first item for an answer, and none for no evidence', async () => {
    const breaker = breakerOf()
    await firstValueFrom(NEVER.pipe(startWith('item'), guard(breaker)))
    NEVER.pipe(guard(breaker)).subscribe().unsubscribe()
    await firstValueFrom(of(1).pipe(guard(breaker)))

    expect(counts(breaker)).toEqual({ success: 2, failure: 0, cancelled: 1, rejected: 0 })
    expect(breaker.snapshot().inFlight).toBe(0)
  })

  it('ends with the timeout of the breaker', async () => {
    const breaker = breakerOf({ callTimeout: 20 })
    const error = await firstValueFrom(NEVER.pipe(guard(breaker))).catch((thrown) => thrown)

    expect(isCallTimeoutError(error)).toBe(true)
    expect(counts(breaker).failure).toBe(1)
  })
})

describe('the effect', () => {
  it('aborts its call when it is interrupted, which is no evidence', async () => {
    const breaker = breakerOf()
    let signal: AbortSignal | undefined
    const effect = guarded(breaker, (own) => {
      signal = own
      return new Promise(() => {})
    })
    const fiber = Effect.runFork(effect)
    await vi.waitFor(() => expect(signal).toBeDefined(), PATIENCE)
    await Effect.runPromise(Fiber.interrupt(fiber))
    await vi.waitFor(() => expect(signal?.aborted).toBe(true), PATIENCE)

    expect(counts(breaker)).toEqual({ success: 0, failure: 0, cancelled: 1, rejected: 0 })
  })
})

describe('clients with retries of their own', () => {
  let origin: string
  let status: number
  let received: number
  const server = createServer((_, response) => {
    received++
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end('{}')
  })

  beforeEach(async () => {
    received = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  it('got: one call for all attempts; missing is an answer', async () => {
    const breaker = breakerOf()
    const client = createClient(breaker, { retry: { limit: 1, backoffLimit: 5 } })
    const get = () => client.get(origin).catch((error: unknown) => error)
    status = 404
    for (let i = 0; i < 3; i++) await get()
    expect(counts(breaker)).toMatchObject({ success: 3, failure: 0 })
    status = 503
    for (let i = 0; i < 2; i++) await get()
    expect(counts(breaker).failure).toBe(2)
    const before = received

    expect(isCircuitOpenError(await get())).toBe(true)
    expect(received).toBe(before)
  })

  it('AWS: each attempt is a call, and a rejected one is not repeated', async () => {
    const breaker = breakerOf()
    const client = new SQSClient({
      region: 'eu-central-1',
      endpoint: origin,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
      maxAttempts: 5,
    })
    guardAttempts(client, breaker)
    const send = () => client.send(new ListQueuesCommand())
    status = 200
    await send()
    expect(counts(breaker).success).toBe(1)
    status = 503
    const error = await send().catch((thrown: unknown) => thrown)

    expect(isCircuitOpenError(error)).toBe(true)
    expect(counts(breaker)).toMatchObject({ failure: 2, rejected: 1 })
    expect(received).toBe(3)
    client.destroy()
  })
})
