/**
 * True for the error of a request that could not be made as it was asked for, such as one with an invalid header:
 * the platforms throw the same `TypeError`, without a code, as where a server is down.
 */
export function isInvalidRequest(error: unknown, url: URL, init: RequestInit | undefined): boolean {
  // Node says by a cause why the connection failed.
  if (!(error instanceof TypeError) || error.cause !== undefined) return false
  if (typeof Request === 'undefined') return false
  const { body } = init ?? {}
  try {
    // With a body of the same kind: the given one may have been read.
    const same = body instanceof ReadableStream ? new ReadableStream() : body && 'body'
    new Request(url, { ...init, body: same, signal: null } as RequestInit)
    return false
  } catch (wrong) {
    return wrong instanceof TypeError
  }
}
