import type { Outcome } from '../index.ts'
import { type Classifier, firstOutcome, ofErrors, read } from './classifier.ts'
import { grpcRetryAfterOf } from './grpc-retry-after.ts'

/** CANCELLED, by the caller. */
const CANCELLED = 1
/** UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const FAILURES = [2, 4, 13, 14, 15]
const RESOURCE_EXHAUSTED = 8
const LAST = 16

/**
 * Classifies by the status code of gRPC and Connect errors.
 *
 * - failure: UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS, and RESOURCE_EXHAUSTED of a
 *   server that says when to come back (`grpc-retry-pushback-ms`, `RetryInfo` or `Retry-After`)
 * - neutral: RESOURCE_EXHAUSTED otherwise
 * - cancelled: CANCELLED
 * - success: every other code, such as NOT_FOUND: the server has answered
 *
 * @example
 * import { grpc } from 'short-circuit/outcomes'
 *
 * const unavailable = Object.assign(new Error('14 UNAVAILABLE'), { code: 14 })
 * console.assert(grpc({ status: 'rejected', reason: unavailable }) === 'failure')
 */
export const grpc: Classifier = /* @__PURE__ */ ofErrors((error) =>
  firstOutcome(error, (cause) => {
    const code = read(cause, 'code')
    if (typeof code !== 'number' || !(code > 0 && code <= LAST)) return undefined
    if (code === CANCELLED) return 'cancelled'
    if (code === RESOURCE_EXHAUSTED)
      return grpcRetryAfterOf(cause) === undefined ? 'neutral' : 'failure'
    return FAILURES.includes(code) ? 'failure' : ('success' satisfies Outcome)
  }),
)
