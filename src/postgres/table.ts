import { PROCESS_GONE } from '../fleet/index.ts'

/** The table that there is, if nothing else is said. */
export const TABLE = 'short_circuit_fleet'

/** Quotes the name of a table, perhaps with its schema; `suffix` makes it that of another one beside it. */
export function quoted(table: string, suffix: '' | '_processes' | '_journal' = ''): string {
  const parts = typeof table === 'string' ? table.split('.') : []
  if (
    parts.length > 2 ||
    !parts.every((part) => /^[A-Za-z_][\w$]{0,52}$/.test(part)) ||
    !parts[0]
  ) {
    throw new TypeError(
      `table must be a name or schema.name, of up to 53 letters, digits, '_' and '$', got ${String(table)}`,
    )
  }
  return parts.map((part, i) => `"${part}${i === parts.length - 1 ? suffix : ''}"`).join('.')
}

/**
 * The SQL that creates the tables of `postgresStore`, for a migration: breakers, and what is kept for those who operate
 * the fleet, its processes and its journal. What is there already is left as it is.
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
CREATE TABLE IF NOT EXISTS ${quoted(table, '_processes')} (
  namespace text COLLATE "C" NOT NULL,
  process text COLLATE "C" NOT NULL,
  seen_at timestamptz NOT NULL,
  report json NOT NULL,
  PRIMARY KEY (namespace, process)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS ${quoted(table, '_journal')} (
  namespace text COLLATE "C" NOT NULL,
  changed_at timestamptz NOT NULL,
  rev uuid NOT NULL,
  changes json NOT NULL,
  PRIMARY KEY (namespace, changed_at, rev)
);
`
}

/** The time of the engine, ms. */
const NOW = 'extract(epoch FROM clock_timestamp()) * 1000'

/** The longest record that a notification has room for, in bytes. */
const MOST_BYTES = 5_000

const PUSH = `pg_notify($8, json_build_array($9::text, $2::text, ${NOW},
  CASE WHEN octet_length($4::bytea) <= ${MOST_BYTES} THEN encode($4::bytea, 'base64') END)::text)`

/** So many changes of a fleet are kept. */
const MOST_CHANGES = 1_000

/**
 * The statements of a store. Parameters of those that save: namespace, name, rev, record, ms to live, rev before,
 * changes, channel, table; the last three only if it tells the journal and those who watch.
 */
export interface Statements {
  readonly load: string
  insert(tells: boolean): string
  update(tells: boolean): string
  /** Parameters: namespace, process, what it says. */
  readonly note: string
  /** The clock, and processes; parameter: namespace. */
  readonly processes: string
  /** Parameters: namespace, names or null. */
  readonly records: string
  /** Parameters: namespace, how many. */
  readonly journal: string
}

export function statementsOf(table: string): Statements {
  const t = quoted(table)
  const processes = quoted(table, '_processes')
  const journal = quoted(table, '_journal')
  const expires = `clock_timestamp() + $5::float8 * interval '1 millisecond'`
  const logged = `, logged AS (
  INSERT INTO ${journal} (namespace, changed_at, rev, changes)
  SELECT $1::text, clock_timestamp(), $3::uuid, $7::json FROM saved
), trimmed AS (
  DELETE FROM ${journal} WHERE namespace = $1 AND changed_at <= (
    SELECT changed_at FROM ${journal} WHERE namespace = $1 ORDER BY changed_at DESC
    OFFSET ${MOST_CHANGES - 1} LIMIT 1)
)`
  const saved = (tells: boolean): string =>
    tells ? `${logged} SELECT ${PUSH} FROM saved` : ' SELECT 1 FROM saved'
  return {
    load: `SELECT ${NOW} AS now, rev::text,
  CASE WHEN expires_at <= clock_timestamp() THEN NULL ELSE record END AS record
FROM (SELECT 1) AS one LEFT JOIN ${t} ON namespace = $1 AND name = $2`,
    // The table grows by new names only, which is when it is cleaned.
    insert: (tells) => `WITH gone AS (
  DELETE FROM ${t} WHERE (namespace, name) IN (
    SELECT namespace, name FROM ${t} WHERE namespace = $1 AND expires_at <= clock_timestamp()
    LIMIT 100 FOR UPDATE SKIP LOCKED)
), saved AS (
  INSERT INTO ${t} (namespace, name, rev, record, expires_at)
  SELECT $1::text, $2::text, $3::uuid, $4::bytea, ${expires} WHERE $6 = ''
  ON CONFLICT DO NOTHING RETURNING 1
)${saved(tells)}`,
    update: (tells) => `WITH saved AS (
  UPDATE ${t} SET rev = $3::uuid, record = $4::bytea, expires_at = ${expires}
  WHERE namespace = $1 AND name = $2 AND rev = $6::uuid RETURNING 1
)${saved(tells)}`,
    note: `WITH gone AS (
  DELETE FROM ${processes} WHERE (namespace, process) IN (
    SELECT namespace, process FROM ${processes} WHERE namespace = $1 AND process <> $2
      AND seen_at <= clock_timestamp() - interval '${PROCESS_GONE} milliseconds'
    LIMIT 100 FOR UPDATE SKIP LOCKED)
)
INSERT INTO ${processes} (namespace, process, seen_at, report)
SELECT $1::text, $2::text, clock_timestamp(), $3::json
ON CONFLICT (namespace, process) DO UPDATE SET seen_at = excluded.seen_at, report = excluded.report`,
    processes: `SELECT ${NOW} AS now, extract(epoch FROM seen_at) * 1000 AS seen, report::text
FROM (SELECT 1) AS one LEFT JOIN ${processes} ON namespace = $1`,
    records: `SELECT name, record FROM ${t} WHERE namespace = $1
  AND ($2::text[] IS NULL OR name = ANY($2::text[]))
  AND (expires_at IS NULL OR expires_at > clock_timestamp())
ORDER BY name`,
    journal: `SELECT (extract(epoch FROM changed_at) * 1000000)::bigint::text AS at, rev::text, changes::text
FROM ${journal} WHERE namespace = $1 ORDER BY changed_at DESC, rev DESC LIMIT $2`,
  }
}
