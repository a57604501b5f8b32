import type { Outcome, Settled } from '../index.ts'
import { type Classifier, causesOf, isRejectedBelow, read } from './classifier.ts'
import { retryAfterOf } from './http-retry-after.ts'
import { networkOutcome } from './network.ts'

/** What {@link httpOutcomes} takes. */
export interface HttpOutcomeOptions {
  /**
   * What 429 (too many requests) counts as.
   * @defaultValue `'failure'` where the server says when to come back, otherwise `'neutral'`
   */
  readonly tooManyRequests?: Outcome | 'trip' | undefined
}

/** Of 5xx, these say that the request asks for what the server never does. */
const ANSWERS = [501, 505]

/**
 * Classifies by the status of an HTTP response, or of an error that has one, as those of axios, got and
 * most SDKs do; connections that fail are failures.
 *
 * - failure: 408, 500 and above but 501 and 505, and 429 with a time to come back
 * - neutral: 429 without one
 * - success: every other answer, 404 and 401 included
 * - cancelled: errors of this process, such as too many open files or an invalid URL
 *
 * `undefined` for everything else: values without a status, and errors that no server and no connection
 * has to do with.
 *
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { http } from 'short-circuit/outcomes'
 *
 * const breaker = new CircuitBreaker({ maxFailures: 1, classify: http })
 * await breaker.run(async () => ({ status: 404 }))
 * console.assert(breaker.state === 'closed')
 * await breaker.run(async () => ({ status: 500 }))
 * console.assert(breaker.state === 'open')
 */
export const http: Classifier = /* @__PURE__ */ httpOutcomes()

/**
 * {@link http} with other options.
 *
 * @example
 * import { httpOutcomes } from 'short-circuit/outcomes'
 *
 * const strict = httpOutcomes({ tooManyRequests: 'failure' })
 * console.assert(strict({ status: 'fulfilled', value: { status: 429 } }) === 'failure')
 */
export function httpOutcomes({ tooManyRequests }: HttpOutcomeOptions = {}): Classifier {
  return (settled) => {
    const value = settled.status === 'fulfilled' ? settled.value : settled.reason
    const status = statusOf(settled)
    if (settled.status === 'rejected' && isRejectedBelow(value)) return 'cancelled'
    // After a status that is a success, the connection may die while the body is read.
    if (status === undefined || (status < 400 && settled.status === 'rejected')) {
      const outcome = settled.status === 'rejected' ? networkOutcome(value) : undefined
      if (outcome !== undefined || status === undefined) return outcome
    }
    if (status === 429) {
      return tooManyRequests ?? (retryAfterOf(value) === undefined ? 'neutral' : 'failure')
    }
    if (status === 408) return 'failure'
    return status >= 500 && !ANSWERS.includes(status) ? 'failure' : 'success'
  }
}

/** The status of the answer; `undefined` where there was none. */
function statusOf(settled: Settled): number | undefined {
  if (settled.status === 'fulfilled') return statusIn(settled.value)
  for (const cause of causesOf(settled.reason)) {
    const status = statusIn(read(cause, 'response')) ?? statusIn(cause)
    if (status !== undefined) return status
  }
  return undefined
}

/** `status` of fetch, axios and most SDKs, `statusCode` of Node, undici and got. */
function statusIn(value: unknown): number | undefined {
  for (const key of ['status', 'statusCode']) {
    const status = read(value, key)
    if (typeof status === 'number' && status >= 100 && status <= 999) return status
  }
  return undefined
}
