/**
 * The store of a fleet in Redis or Valkey. Experimental: it may change in any version.
 *
 * @module
 */
export type { RedisClient } from './client.ts'
export type { RedisConnection } from './connection.ts'
export { RedisStoreError } from './errors.ts'
export type { IoRedisClient } from './ioredis.ts'
export type { NodeRedisClient } from './node-redis.ts'
export { type RedisStoreOptions, redisStore } from './redis-store.ts'
