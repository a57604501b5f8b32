/**
 * Answers with 503 or 504 in Hono when a call was rejected or took too long.
 *
 * @example
 * import { createOpenError } from 'short-circuit/testing'
 * import { circuitErrors } from 'short-circuit/hono'
 *
 * const answer = await circuitErrors()(createOpenError({ retryAfter: 1_500 }), undefined)
 * console.assert(answer.status === 503 && answer.headers.get('retry-after') === '2')
 *
 * @module
 */
import { problemOf, removeBodyHeaders } from '../adapter/problem.ts'

/** Handles errors that no breaker has to do with. */
export type ErrorHandler<Context> = (error: Error, context: Context) => Response | Promise<Response>

/**
 * Returns a handler: `app.onError(circuitErrors(otherwise))`. A `CircuitOpenError` or `CircuitFullError`, or an
 * error that one has caused, is answered with 503 and `Retry-After`, a `CallTimeoutError` with 504, both as
 * `application/problem+json` that names no breaker. Other errors go to `otherwise`, without which they are
 * answered as Hono does: with what `getResponse` of the error returns, or with 500 and a line on the console.
 *
 * @throws TypeError if `otherwise` is not a function
 */
export function circuitErrors<Context>(
  otherwise: ErrorHandler<Context> = asHonoDoes,
): ErrorHandler<Context> {
  if (typeof otherwise !== 'function') {
    throw new TypeError(`circuitErrors takes a function, got ${typeof otherwise}`)
  }
  return (error, context) => {
    const problem = problemOf(error)
    if (problem === undefined) return otherwise(error, context)
    const { status, body } = problem
    const headers = headersSoFar(context as { res?: Response } | undefined)
    for (const [name, value] of Object.entries(problem.headers)) headers.set(name, value)
    return new Response(JSON.stringify(body), { status, headers })
  }
}

/** What middleware has set, such as the id of the request, without what describes another body. */
function headersSoFar(context: { res?: Response | undefined } | undefined): Headers {
  const headers = new Headers(context?.res?.headers)
  removeBodyHeaders(
    (name) => headers.has(name),
    (name) => headers.delete(name),
  )
  // Hono would add all headers of this response to the answer.
  if (context !== undefined) context.res = undefined
  return headers
}

function asHonoDoes(error: Error): Response {
  const { getResponse } = error as { getResponse?: () => Response }
  if (typeof getResponse === 'function') return getResponse.call(error)
  console.error(error)
  return new Response('Internal Server Error', { status: 500 })
}
