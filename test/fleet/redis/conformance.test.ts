import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StoreAdapter, storeCases } from '../../../src/fleet/testing/index.ts'
import { redisStore } from '../../../src/redis/index.ts'
import { keysOf } from '../../../src/redis/keys.ts'
import { NotApplicableError } from '../../../src/testing/index.ts'
import { Server } from '../../clients/databases/server.ts'

let server: Server
let redis: Redis
beforeAll(async () => {
  server = await Server.redis()
  const settings = { retryStrategy: () => 50, enableOfflineQueue: false }
  redis = new Redis(server.port, '127.0.0.1', settings).on('error', () => {})
  await new Promise((resolve) => redis.once('ready', resolve))
})
afterAll(async () => {
  redis.disconnect()
  await server.end()
})

const adapter: StoreAdapter = {
  name: 'redisStore',
  lacks: { 'compare and swap': 'it decides by itself' },
  setUp() {
    const namespace = randomUUID()
    return {
      open: () => redisStore(redis, { namespace }),
      lose: () => redis.flushall(),
      cut: () => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
      freeze: () => server.freeze(),
      thaw: () => server.thaw(),
      putNewer: (name) => redis.hset(keysOf(namespace, 0).breaker(name), 'v', '2'),
    }
  },
}

describe('redisStore', () => {
  it.each(storeCases)('$id: $title: $expects', async ({ run, requires }) => {
    const ended = await run(adapter).catch((error: unknown) => error)

    if (requires.includes('compare and swap')) expect(ended).toBeInstanceOf(NotApplicableError)
    else expect(ended).toBeUndefined()
  })
})
