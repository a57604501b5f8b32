import type { RedisClient } from '../redis/index.ts'
import { CliError, EXIT } from './cli-error.ts'
import { importFirst } from './packages.ts'

/** A client of Redis that was connected for the command, and how it ends. */
export interface Connection {
  readonly client: RedisClient
  close(): void
}

/** Connects to a server, or to a cluster of which it knows one node. */
export type Connect = (url: URL, isCluster: boolean) => Promise<Connection>

/** As much of the packages as is used; which of them there is, is not known before. */
interface NodeRedisPackage {
  createClient(options: object): NodeRedisLike
  createCluster(options: object): NodeRedisLike
}

interface NodeRedisLike {
  on(event: 'error', listener: () => void): this
  connect(): Promise<unknown>
  destroy(): void
}

interface IoRedisPackage {
  readonly Redis: new (url: string, options: object) => IoRedisLike
  readonly Cluster: new (nodes: readonly string[], options: object) => IoRedisLike
}

interface IoRedisLike {
  on(event: 'error', listener: () => void): this
  connect(): Promise<unknown>
  disconnect(): void
}

const CONNECT_TIME = 5_000
/** How long to wait before it connects again, ms; a connection that never stood is given up at once. */
const AGAIN = 500

/** The clients that people have, in this order. They know TLS, passwords and clusters. */
const PACKAGES: ReadonlyMap<string, (found: never) => Connect> = new Map<
  string,
  (found: never) => Connect
>([
  ['redis', byNodeRedis],
  ['ioredis', byIoRedis],
  ['iovalkey', byIoRedis],
])

/** Finds a client of Redis where the command is run, or where it is installed. */
export async function findConnect(folder: string): Promise<Connect> {
  const found = await importFirst(folder, PACKAGES.keys())
  const connectBy = found && PACKAGES.get(found.name)
  if (connectBy !== undefined) return connectBy(found?.exported as never)
  throw new CliError(
    EXIT.usage,
    'To ask Redis, the command needs a client of it, and there is none here. Install one where you run it: npm install redis (or ioredis, or iovalkey).',
  )
}

function byNodeRedis({ createClient, createCluster }: NodeRedisPackage): Connect {
  return async (url, isCluster) => {
    let stood = false
    const reconnectStrategy = (): number | false => (stood ? AGAIN : false)
    const socket = { connectTimeout: CONNECT_TIME, reconnectStrategy }
    const client = isCluster
      ? createCluster({
          rootNodes: [{ url: url.href }],
          defaults: { socket, ...credentialsOf(url) },
        })
      : createClient({ url: url.href, socket })
    client.on('error', () => {})
    await client.connect()
    stood = true
    return { client: client as unknown as RedisClient, close: () => client.destroy() }
  }
}

function byIoRedis({ Redis, Cluster }: IoRedisPackage): Connect {
  return async (url, isCluster) => {
    let stood = false
    const retryStrategy = (): number | null => (stood ? AGAIN : null)
    const options = { lazyConnect: true, connectTimeout: CONNECT_TIME, enableOfflineQueue: false }
    const client = isCluster
      ? new Cluster([url.href], {
          ...options,
          clusterRetryStrategy: retryStrategy,
          redisOptions: {
            ...credentialsOf(url),
            ...(url.protocol === 'rediss:' && { tls: {} }),
          },
        })
      : new Redis(url.href, { ...options, retryStrategy })
    client.on('error', () => {})
    await client.connect()
    stood = true
    return { client: client as unknown as RedisClient, close: () => client.disconnect() }
  }
}

/** Who it connects as: a cluster takes that from the address of none of its nodes. */
function credentialsOf({ username, password }: URL): object {
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  }
}
