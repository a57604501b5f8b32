import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createFullError, createOpenError, createTimeoutError } from '../../src/testing/index.ts'

/** What the routes of the servers throw. */
export const ERRORS: Readonly<Record<string, () => Error>> = {
  open: () => createOpenError({ breaker: 'secret', retryAfter: 1_200 }),
  soon: () => createOpenError({ breaker: 'secret', retryAfter: 0 }),
  unknown: () => createOpenError({ breaker: 'secret', retryAfter: Infinity }),
  full: () => createFullError({ breaker: 'secret' }),
  late: () => createTimeoutError({ breaker: 'secret' }),
  wrapped: () => new Error('no user', { cause: createOpenError({ retryAfter: 3_000 }) }),
  other: () => new RangeError('mine'),
}

/** Headers of the body that a route was about to send, and one of the request. */
export const DESCRIPTION = {
  'content-length': '5',
  'content-encoding': 'gzip',
  'content-range': 'bytes 0-4/10',
  etag: '"body"',
  'content-disposition': 'attachment',
  'transfer-encoding': 'chunked',
  trailer: 'digest',
  'x-request-id': 'of middleware',
}

export interface App {
  readonly name: string
  /** Starts a server whose route `/<name>` throws the error of that name. Returns its origin. */
  start(): Promise<string>
  stop(): Promise<unknown>
}

export function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    })
  })
}

export function closed(server: Server | undefined): Promise<void> {
  return new Promise((resolve) => {
    server?.closeAllConnections()
    if (server === undefined) resolve()
    else server.close(() => resolve())
  })
}

/** What a server answers in full when an error of a breaker reaches it. */
export function describeServer(app: App): void {
  describe(`a server of ${app.name}`, () => {
    afterEach(() => app.stop())

    it.each([
      { path: 'open', status: 503, retryAfter: '2' },
      { path: 'soon', status: 503, retryAfter: '1' },
      { path: 'unknown', status: 503, retryAfter: null },
      { path: 'full', status: 503, retryAfter: null },
      { path: 'late', status: 504, retryAfter: null },
      { path: 'wrapped', status: 503, retryAfter: '3' },
    ])('answers $status for an error of a breaker: $path', async ({ path, status, retryAfter }) => {
      const response = await fetch(`${await app.start()}/${path}`)
      const text = await response.text()

      expect(response.status).toBe(status)
      expect(response.headers.get('retry-after')).toBe(retryAfter)
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(JSON.parse(text)).toMatchObject({ type: 'about:blank', status })
      expect(text).not.toContain('secret')
    })

    it('answers in full where a route has described another body already', async () => {
      const origin = await app.start()
      const response = await fetch(`${origin}/described`)
      const head = await fetch(`${origin}/described`, { method: 'HEAD' })

      expect(await response.json()).toMatchObject({ status: 503 })
      expect([head.status, await head.text()]).toEqual([503, ''])
      const names = ['content-encoding', 'content-range', 'content-disposition', 'trailer']
      expect(names.map((name) => response.headers.get(name))).toEqual([null, null, null, null])
      expect(response.headers.get('x-request-id')).toBe('of middleware')
      // Frameworks may add one of the new body.
      expect(response.headers.get('etag')).not.toBe(DESCRIPTION.etag)
    })

    it('leaves other errors to the handler of the application', async () => {
      const response = await fetch(`${await app.start()}/other`)

      expect([response.status, await response.text()]).toEqual([500, 'own handler'])
    })
  })
}
