/** The table that there is, if nothing else is said. */
export const TABLE = 'short_circuit_fleet'

/** Quotes the name of a table, perhaps with its schema. */
export function quoted(table: string): string {
  const parts = typeof table === 'string' ? table.split('.') : []
  if (
    parts.length > 2 ||
    !parts.every((part) => /^[A-Za-z_][\w$]{0,62}$/.test(part)) ||
    !parts[0]
  ) {
    throw new TypeError(
      `table must be a name or schema.name, of letters, digits, '_' and '$', got ${String(table)}`,
    )
  }
  return parts.map((part) => `"${part}"`).join('.')
}

/**
 * The SQL that creates the table of `postgresStore`, for a migration. What is there already is left as it is.
 *
 * @param table as the option `table` of `postgresStore`
 * @throws TypeError if that is no name of a table
 * @example
 * import { createTable } from 'short-circuit/postgres'
 *
 * console.assert(createTable().startsWith('CREATE TABLE IF NOT EXISTS "short_circuit_fleet"'))
 */
export function createTable(table: string = TABLE): string {
  return `CREATE TABLE IF NOT EXISTS ${quoted(table)} (
  namespace text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  rev uuid NOT NULL,
  record bytea NOT NULL,
  expires_at timestamptz,
  PRIMARY KEY (namespace, name)
) WITH (fillfactor = 50);
`
}

/** The time of the engine, ms. */
const NOW = 'extract(epoch FROM clock_timestamp()) * 1000'

/** The longest record that a notification has room for, in bytes. */
const MOST_BYTES = 5_000

const PUSH = `pg_notify($7, json_build_array($8::text, $2::text, ${NOW},
  CASE WHEN octet_length($4::bytea) <= ${MOST_BYTES} THEN encode($4::bytea, 'base64') END)::text)`

/** The statements of a store. Parameters: namespace, name, rev, record, ms to live, rev before, channel, table. */
export interface Statements {
  readonly load: string
  insert(pushes: boolean): string
  update(pushes: boolean): string
}

export function statementsOf(table: string): Statements {
  const t = quoted(table)
  const expires = `clock_timestamp() + $5::float8 * interval '1 millisecond'`
  const saved = (pushes: boolean): string => `SELECT ${pushes ? PUSH : '1'} FROM saved`
  return {
    load: `SELECT ${NOW} AS now, rev::text,
  CASE WHEN expires_at <= clock_timestamp() THEN NULL ELSE record END AS record
FROM (SELECT 1) AS one LEFT JOIN ${t} ON namespace = $1 AND name = $2`,
    // The table grows by new names only, which is when it is cleaned.
    insert: (pushes) => `WITH gone AS (
  DELETE FROM ${t} WHERE (namespace, name) IN (
    SELECT namespace, name FROM ${t} WHERE namespace = $1 AND expires_at <= clock_timestamp()
    LIMIT 100 FOR UPDATE SKIP LOCKED)
), saved AS (
  INSERT INTO ${t} (namespace, name, rev, record, expires_at)
  SELECT $1::text, $2::text, $3::uuid, $4::bytea, ${expires} WHERE $6 = ''
  ON CONFLICT DO NOTHING RETURNING 1
) ${saved(pushes)}`,
    update: (pushes) => `WITH saved AS (
  UPDATE ${t} SET rev = $3::uuid, record = $4::bytea, expires_at = ${expires}
  WHERE namespace = $1 AND name = $2 AND rev = $6::uuid RETURNING 1
) ${saved(pushes)}`,
  }
}
