import { Cluster, Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis-5'
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey'
import { createClient, createCluster } from 'redis'
import { createClient as createClient5 } from 'redis-5'
import type { RedisClient } from '../../../src/redis/index.ts'

/** A client of one of the packages, as its users create it, and what tests do with it. */
export interface Connected {
  readonly client: RedisClient
  /** Whether the client tells that it has subscribed again. */
  readonly tellsReady: boolean
  command(name: string, ...args: string[]): Promise<unknown>
  close(): void
}

type Connect = (port: number) => Promise<Connected>

const HOST = '127.0.0.1'
const reconnectStrategy = (): number => 50
const retryStrategy = reconnectStrategy

const nodeRedis =
  (create: typeof createClient | typeof createClient5): Connect =>
  async (port) => {
    const socket = { host: HOST, port, reconnectStrategy }
    const client = (create as typeof createClient)({ socket })
    await client.on('error', () => {}).connect()
    return {
      client,
      tellsReady: true,
      command: (...words) => client.sendCommand(words),
      close: () => client.destroy(),
    }
  }

const nodeRedisCluster: Connect = async (port) => {
  const client = createCluster({ rootNodes: [{ socket: { host: HOST, port, reconnectStrategy } }] })
  await client.on('error', () => {}).connect()
  return {
    client,
    tellsReady: true,
    command: (...words) => client.sendCommand(undefined, false, words),
    close: () => client.destroy(),
  }
}

const ioRedis =
  (create: (port: number) => Redis | Redis5 | Valkey | Cluster | ValkeyCluster): Connect =>
  async (port) => {
    const client = create(port) as Redis
    client.on('error', () => {})
    if (client.status !== 'ready') await new Promise((resolve) => client.once('ready', resolve))
    return {
      client,
      tellsReady: !client.isCluster,
      command: (name, ...args) => client.call(name, ...args),
      close: () => client.disconnect(),
    }
  }

const quiet = { host: HOST, retryStrategy, enableOfflineQueue: false }

export const CLIENTS: readonly (readonly [string, Connect])[] = [
  ['redis 6', nodeRedis(createClient)],
  ['redis 5', nodeRedis(createClient5)],
  ['ioredis 6', ioRedis((port) => new Redis({ port, ...quiet }))],
  ['ioredis 5', ioRedis((port) => new Redis5({ port, ...quiet }))],
  ['ioredis with a prefix of keys', ioRedis((port) => new Redis({ port, keyPrefix: 'app:' }))],
  ['iovalkey', ioRedis((port) => new Valkey({ port, ...quiet }))],
]

export const CLUSTER_CLIENTS: readonly (readonly [string, Connect])[] = [
  ['createCluster of redis 6', nodeRedisCluster],
  ['Cluster of ioredis 6', ioRedis((port) => new Cluster([{ host: HOST, port }]))],
  ['Cluster of iovalkey', ioRedis((port) => new ValkeyCluster([{ host: HOST, port }]))],
]
