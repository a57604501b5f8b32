/**
 * What the ends of calls mean: classifiers for the option `classify` of a breaker or a call, by what the
 * clients of HTTP, gRPC and databases answer or throw.
 *
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { http, retryAfter } from 'short-circuit/outcomes'
 *
 * const breaker = new CircuitBreaker({ maxFailures: 1, classify: http, retryAfter })
 * await breaker.run(async () => new Response('', { status: 503 }))
 * console.assert(breaker.state === 'open')
 *
 * @module
 */
export { aws } from './aws.ts'
export { type Classifier, firstOf } from './classifier.ts'
export { mongodb, mysql, postgres, prisma, redis } from './databases.ts'
export { grpc } from './grpc.ts'
export { type HttpOutcomeOptions, http, httpOutcomes } from './http.ts'
export { retryAfter } from './retry-after.ts'
