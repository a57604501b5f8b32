import { type Classifier, firstOutcome, ofErrors, read, readText } from './classifier.ts'
import { retryAfterOf } from './http-retry-after.ts'
import { networkOutcome } from './network.ts'

const THROTTLED =
  /^(BandwidthLimitExceeded|EC2ThrottledException|LimitExceededException|PriorRequestNotComplete|ProvisionedThroughputExceededException|RequestLimitExceeded|RequestThrottled(Exception)?|SlowDown|Throttl(ed|ing)(Exception)?|ThrottledException|TooManyRequestsException|TransactionInProgressException)$/

/**
 * Classifies the errors of the AWS SDK for JavaScript v3.
 *
 * - failure: 408, 500 and above, timeouts, connections that fail, and throttling that says when to come back
 * - neutral: throttling otherwise, which AWS answers with 400
 * - success: every other answer, such as a condition that does not hold
 *
 * @example
 * import { aws } from 'short-circuit/outcomes'
 *
 * const throttled = Object.assign(new Error('slow down'), {
 *   name: 'ThrottlingException',
 *   $metadata: { httpStatusCode: 400 },
 * })
 * console.assert(aws({ status: 'rejected', reason: throttled }) === 'neutral')
 */
export const aws: Classifier = /* @__PURE__ */ ofErrors((error) => {
  return (
    firstOutcome(error, (cause) => {
      const name = readText(cause, 'name')
      if (read(read(cause, '$retryable'), 'throttling') === true || THROTTLED.test(name)) {
        return retryAfterOf(read(cause, '$response')) === undefined ? 'neutral' : 'failure'
      }
      if (name === 'TimeoutError') return 'failure'
      const status = read(read(cause, '$metadata'), 'httpStatusCode')
      if (typeof status !== 'number') return undefined
      return status >= 500 || status === 408 ? 'failure' : 'success'
    }) ?? networkOutcome(error)
  )
})
