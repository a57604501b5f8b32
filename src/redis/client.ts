import { kindOf } from '../adapter/call-options.ts'
import type { RedisConnection } from './connection.ts'
import { IoRedis, type IoRedisClient } from './ioredis.ts'
import { NodeRedis, type NodeRedisClient } from './node-redis.ts'

/**
 * A connected client of the packages `redis` (5, 6), `ioredis` (5, 6) or `iovalkey`, for one server, with Sentinel or for
 * a cluster; or a {@link RedisConnection}. It is neither changed nor closed; a copy of it, by its own
 * `duplicate()`, subscribes.
 */
export type RedisClient = NodeRedisClient | IoRedisClient | RedisConnection

export function connectionOf(client: RedisClient): RedisConnection {
  const { evaluate, evalSha, evalsha } = Object(client) as Record<string, unknown>
  if (typeof evaluate === 'function') return client as RedisConnection
  if (typeof evalSha === 'function') return new NodeRedis(client as NodeRedisClient)
  if (typeof evalsha === 'function') return new IoRedis(client as IoRedisClient)
  throw new TypeError(
    `redisStore takes a client of redis, ioredis or iovalkey, or a RedisConnection, got ${kindOf(client)}`,
  )
}
