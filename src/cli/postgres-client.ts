import type { PostgresPool } from '../postgres/index.ts'
import { CliError, EXIT } from './cli-error.ts'
import { importFirst } from './packages.ts'

/** A pool of PostgreSQL that was made for the command, and how it ends. */
export interface PostgresConnection {
  readonly pool: PostgresPool
  close(): void
}

/** Makes a pool for an address; it connects when it is asked. */
export type CreatePool = (url: URL) => PostgresConnection

/** As much of the package `pg` as is used. */
interface PgPackage {
  readonly Pool: new (
    options: object,
  ) => PostgresPool & {
    on(event: 'error', listener: () => void): unknown
    end(): Promise<unknown>
  }
}

const CONNECT_TIME = 5_000
/** A fleet is read by two queries at once. */
const CONNECTIONS = 2

/** Finds the client of PostgreSQL where the command is run, or where it is installed. */
export async function findCreatePool(folder: string): Promise<CreatePool> {
  const found = await importFirst(folder, ['pg'])
  if (found === undefined) {
    throw new CliError(
      EXIT.usage,
      'To ask PostgreSQL, the command needs a client of it, and there is none here. Install one where you run it: npm install pg.',
    )
  }
  const { Pool } = found.exported as PgPackage
  return (url) => {
    const pool = new Pool({
      connectionString: url.href,
      connectionTimeoutMillis: CONNECT_TIME,
      max: CONNECTIONS,
    })
    // A query tells.
    pool.on('error', () => {})
    return { pool, close: () => void pool.end().catch(() => {}) }
  }
}
