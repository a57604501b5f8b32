import { int, mysqlTable } from 'drizzle-orm/mysql-core'
import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2'
import createKnex, { type Knex } from 'knex'
import mysql, { type PoolConnection } from 'mysql2'
import promises from 'mysql2/promise'
import { protect } from '../../../../src/index.ts'
import {
  type Database,
  type DatabaseClient,
  type DatabaseTests,
  type Transaction,
  tested,
  transactionOf,
  WRONG,
} from '../contract.ts'
import { Server } from '../server.ts'

const orders = mysqlTable('orders', { id: int() })
const SLEEP = 'select sleep(60)'

const account = { host: '127.0.0.1', user: 'root', database: 'shop' }
type Rows = promises.RowDataPacket[]

async function createDatabase(): Promise<Database> {
  const server = await Server.mariadb()
  const { port } = server
  const control = await promises.createConnection({ ...account, port, database: 'mysql' })
  await control.query('create database shop')
  await control.query('use shop')
  await control.query('create table orders (id int)')
  const numbers = async (text: string): Promise<number[]> => {
    const [rows] = await control.query<Rows>(text)
    return rows.map(({ n }) => n)
  }
  return {
    server,
    clear: async () => {
      const others =
        'select id as n from information_schema.processlist where id <> connection_id() and db = "shop"'
      for (const id of await numbers(others)) await control.query(`kill ${id}`).catch(() => {})
      await control.query('truncate orders')
    },
    stored: () => numbers('select id as n from orders order by id'),
    openTransactions: async () =>
      (await numbers('select trx_mysql_thread_id as n from information_schema.innodb_trx')).length,
    running: async () =>
      (
        await numbers(
          `select id as n from information_schema.processlist where info = '${SLEEP}' and id <> connection_id()`,
        )
      ).length,
    end: async () => {
      await control.end()
      await server.end()
    },
  }
}

const pool: DatabaseClient<promises.Pool, promises.Pool> = {
  name: 'mysql2/promise, pool',
  packages: ['mysql2'],
  guarded: 'protect(mysql.createPool(…), breaker)',
  trap: 'a call waits for a free connection without limit: set `callTimeout`',
  open: (port) => promises.createPool({ ...account, port, connectionLimit: 1 }),
  close: (raw) => raw.end(),
  guard: protect,
  select: async (client) => (await client.query<Rows>('select 1 as n'))[0][0]?.['n'],
  insert: (client, id) => client.execute('insert into orders (id) values (?)', [id]),
  sleep: (client) => client.query(SLEEP),
  begin: async (client) => {
    const connection = await client.getConnection()
    await connection.beginTransaction()
    const ending = async (end: () => Promise<void>): Promise<void> => {
      try {
        await end()
      } finally {
        connection.release()
      }
    }
    return {
      insert: (id) => connection.execute('insert into orders (id) values (?)', [id]),
      fail: () => connection.query(WRONG),
      commit: () => ending(() => connection.commit()),
      rollback: () => ending(() => connection.rollback()),
    }
  },
}

const connection: DatabaseClient<promises.Connection, promises.Connection> = {
  name: 'mysql2/promise, connection',
  packages: ['mysql2'],
  guarded: 'protect(await mysql.createConnection(…), breaker)',
  trap: 'a lost connection does not come back: create one, under the same breaker',
  connection: 'once',
  open: async (port) =>
    (await promises.createConnection({ ...account, port })).on('error', () => {}),
  close: (raw) => raw.end().catch(() => raw.destroy()),
  guard: protect,
  select: async (client) => (await client.query<Rows>('select 1 as n'))[0][0]?.['n'],
  insert: (client, id) => client.execute('insert into orders (id) values (?)', [id]),
  sleep: (client) => client.query(SLEEP),
  begin: async (client) => {
    await client.beginTransaction()
    return {
      insert: (id) => client.execute('insert into orders (id) values (?)', [id]),
      fail: () => client.query(WRONG),
      commit: () => client.commit(),
      rollback: () => client.rollback(),
    }
  },
}

type Callback<T> = (error: Error | null, value: T) => unknown

function called<T = unknown>(run: (callback: Callback<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, value) => (error ? reject(error) : resolve(value)))
  })
}

const callbacks: DatabaseClient<mysql.Pool, mysql.Pool> = {
  name: 'mysql2 with callbacks, pool',
  packages: ['mysql2'],
  guarded: "protect(pool, breaker, { methods: ['query', 'execute', 'getConnection'] })",
  trap: '`query` without a callback returns an emitter, which is not guarded: `query(…).stream()` is',
  open: (port) => mysql.createPool({ ...account, port, connectionLimit: 1 }),
  close: (raw) => called((callback) => raw.end(callback as (error: Error | null) => void)),
  guard: (raw, breaker) =>
    protect(raw, breaker, { methods: ['query', 'execute', 'getConnection'] }),
  select: async (client) =>
    (await called<Rows>((callback) => client.query('select 1 as n', callback)))[0]?.['n'],
  insert: (client, id) =>
    called((callback) => client.execute('insert into orders (id) values (?)', [id], callback)),
  sleep: (client) => called((callback) => client.query(SLEEP, callback)),
  begin: async (client): Promise<Transaction> => {
    const connection = await called<PoolConnection>((callback) => client.getConnection(callback))
    const query = (text: string): Promise<unknown> =>
      called((callback) => connection.query(text, callback))
    await query('begin')
    return transactionOf(query, () => connection.release())
  },
}

const knex: DatabaseClient<Knex, Knex> = {
  name: 'knex',
  packages: ['mysql2', 'knex'],
  guarded: "protect(knex({ client: 'mysql2', … }), breaker)",
  trap: '`trx(…)` is never rejected, `knex(…).transacting(trx)` is',
  open: (port) =>
    createKnex({ client: 'mysql2', connection: { ...account, port }, pool: { min: 0, max: 1 } }),
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

const drizzleOverPool: DatabaseClient<promises.Pool, MySql2Database> = {
  name: 'drizzle-orm over a guarded mysql2 pool',
  packages: ['mysql2', 'drizzle-orm'],
  guarded: 'drizzle({ client: protect(pool, breaker) })',
  trap: 'look for the rejection in `cause`',
  open: pool.open,
  close: pool.close,
  guard: (raw, breaker) => drizzle({ client: protect(raw, breaker) }),
  select: async (db) => {
    const [rows] = await db.execute('select 1 as n')
    return (rows as unknown as Rows)[0]?.['n']
  },
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

const guardedDrizzle: DatabaseClient<promises.Pool, MySql2Database> = {
  ...drizzleOverPool,
  name: 'guarded drizzle-orm over a mysql2 pool',
  packages: ['mysql2', 'drizzle-orm'],
  guarded: 'protect(drizzle({ client: pool }), breaker)',
  trap: 'what an action throws to roll back counts as a failure: better guard the pool',
  guard: (raw, breaker) => protect(drizzle({ client: raw }), breaker),
}

export const mariadbTests: DatabaseTests = {
  name: 'MariaDB',
  create: createDatabase,
  clients: [
    tested(pool),
    tested(connection),
    tested(callbacks),
    tested(knex),
    tested(drizzleOverPool),
    tested(guardedDrizzle),
  ],
}
