/**
 * Answers with 503 or 504 in Express and Connect when a call was rejected or took too long.
 *
 * @example
 * import { circuitErrors } from 'short-circuit/express'
 *
 * const middleware = circuitErrors()
 * console.assert(middleware.length === 4)
 *
 * @module
 */
import { problemOf, removeBodyHeaders } from '../adapter/problem.ts'

interface Response {
  readonly headersSent: boolean
  statusCode: number
  setHeader(name: string, value: string): unknown
  hasHeader(name: string): boolean
  removeHeader(name: string): unknown
  end(text: string): unknown
}

/** A middleware for errors of Express 4 and 5, and of Connect. */
export type ErrorMiddleware = (
  error: unknown,
  request: unknown,
  response: Response,
  next: (error?: unknown) => void,
) => void

/**
 * Returns the middleware: `app.use(circuitErrors())`, behind the routes and in front of a middleware of
 * your own for other errors, which are passed on. A `CircuitOpenError` or `CircuitFullError`, or an error that
 * one has caused, is answered with 503 and `Retry-After`, a `CallTimeoutError` with 504, both as
 * `application/problem+json` that names no breaker.
 *
 * @throws TypeError for any argument, as in `app.use(circuitErrors)`
 * @example
 * import { IncomingMessage, ServerResponse } from 'node:http'
 * import { Socket } from 'node:net'
 * import { createOpenError } from 'short-circuit/testing'
 * import { circuitErrors } from 'short-circuit/express'
 *
 * const response = new ServerResponse(new IncomingMessage(new Socket()))
 * circuitErrors()(createOpenError({ retryAfter: 1_500 }), {}, response, () => {})
 * console.assert(response.statusCode === 503 && response.getHeader('retry-after') === '2')
 */
export function circuitErrors(...none: never[]): ErrorMiddleware {
  // Without its call, Express takes it for a middleware that never ends a request.
  if (none.length > 0) {
    throw new TypeError('circuitErrors takes no arguments: app.use(circuitErrors())')
  }
  // With four parameters, by which Express tells it from other middleware.
  return (error, _request, response, next) => {
    const problem = response.headersSent ? undefined : problemOf(error)
    if (problem === undefined) return next(error)
    const text = JSON.stringify(problem.body)
    response.statusCode = problem.status
    // A route may have described the body that it was about to send.
    removeBodyHeaders(
      (name) => response.hasHeader(name),
      (name) => response.removeHeader(name),
    )
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value)
    response.setHeader('content-length', String(text.length))
    response.end(text)
  }
}
