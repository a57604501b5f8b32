/**
 * The store of a fleet in PostgreSQL. Experimental: it may change in any version.
 *
 * @module
 */
export type { PostgresClient, PostgresPool } from './client.ts'
export { PostgresStoreError } from './errors.ts'
export { type PostgresStoreOptions, postgresStore } from './postgres-store.ts'
export { createTable } from './table.ts'
