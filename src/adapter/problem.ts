import {
  isCallTimeoutError,
  isCircuitFullError,
  isCircuitOpenError,
  type ShortCircuitError,
} from '../index.ts'
import { causesOf } from '../outcomes/classifier.ts'

/** Headers of a body that is not sent after all. */
const OF_ANOTHER_BODY = [
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'etag',
  'last-modified',
  'trailer',
  'transfer-encoding',
]

/** Removes what describes a body that was about to be sent. */
export function removeBodyHeaders(
  has: (name: string) => boolean,
  remove: (name: string) => unknown,
): void {
  for (const name of OF_ANOTHER_BODY) {
    // After the removal of a `Transfer-Encoding` that was not there, Node no longer keeps the connection alive.
    if (has(name)) remove(name)
  }
}

/** The answer of a server for an error of a breaker. */
export interface Problem {
  readonly status: 503 | 504
  readonly headers: Readonly<Record<string, string>>
  /** `application/problem+json`, which names no breaker: strangers need not know what is behind. */
  readonly body: { readonly type: string; readonly title: string; readonly status: number }
}

/**
 * What to answer when an error reaches a server: 503 for a call that was rejected, 504 for one that
 * took too long; `undefined` for an error that no breaker has to do with. Looks into its causes.
 */
export function problemOf(error: unknown): Problem | undefined {
  const own = causesOf(error).find(isOwn)
  if (own === undefined) return undefined
  const timedOut = isCallTimeoutError(own)
  const status = timedOut ? 504 : 503
  const title = timedOut ? 'Gateway Timeout' : 'Service Unavailable'
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...retryAfterOf(own),
    },
    body: { type: 'about:blank', title, status },
  }
}

function isOwn(error: unknown): error is ShortCircuitError {
  return isCircuitOpenError(error) || isCircuitFullError(error) || isCallTimeoutError(error)
}

function retryAfterOf(error: ShortCircuitError): Readonly<Record<string, string>> {
  const headers = isCircuitOpenError(error) ? error.headers : undefined
  return headers === undefined ? {} : { 'retry-after': headers['Retry-After'] }
}
