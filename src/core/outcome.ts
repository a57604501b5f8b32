export const OUTCOMES = ['success', 'failure', 'neutral', 'cancelled'] as const
/**
 * What a finished call says about its target.
 *
 * `success` and `failure` are evidence for and against it. `neutral`: the target answered, which
 * says nothing either way; it helps to close a half-open circuit and enters no rate and no streak.
 * `cancelled`: no evidence at all, the permit is returned and nothing else happens.
 */
export type Outcome = (typeof OUTCOMES)[number]

/** How a call ended, in the shape of `Promise.allSettled`. */
export type Settled =
  | { readonly status: 'fulfilled'; readonly value: unknown }
  | { readonly status: 'rejected'; readonly reason: unknown }

/** What it was rejected with. */
export function errorOf(settled: Settled): unknown {
  return settled.status === 'rejected' ? settled.reason : undefined
}

/** What is kept of a failure: enough to recognise it, nothing that pins memory. */
export interface Failure {
  /** Class of the error, or the type of what was thrown. */
  readonly name: string
  /** `error.code`, when it is a string or a number. */
  readonly code: string | number | undefined
  /** Redacted and cut to 200 characters. */
  readonly message: string
}

/** Everything the machine needs to know about the end of one call. */
export interface Classification {
  readonly outcome: Outcome
  /** What was thrown, or the value that was classified as a failure. */
  readonly error?: unknown
  readonly failure?: Failure
  /** Retry-After, in ms from now. */
  readonly retryAfter?: number | undefined
  readonly timedOut?: boolean
  /** A failure that opens at once. */
  readonly trips?: boolean
}

export const SUCCESS: Classification = { outcome: 'success' }

export const NEUTRAL: Classification = { outcome: 'neutral' }
export const CANCELLED: Classification = { outcome: 'cancelled' }

/** A failure as plain data, with its time. */
export interface RecordedFailure {
  readonly name: string
  readonly code: string | number | null
  readonly message: string
  /** When, in the machine's own time. */
  readonly at: number
}

/** The failure of a call that ended at `now`, as the trip records keep it. */
export function recorded({ failure }: Classification, now: number): RecordedFailure | undefined {
  if (failure === undefined) return undefined
  const { name, code, message } = failure
  return { name, code: code ?? null, message, at: now }
}

/** Until when the server has asked not to be called; its Retry-After counts up to `maxRetryAfter` ms. */
export function notBefore(
  current: number,
  { retryAfter = 0 }: Pick<Classification, 'retryAfter'>,
  now: number,
  { maxRetryAfter }: { readonly maxRetryAfter: number },
): number {
  // Written so that NaN changes nothing.
  return retryAfter > 0 ? Math.max(current, now + Math.min(retryAfter, maxRetryAfter)) : current
}
