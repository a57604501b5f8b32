import { text } from 'node:stream/consumers'
import { Client, Pool } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker, CircuitOpenError, protect } from '../../src/index.ts'
import { canStart, UpstreamProcess } from '../faults/upstream-process.ts'
import { reasonOf } from '../helpers/public.ts'

let upstream: UpstreamProcess
beforeAll(async () => {
  if (canStart) upstream = await UpstreamProcess.start()
})
afterAll(() => upstream?.end())

describe.runIf(canStart).each([
  ['Client', Client],
  ['Pool', Pool],
])('protect(undici %s)', (_, Dispatcher) => {
  let breaker: CircuitBreaker
  let client: Client | Pool

  beforeEach(() => {
    breaker = new CircuitBreaker({ name: 'http', maxFailures: 2, resetTimeout: 60_000 })
    const real = new Dispatcher(upstream.url)
    client = protect(real, breaker)
    return () => real.destroy()
  })

  const get = { method: 'GET', path: '/' } as const

  it('guards requests and returns bodies as they are', async () => {
    const { statusCode, body } = await client.request(get)

    expect([statusCode, await body.text()]).toEqual([200, 'hello'])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1 })
  })

  it('guards streaming into a writable, counted once', async () => {
    const { PassThrough } = await import('node:stream')
    const sink = new PassThrough()
    const [, received] = await Promise.all([client.stream(get, () => sink), text(sink)])

    expect(received).toBe('hello')
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 1, success: 1 })
  })

  it('calls callbacks as without a breaker, also while the circuit is open', async () => {
    breaker.trip()
    const status = await new Promise((resolve, reject) => {
      client.request(get, (error, data) => {
        if (error) reject(error)
        else data.body.dump().then(() => resolve(data.statusCode), reject)
      })
    })

    expect(status).toBe(200)
    expect(breaker.snapshot().counts.admitted).toBe(0)
  })

  it('is a dispatcher, with its properties and composed interceptors guarded', async () => {
    const composed = client.compose((dispatch) => (options, handler) => dispatch(options, handler))
    const { body } = await composed.request(get)
    await body.dump()

    expect(client).toBeInstanceOf(Dispatcher)
    expect(client.closed).toBe(false)
    expect(breaker.snapshot().counts.success).toBe(1)
  })

  it('rejects requests once a stopped upstream has opened the circuit, and can be closed', async () => {
    await (await client.request(get)).body.dump()
    await upstream.kill()
    try {
      await reasonOf(client.request(get))
      await reasonOf(client.request(get))

      expect(await reasonOf(client.request(get))).toBeInstanceOf(CircuitOpenError)
      await client.close()
      expect(client.closed).toBe(true)
    } finally {
      await upstream.restart()
    }
  })
})
