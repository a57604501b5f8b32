import type { Outcome } from '../index.ts'
import { codes, firstOutcome, read, readText } from './classifier.ts'

/** What kept the call from being answered, and what kept it from being made. */
const CODES = /* @__PURE__ */ codes({
  failure:
    'ECONNREFUSED ECONNRESET ECONNABORTED ENOTFOUND EAI_AGAIN EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_SOCKET',
  // Of this process: the target has nothing to do with it.
  cancelled:
    'EMFILE ENFILE ENOMEM ENOBUFS EADDRNOTAVAIL ERR_INVALID_URL ERR_INVALID_ARG_TYPE ERR_INVALID_ARG_VALUE UND_ERR_INVALID_ARG UND_ERR_DESTROYED UND_ERR_CLOSED UND_ERR_NOT_SUPPORTED UND_ERR_REQ_CONTENT_LENGTH_MISMATCH ERR_BAD_OPTION ERR_BAD_OPTION_VALUE ERR_BAD_REQUEST ERR_NOT_SUPPORT ERR_FR_MAX_BODY_LENGTH_EXCEEDED ERR_INVALID_HTTP_TOKEN ERR_INVALID_CHAR ERR_HTTP_INVALID_HEADER_VALUE ERR_UNESCAPED_CHARACTERS ERR_INVALID_PROTOCOL',
})

/**
 * What the error of a connection means, by the codes of Node and undici in it or in its causes;
 * `undefined` for an error of another kind.
 */
export function networkOutcome(error: unknown): Outcome | undefined {
  return firstOutcome(error, (cause) => {
    const outcome = CODES.get(readText(cause, 'code'))
    if (outcome !== undefined) return outcome
    // Where no address of a host answered, each of them has its own error.
    return CODES.get(readText(read(read(cause, 'errors'), '0'), 'code'))
  })
}
