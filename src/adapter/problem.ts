import {
  isCallTimeoutError,
  isCircuitFullError,
  isCircuitOpenError,
  type ShortCircuitError,
} from '../index.ts'
import { causesOf } from '../outcomes/classifier.ts'

/** Headers of a body that is not sent after all. Its length is replaced. */
export const OF_ANOTHER_BODY = [
  'content-encoding',
  'content-language',
  'content-range',
  'etag',
  'last-modified',
] as const

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

/** In whole seconds, at least one: 0 would ask for the next try at once. */
function retryAfterOf(error: ShortCircuitError): Readonly<Record<string, string>> {
  const ms = isCircuitOpenError(error) ? error.retryAfter : undefined
  return ms === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(ms / 1_000))) }
}
