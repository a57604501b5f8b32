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
  if ('evaluate' in client) return client
  return 'evalSha' in client ? new NodeRedis(client) : new IoRedis(client)
}
