const CODES: ReadonlySet<unknown> = new Set(['ERR_CANCELED', 'ERR_CANCELLED', 'ABORTED'])

const NAMES: ReadonlySet<unknown> = new Set([
  'CancelError',
  'CancelledError',
  'CanceledError',
  'CancellationError',
])

/**
 * True for an error by which a client says that its caller has cancelled the call: with a token, or by
 * a method of what it returned. An `AbortError` is none: clients that end a call at their own timeout
 * abort it in the same way.
 */
export function namesCancellation(error: unknown): boolean {
  try {
    const { name, code, config, __CANCEL__: token } = error as Record<string, unknown>
    if (token !== true && !CODES.has(code) && !NAMES.has(name)) return false
    // A signal that is not among the arguments may be a deadline.
    return ((config ?? {}) as { signal?: unknown }).signal === undefined
  } catch {
    // There is none, or it can't be read.
    return false
  }
}
