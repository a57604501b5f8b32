import { describe, expect, it } from 'vitest'
import { circuitErrors } from '../../src/hono/index.ts'
import { createOpenError } from '../../src/testing/index.ts'
import { describeFetch, fetchOfRequest } from './fetch-rows.ts'
import { RemoteServer } from './remote-server.ts'
import { runTests } from './runner.ts'

/**
 * The contract of what needs nothing but web standards. Resolves with what has passed, and throws what has not.
 * `control` is the address of the program that starts test servers.
 */
export async function runSuite(control: string): Promise<string> {
  const start = () => RemoteServer.start(control)
  describeFetch('guardFetch', {}, start)
  describeFetch('guardFetch of a Request', { fetch: fetchOfRequest }, start)

  describe('circuitErrors of Hono', () => {
    it('answers 503 for a call that was rejected', async () => {
      const error = createOpenError({ breaker: 'secret', retryAfter: 1_200 })
      const response = await circuitErrors()(error, undefined)
      const text = await response.text()

      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
      expect(JSON.parse(text)).toMatchObject({ status: 503 })
      expect(text.includes('secret')).toBe(false)
    })
  })

  return runTests()
}
