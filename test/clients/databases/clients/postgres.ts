import { sql as statement } from 'drizzle-orm'
import { type NodePgDatabase, drizzle as overPg } from 'drizzle-orm/node-postgres'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import { drizzle as overPostgres, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import createKnex, { type Knex } from 'knex'
import pg from 'pg'
import postgres from 'postgres'
import { protect } from '../../../../src/index.ts'
import {
  type Database,
  type DatabaseClient,
  type DatabaseTests,
  insertOrder,
  tested,
  transactionOf,
  WRONG,
} from '../contract.ts'
import { Server } from '../server.ts'
import { prisma } from './prisma.ts'

const orders = pgTable('orders', { id: integer() })
const SLEEP = 'select pg_sleep(60)'

async function createDatabase(): Promise<Database> {
  const server = await Server.postgres()
  const { port } = server
  const control = new pg.Client({ ...account, port })
  await control.connect()
  await control.query('create table orders (id int)')
  const count = async (condition: string): Promise<number> => {
    const text = `select count(*)::int as n from pg_stat_activity where pid <> pg_backend_pid() and ${condition}`
    const { rows } = await control.query<{ n: number }>(text)
    return rows[0]?.n ?? Number.NaN
  }
  return {
    server,
    clear: async () => {
      await control.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where pid <> pg_backend_pid() and backend_type = 'client backend'`,
      )
      await control.query('truncate orders')
    },
    stored: async () => {
      const { rows } = await control.query<{ id: number }>('select id from orders order by id')
      return rows.map(({ id }) => id)
    },
    openTransactions: () => count(`state like 'idle in transaction%'`),
    running: () => count(`state = 'active' and query like '%pg_sleep%'`),
    end: async () => {
      await control.end()
      await server.end()
    },
  }
}

const account = { host: '127.0.0.1', user: 'root', database: 'postgres' }

function openPool(port: number): pg.Pool {
  return new pg.Pool({ ...account, port, max: 1 }).on('error', () => {})
}

function openPostgres(port: number): postgres.Sql {
  return postgres({ ...account, port, max: 1, backoff: false, onnotice: () => {} })
}

const pool: DatabaseClient<pg.Pool, pg.Pool> = {
  name: 'pg.Pool',
  packages: ['pg'],
  guarded: 'protect(new pg.Pool(…), breaker)',
  trap: 'without `connectionTimeoutMillis` a call waits for a free connection without limit',
  open: openPool,
  close: (raw) => raw.end(),
  guard: protect,
  select: async (client) => (await client.query('select 1 as n')).rows[0].n,
  insert: (client, id) => client.query(insertOrder(id)),
  sleep: (client) => client.query(SLEEP),
  begin: async (client) => {
    const connection = await client.connect()
    connection.on('error', () => {})
    await connection.query('begin')
    return transactionOf(
      (text) => connection.query(text),
      () => connection.release(),
    )
  },
}

const client: DatabaseClient<pg.Client, pg.Client> = {
  name: 'pg.Client',
  packages: ['pg'],
  guarded: 'protect(new pg.Client(…), breaker)',
  trap: 'a lost connection does not come back: create a client, under the same breaker',
  connection: 'once',
  open: async (port) => {
    const opened = new pg.Client({ ...account, port }).on('error', () => {})
    await opened.connect()
    return opened
  },
  close: (raw) => raw.end(),
  guard: protect,
  select: async (client) => (await client.query('select 1 as n')).rows[0].n,
  insert: (client, id) => client.query(insertOrder(id)),
  sleep: (client) => client.query(SLEEP),
  begin: async (client) => {
    await client.query('begin')
    return transactionOf((text) => client.query(text))
  },
}

const postgresJs: DatabaseClient<postgres.Sql, postgres.Sql> = {
  name: 'postgres',
  packages: ['postgres'],
  guarded: 'protect(postgres(…), breaker)',
  trap: 'set `callTimeout`: statements wait while it reconnects, and never end on a reserved connection that has died',
  hangsWhenDead: true,
  open: openPostgres,
  close: (raw) => raw.end({ timeout: 0 }),
  guard: protect,
  select: async (sql) => (await sql`select 1 as n`)[0]?.['n'],
  // Of a helper and a fragment.
  insert: (sql, id) => sql`insert into orders ${sql([{ id }])} ${sql`returning id`}`,
  sleep: (sql) => sql.unsafe(SLEEP),
  begin: async (sql) => {
    const reserved = await sql.reserve()
    await reserved`begin`
    return transactionOf(
      (text) => reserved.unsafe(text),
      () => reserved.release(),
    )
  },
  transact: (sql, action) =>
    sql.begin((tx) =>
      action({
        insert: (id) => tx`insert into orders ${tx([{ id }])}`,
        fail: () => tx.unsafe(WRONG),
      }),
    ),
}

const knex: DatabaseClient<Knex, Knex> = {
  name: 'knex',
  packages: ['pg', 'knex'],
  guarded: "protect(knex({ client: 'pg', … }), breaker)",
  trap: '`trx(…)` is never rejected, `knex(…).transacting(trx)` is',
  open: (port) =>
    createKnex({ client: 'pg', connection: { ...account, port }, pool: { min: 0, max: 1 } }),
  close: (raw) => raw.destroy(),
  guard: protect,
  select: async (knex) => (await knex.select(knex.raw('1 as n')))[0].n,
  insert: (knex, id) => knex('orders').insert({ id }),
  sleep: (knex) => knex.raw(SLEEP),
  begin: async (knex) => {
    const trx = await knex.transaction()
    return {
      insert: (id) => trx('orders').insert({ id }),
      fail: () => trx.raw(WRONG),
      commit: () => trx.commit(),
      rollback: () => trx.rollback(),
    }
  },
  transact: (knex, action) =>
    knex.transaction((trx) =>
      action({ insert: (id) => trx('orders').insert({ id }), fail: () => trx.raw(WRONG) }),
    ),
}

const drizzleOverPool: DatabaseClient<pg.Pool, NodePgDatabase> = {
  name: 'drizzle-orm over a guarded pg.Pool',
  packages: ['pg', 'drizzle-orm'],
  guarded: 'drizzle({ client: protect(pool, breaker) })',
  trap: 'look for the rejection in `cause`',
  open: openPool,
  close: (raw) => raw.end(),
  guard: (raw, breaker) => overPg({ client: protect(raw, breaker) }),
  select: async (db) => (await db.execute<{ n: number }>('select 1 as n')).rows[0]?.n,
  insert: (db, id) => db.insert(orders).values({ id }),
  sleep: (db) => db.execute(SLEEP),
  transact: (db, action) =>
    db.transaction((tx) =>
      action({
        insert: (id) => tx.insert(orders).values({ id }),
        fail: () => tx.execute(WRONG),
      }),
    ),
}

const guardedDrizzle: DatabaseClient<pg.Pool, NodePgDatabase> = {
  ...drizzleOverPool,
  name: 'guarded drizzle-orm over pg.Pool',
  packages: ['pg', 'drizzle-orm'],
  guarded: 'protect(drizzle({ client: pool }), breaker)',
  trap: 'what an action throws to roll back counts as a failure: better guard the pool',
  guard: (raw, breaker) => protect(overPg({ client: raw }), breaker),
}

const drizzleOverPostgres: DatabaseClient<postgres.Sql, PostgresJsDatabase> = {
  name: 'drizzle-orm over guarded postgres',
  packages: ['postgres', 'drizzle-orm'],
  guarded: 'drizzle({ client: protect(sql, breaker) })',
  trap: 'an action counts once, and what it throws to roll back as a failure',
  open: openPostgres,
  close: (raw) => raw.end({ timeout: 0 }),
  guard: (raw, breaker) => overPostgres({ client: protect(raw, breaker) }),
  select: async (db) => (await db.execute<{ n: number }>(statement`select 1 as n`))[0]?.n,
  insert: (db, id) => db.insert(orders).values({ id }),
  sleep: (db) => db.execute(SLEEP),
  transact: (db, action) =>
    db.transaction((tx) =>
      action({
        insert: (id) => tx.insert(orders).values({ id }),
        fail: () => tx.execute(WRONG),
      }),
    ),
}

const guardedDrizzleOverPostgres: DatabaseClient<postgres.Sql, PostgresJsDatabase> = {
  ...drizzleOverPostgres,
  name: 'guarded drizzle-orm over postgres',
  packages: ['postgres', 'drizzle-orm'],
  guarded: 'protect(drizzle({ client: sql }), breaker)',
  trap: 'the same',
  guard: (raw, breaker) => protect(overPostgres({ client: raw }), breaker),
}

export const postgresTests: DatabaseTests = {
  name: 'PostgreSQL',
  create: createDatabase,
  clients: [
    tested(pool),
    tested(client),
    tested(postgresJs),
    tested(knex),
    tested(drizzleOverPool),
    tested(guardedDrizzle),
    tested(drizzleOverPostgres),
    tested(guardedDrizzleOverPostgres),
    prisma,
  ],
}
