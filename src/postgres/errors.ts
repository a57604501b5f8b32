/** What to do about the SQLSTATEs, and codes of connections, that say what must be mended. */
const ADVICE: Readonly<Record<string, string>> = {
  '42P01': 'a table is missing: create it, as createTable() says',
  '42703': 'a table is another one: create it anew, as createTable() says',
  '42501':
    'a right is missing: GRANT SELECT, INSERT, UPDATE, DELETE ON its three tables TO this role',
  '25006': 'it is a standby, or read-only: connect the pool with the primary',
  '57014': 'it was cancelled, as by statement_timeout',
  '57P01': 'the connection was ended by the server',
  '57P02': 'the connection was ended by the server',
  '57P03': 'the server starts or stops',
  '53300': 'the server has too many connections',
  '53100': 'the disk of the server is full',
  '28P01': 'the password is wrong',
  '28000': 'the role may not log in',
  '3D000': 'the database is missing',
  ECONNREFUSED: 'nothing listens there',
  TIMEOUT:
    'the connection is held by others, or lost: too small a pool, or a network that drops packets',
}

/** Why an exchange with PostgreSQL has failed: the breakers decide by themselves meanwhile. */
export class PostgresStoreError extends Error {
  static {
    this.prototype.name = 'PostgresStoreError'
  }

  /**
   * The SQLSTATE, such as `42P01`, or what the connection has failed with, such as `ECONNREFUSED`; `TIMEOUT` if a
   * query took more than two seconds; otherwise `ERROR`.
   */
  readonly code: string

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static of(error: unknown): PostgresStoreError {
    const { code, message } = Object(error) as { code?: unknown; message?: unknown }
    const said = String(message || error)
    const known = typeof code === 'string' ? code : undefined
    const of = known ?? (/timeout/i.test(said) ? 'TIMEOUT' : 'ERROR')
    const advice = ADVICE[of]
    const text = advice === undefined ? said : `${said} (${of}: ${advice})`
    return new PostgresStoreError(text, of, { cause: error })
  }
}
