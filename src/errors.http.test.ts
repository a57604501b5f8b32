import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createBreaker, fail, hang, open, reasonOf } from '../test/helpers/public.ts'
import { type CircuitOpenError, ShortCircuitError } from './index.ts'

async function everyError(): Promise<Record<string, ShortCircuitError>> {
  const { breaker, clock } = createBreaker({
    callTimeout: 10,
    maxConcurrent: 1,
    resetTimeout: 2_500,
  })
  const { result } = hang(breaker)
  const full = await reasonOf(breaker.run(() => 1))
  await clock.advance(10)
  const timeout = await result
  await open(breaker)
  const rejected = await reasonOf(breaker.run(() => 1))
  breaker.forceOpen()
  const forced = await reasonOf(breaker.run(() => 1))
  return { full, timeout, rejected, forced } as Record<string, ShortCircuitError>
}

describe('errors as HTTP frameworks read them', () => {
  it.each([
    ['rejected', 503, { 'Retry-After': '3' }],
    ['forced', 503, undefined],
    ['full', 503, undefined],
    ['timeout', 504, undefined],
  ])('has a status and headers: %s is %d', async (which, statusCode, headers) => {
    const error = (await everyError())[which] as CircuitOpenError

    expect(error).toBeInstanceOf(ShortCircuitError)
    expect(error.statusCode).toBe(statusCode)
    expect(error.expose).toBe(false)
    expect(error.headers).toEqual(headers)
  })

  it('has them on the prototypes: they are neither enumerable nor part of the JSON', async () => {
    for (const error of Object.values(await everyError())) {
      for (const name of ['statusCode', 'expose', 'headers']) {
        expect(Object.keys(error)).not.toContain(name)
        expect(error.toJSON()).not.toHaveProperty(name)
      }
    }
  })

  it.each([
    { retryAfter: 1, seconds: '1' },
    { retryAfter: 1_000, seconds: '1' },
    { retryAfter: 1_001, seconds: '1' },
    { retryAfter: 1_002, seconds: '2' },
  ])('says $seconds s for $retryAfter ms', async ({ retryAfter, seconds }) => {
    const { breaker } = createBreaker({ maxFailures: 1, resetTimeout: retryAfter })
    await fail(breaker)
    const error = (await reasonOf(breaker.run(() => 1))) as CircuitOpenError

    expect(error.headers).toEqual({ 'Retry-After': seconds })
  })

  it('can be written to a response as they are', async () => {
    const { rejected } = await everyError()
    const { statusCode, headers } = rejected as CircuitOpenError
    const server = createServer((_, response) => response.writeHead(statusCode, headers).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }

    const response = await fetch(`http://127.0.0.1:${port}`)
    server.close()

    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('3')
  })
})

describe('toJSON with redact', () => {
  const redact = (message: string): string => message.replace(/key=\w+/, 'key=…')

  it.each([
    ['an error', new Error('key=abc is wrong'), { message: 'key=… is wrong' }],
    ['a string', 'key=abc is wrong', 'key=… is wrong'],
  ])('shows the cause as it is kept: %s', async (_, cause, shown) => {
    const { breaker } = createBreaker({ maxFailures: 1, redact })
    await fail(breaker, cause)

    const error = (await reasonOf(breaker.run(() => 1))) as ShortCircuitError

    expect(JSON.stringify(error)).not.toContain('abc')
    if (typeof shown === 'string') expect(error.toJSON()['cause']).toBe(shown)
    else expect(error.toJSON()['cause']).toMatchObject(shown)
    expect(error.cause).toBe(cause)
  })

  it('shows nothing of the cause where redact throws', async () => {
    const { breaker } = createBreaker({
      maxFailures: 1,
      redact: () => {
        throw new Error('no')
      },
    })
    await fail(breaker, new Error('key=abc'))

    const error = (await reasonOf(breaker.run(() => 1))) as ShortCircuitError

    expect(error.toJSON()['cause']).toBe('unknown')
  })
})
