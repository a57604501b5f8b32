const TITLES = {
  ERR_ADMIN_BAD_REQUEST: [400, 'The request can not be read'],
  ERR_ADMIN_UNAUTHENTICATED: [401, 'Nobody is signed in'],
  ERR_ADMIN_NOT_LOCAL: [403, 'Only this machine may ask'],
  ERR_ADMIN_HOST: [403, 'The host name is not allowed'],
  ERR_ADMIN_CROSS_SITE: [403, 'Another site may not ask'],
  ERR_ADMIN_READ_ONLY: [403, 'Nothing can be changed here'],
  ERR_ADMIN_FORBIDDEN: [403, 'Not allowed'],
  ERR_ADMIN_UNKNOWN_PATH: [404, 'There is nothing at this address'],
  ERR_ADMIN_UNKNOWN_BREAKER: [404, 'There is no breaker of that name'],
  ERR_ADMIN_METHOD: [405, 'The method does not fit'],
  ERR_ADMIN_NOT_ACCEPTABLE: [406, 'Only a stream of events is here'],
  ERR_ADMIN_BODY_TIMEOUT: [408, 'The body came too slowly'],
  ERR_ADMIN_CHANGED: [412, 'It was changed meanwhile'],
  ERR_ADMIN_TOO_LARGE: [413, 'The body is too large'],
  ERR_ADMIN_URL_TOO_LONG: [414, 'The address is too long'],
  ERR_ADMIN_CONTENT_TYPE: [415, 'The body must be application/json'],
  ERR_ADMIN_INVALID: [422, 'A field is wrong'],
  ERR_ADMIN_VERSION_REQUIRED: [428, 'The version that was seen is missing'],
  ERR_ADMIN_TOO_MANY: [429, 'Too many requests'],
  ERR_ADMIN_INTERNAL: [500, 'Something went wrong'],
  ERR_ADMIN_BUSY: [503, 'Too much is going on'],
  ERR_ADMIN_CLOSED: [503, 'It is closing'],
  ERR_ADMIN_NO_FLEET: [404, 'There is no fleet here'],
  ERR_ADMIN_STORE: [504, 'The store of the fleet does not answer'],
} as const

/** What a problem of the API says, beside its status. */
export type ProblemCode = keyof typeof TITLES

interface Details {
  /** What to do next. */
  readonly hint?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Further members of the answer. */
  readonly more?: Readonly<Record<string, unknown>>
}

/** Why a request is not answered; it becomes `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly #details: Details

  constructor(code: ProblemCode, detail: string, details: Details = {}) {
    super(detail)
    this.code = code
    this.status = TITLES[code][0]
    this.headers = details.headers ?? {}
    this.#details = details
  }

  toJSON(): object {
    const { code, status, message: detail } = this
    const { hint, more } = this.#details
    const slug = code.slice('ERR_ADMIN_'.length).toLowerCase().replaceAll('_', '-')
    const type = `tag:short-circuit,2026:${slug}`
    return { type, title: TITLES[code][1], status, code, detail, hint, ...more }
  }
}

/** One field of a body or a query that is wrong. `pointer` is a JSON pointer, or `?name`. */
export interface FieldError {
  readonly pointer: string
  readonly message: string
}

export function invalid(...errors: readonly FieldError[]): Problem {
  const detail = errors.map(({ message }) => message).join('; ')
  return new Problem('ERR_ADMIN_INVALID', detail, { more: { errors } })
}
