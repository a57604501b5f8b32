import type { FleetStore } from '../fleet/index.ts'
import { RedisStoreError, redisStore } from '../redis/index.ts'
import type { Flags } from './arguments.ts'
import { CliError, EXIT, usage } from './cli-error.ts'
import { Client } from './client.ts'
import type { Io } from './io.ts'
import type { Connection } from './redis-client.ts'
import type { Source } from './source.ts'
import { StoreSource } from './store-source.ts'

/** What is asked, and how that ends. */
export interface OpenSource {
  readonly source: Source
  close(): Promise<void>
}

/** The admin of a process, or the store of a fleet: what flags say comes first, then the environment. */
export async function openSource(flags: Flags, io: Io): Promise<OpenSource> {
  const { env } = io
  if (flags.url !== undefined && flags.store !== undefined) {
    throw usage('Give --url for one process or --store for a fleet, not both.')
  }
  const store = flags.store ?? (flags.url === undefined ? env['SHORT_CIRCUIT_STORE'] : undefined)
  if (store === undefined) return { source: new Client(io, flags.url), close: async () => {} }
  return openStore(store, flags, io)
}

async function openStore(address: string, flags: Flags, io: Io): Promise<OpenSource> {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || !/^rediss?:$/.test(url.protocol)) {
    throw usage('--store must be an address of Redis, as redis://localhost:6379 or rediss://….')
  }
  const namespace = flags.namespace ?? io.env['SHORT_CIRCUIT_NAMESPACE']
  if (namespace === undefined) {
    throw usage('Which fleet? Add --namespace NS, or set SHORT_CIRCUIT_NAMESPACE.')
  }
  const shards = Number(flags.shards ?? io.env['SHORT_CIRCUIT_SHARDS'] ?? 1)
  const where = `${url.protocol}//${url.host}`
  const connect = await io.findConnect()
  const open = async (isCluster: boolean): Promise<OpenSource & { readonly store: FleetStore }> => {
    let connection: Connection
    try {
      connection = await connect(url, isCluster)
    } catch (error) {
      throw unreachable(where, error)
    }
    const store = storeOf(connection, namespace, shards)
    const source = new StoreSource(store, io, namespace, where)
    const close = async (): Promise<void> => {
      await store[Symbol.asyncDispose]()
      connection.close()
    }
    return { source, store, close }
  }
  const opened = await open(false)
  try {
    // A node of a cluster says where the keys are, if they are not with it.
    await opened.store.read?.([], AbortSignal.timeout(5_000))
    return opened
  } catch (error) {
    if (!(error instanceof RedisStoreError && error.message.startsWith('MOVED'))) return opened
    await opened.close()
    return open(true)
  }
}

function storeOf({ client }: Connection, namespace: string, shards: number): FleetStore {
  try {
    return redisStore(client, { namespace, shards })
  } catch (error) {
    throw usage(`${(error as Error).message}.`)
  }
}

function unreachable(where: string, error: unknown): CliError {
  const { code, message, cause } = error as Error & { code?: string; cause?: { code?: string } }
  if (/^(NOAUTH|WRONGPASS|NOPERM)/.test(message)) {
    return new CliError(EXIT.forbidden, `${where} says: ${message}`)
  }
  const why = code ?? cause?.code ?? message
  return new CliError(
    EXIT.failed,
    [
      `Nothing answers at ${where} (${why}).`,
      'Is Redis running there? Set another address with --store or SHORT_CIRCUIT_STORE.',
    ].join('\n'),
  )
}
