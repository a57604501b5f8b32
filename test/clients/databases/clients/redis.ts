import { Redis } from 'ioredis'
import { createClient, createClientPool } from 'redis'
import { expect } from 'vitest'
import { protect } from '../../../../src/index.ts'
import { type Database, type DatabaseClient, type DatabaseTests, tested } from '../contract.ts'
import { Server } from '../server.ts'

async function createDatabase(): Promise<Database> {
  const server = await Server.redis()
  const control = new Redis(server.port)
  const clients = async (pattern: RegExp): Promise<number> => {
    const list = await control.client('LIST')
    return String(list)
      .split('\n')
      .filter((line) => pattern.test(line)).length
  }
  return {
    server,
    clear: async () => {
      await control.call('client', 'kill', 'type', 'normal', 'skipme', 'yes')
      await control.flushall()
      await control.set('one', 'the only key')
    },
    stored: async () => (await control.lrange('orders', 0, -1)).map(Number).sort((a, b) => a - b),
    openTransactions: () => clients(/ multi=\d/),
    running: () => clients(/ flags=\w*b/),
    end: async () => {
      control.disconnect()
      await server.end()
    },
  }
}

const ioredis: DatabaseClient<Redis, Redis> = {
  name: 'ioredis',
  packages: ['ioredis'],
  guarded: 'protect(new Redis(…), breaker)',
  trap: '`enableOfflineQueue: false`, or commands wait for a connection; `pipeline().exec()` fulfils with the errors of its commands',
  connection: 'again',
  open: async (port) => {
    const redis = new Redis(port, {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 5,
    }).on('error', () => {})
    await redis.connect()
    return redis
  },
  close: (raw) => raw.disconnect(),
  ready: (raw) => expect.poll(() => raw.status).toBe('ready'),
  guard: protect,
  select: (redis) => redis.exists('one'),
  insert: (redis, id) => redis.rpush('orders', id),
  sleep: (redis) => redis.blpop('missing', 0),
  begin: async (redis) => {
    await redis.multi({ pipeline: false })
    return {
      insert: (id) => redis.rpush('orders', id),
      fail: () => redis.call('nonsense'),
      commit: () => redis.exec(),
      rollback: () => redis.discard(),
    }
  },
}

function connected(port: number) {
  const socket = { host: '127.0.0.1', port, reconnectStrategy: 5 } as const
  return createClient({ socket, disableOfflineQueue: true })
    .on('error', () => {})
    .connect()
}
type Client = Awaited<ReturnType<typeof connected>>

const redis: DatabaseClient<Client, Client> = {
  name: 'redis',
  packages: ['redis'],
  guarded: 'protect(createClient(…), breaker)',
  trap: '`disableOfflineQueue: true`, or commands wait for a connection',
  connection: 'again',
  open: connected,
  close: (raw) => raw.destroy(),
  ready: (raw) => expect.poll(() => raw.isReady).toBe(true),
  guard: protect,
  select: (redis) => redis.exists('one'),
  insert: (redis, id) => redis.rPush('orders', String(id)),
  sleep: (redis) => redis.blPop('missing', 0),
  begin: async (redis) => {
    await redis.sendCommand(['MULTI'])
    return {
      insert: (id) => redis.sendCommand(['RPUSH', 'orders', String(id)]),
      fail: () => redis.sendCommand(['NONSENSE']),
      commit: () => redis.sendCommand(['EXEC']),
      rollback: () => redis.sendCommand(['DISCARD']),
    }
  },
}

async function pooled(port: number) {
  const socket = { host: '127.0.0.1', port, reconnectStrategy: 5 } as const
  const options = { socket, disableOfflineQueue: true } as const
  const pool = createClientPool(options, { minimum: 1, maximum: 1 })
  await pool.on('error', () => {}).connect()
  return pool
}
type Pool = Awaited<ReturnType<typeof pooled>>

const pool: DatabaseClient<Pool, Pool> = {
  name: 'redis, pool',
  packages: ['redis'],
  guarded: 'protect(createClientPool(…), breaker)',
  trap: 'the same; an action of `execute` counts once',
  open: pooled,
  close: (raw) => raw.destroy(),
  ready: (raw) => expect.poll(() => raw.exists('one').catch(() => 0)).toBe(1),
  guard: protect,
  select: (redis) => redis.exists('one'),
  insert: (redis, id) => redis.rPush('orders', String(id)),
  sleep: (redis) => redis.blPop('missing', 0),
  transact: (pool, action) =>
    pool.execute(async (redis) => {
      const multi = redis.multi()
      await action({
        insert: async (id) => multi.rPush('orders', String(id)),
        fail: () => redis.sendCommand(['NONSENSE']),
      })
      return multi.exec()
    }),
}

export const redisTests: DatabaseTests = {
  name: 'Redis',
  create: createDatabase,
  clients: [tested(ioredis), tested(redis), tested(pool)],
}
