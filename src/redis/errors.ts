/** The codes of Redis that say what must be mended; `ERROR` for all others. */
const CODES =
  /\b(NOSCRIPT|READONLY|LOADING|BUSY|OOM|NOPERM|NOAUTH|WRONGPASS|WRONGTYPE|MOVED|ASK|TRYAGAIN|CROSSSLOT|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|MISCONF)\b/

/** What Redis 7 says without a code when a script may not do something. */
const FORBIDDEN = /executing the script can't/

/** Why an exchange with Redis has failed: the breakers decide by themselves meanwhile. */
export class RedisStoreError extends Error {
  static {
    this.prototype.name = 'RedisStoreError'
  }

  /** The code of Redis, such as `READONLY`; `NOTREADY` if the client is not connected; otherwise `ERROR`. */
  readonly code: string

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** What a client has rejected with; a script's own errors have the code in the middle of the message, or none. */
  static of(error: unknown): RedisStoreError {
    if (error instanceof RedisStoreError) return error
    const message = String((error as { message?: unknown } | undefined)?.message ?? error)
    const forbidden = FORBIDDEN.test(message) ? 'NOPERM' : 'ERROR'
    return new RedisStoreError(message, CODES.exec(message)?.[1] ?? forbidden, { cause: error })
  }
}
