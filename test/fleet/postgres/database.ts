import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { FleetStore } from '../../../src/fleet/index.ts'
import {
  createTable,
  type PostgresStoreOptions,
  postgresStore,
} from '../../../src/postgres/index.ts'
import { Server } from '../../clients/databases/server.ts'

export type Pool = InstanceType<typeof pg.Pool>
export type Client = InstanceType<typeof pg.Client>

/** A real PostgreSQL with the table of the store, and what tests do to it. */
export class Database {
  readonly server: Server
  readonly #pools: Pool[] = []
  #control: Client | undefined

  private constructor(server: Server) {
    this.server = server
  }

  static async start(): Promise<Database> {
    const database = new Database(await Server.postgres())
    await database.run(createTable())
    return database
  }

  get config(): pg.ClientConfig {
    return { host: '127.0.0.1', user: 'root', database: 'postgres', port: this.server.port }
  }

  pool(config: object = {}): Pool {
    // Clients of the pool that are idle report that they were ended.
    const pool = new pg.Pool({ ...this.config, ...config }).on('error', () => {})
    this.#pools.push(pool)
    return pool
  }

  /** As a superuser, on a connection of its own. */
  async run(text: string, values: unknown[] = []): Promise<unknown[]> {
    this.#control ??= await this.client()
    return (await this.#control.query(text, values)).rows
  }

  async client(): Promise<Client> {
    const client = new pg.Client(this.config)
    client.on('error', () => {
      if (this.#control === client) this.#control = undefined
    })
    await client.connect()
    return client
  }

  /** Ends connections by what they have done last. */
  async terminate(query: string): Promise<void> {
    await this.run(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND query LIKE $1`,
      [query],
    )
  }

  /** A store of an empty fleet, with a pool of its own. */
  store(options: Partial<PostgresStoreOptions> = {}, config: object = {}): FleetStore {
    return postgresStore(this.pool(config), { namespace: randomUUID(), ...options })
  }

  async end(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()))
    await this.#control?.end()
    await this.server.end()
  }
}
