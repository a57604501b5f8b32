import { checkAdapterOptions, kindOf } from '../adapter/call-options.ts'
import { casStore, type FleetStore } from '../fleet/index.ts'
import { clientOf, type PostgresClient, type PostgresPool } from './client.ts'
import { PostgresEngine } from './engine.ts'
import { TABLE } from './table.ts'

export interface PostgresStoreOptions {
  /**
   * Processes with the same one are one fleet. 1 to 48 letters, digits and `.`, `_`, `-`.
   */
  readonly namespace: string
  /**
   * The table, perhaps with its schema: `circuits` or `ops.circuits`. Case counts. `createTable` has the SQL for it.
   *
   * @defaultValue `short_circuit_fleet`
   */
  readonly table?: string | undefined
  /**
   * Returns a new client that is not yet connected, such as `new pg.Client(config)`. It listens, and is ended by the
   * store: it needs a dedicated connection, not one of PgBouncer by transactions. `false` for none: then changes are
   * heard with the next exchange.
   *
   * @defaultValue a client as those of the pool
   */
  readonly createClient?: (() => PostgresClient) | false | undefined
}

/**
 * Returns the store of a fleet that is kept in PostgreSQL: for `shared` of `short-circuit/fleet`. The pool stays
 * the user's; the store never has more than four queries in it.
 *
 * @throws TypeError if the pool or an option is wrong.
 * @example
 * import pg from 'pg'
 * import { CircuitRegistry } from 'short-circuit'
 * import { shared } from 'short-circuit/fleet'
 * import { postgresStore } from 'short-circuit/postgres'
 *
 * const fleet = shared(postgresStore(new pg.Pool(), { namespace: 'shop' }))
 * const circuits = new CircuitRegistry({ shared: fleet })
 * console.assert(circuits.size === 0)
 */
export function postgresStore(pool: PostgresPool, options: PostgresStoreOptions): FleetStore {
  if (typeof pool?.query !== 'function') {
    throw new TypeError(`postgresStore takes a Pool of pg, got ${kindOf(pool)}`)
  }
  const engine = new PostgresEngine(pool, engineOptions(pool, options))
  return { ...casStore(engine), [Symbol.asyncDispose]: async () => engine.close() }
}

/** The options with every default applied. */
export function engineOptions(
  pool: PostgresPool,
  options: PostgresStoreOptions,
): ConstructorParameters<typeof PostgresEngine>[1] {
  const types = { namespace: 'string', table: 'string', createClient: 'function or boolean' }
  checkAdapterOptions('postgresStore', options, types)
  const { namespace, table = TABLE, createClient = clientOf(pool) } = options
  if (typeof namespace !== 'string' || !/^[\w.-]{1,48}$/.test(namespace)) {
    throw new TypeError(
      `namespace must be 1 to 48 letters, digits, '.', '_' or '-', got ${String(namespace)}`,
    )
  }
  return { namespace, table, createClient: createClient || undefined }
}
