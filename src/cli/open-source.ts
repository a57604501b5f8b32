import type { FleetStore } from '../fleet/index.ts'
import { postgresStore } from '../postgres/index.ts'
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

/** A store that was opened, without a password in its address. */
interface OpenStore {
  readonly store: FleetStore
  readonly where: string
  close(): void
}

interface Fleet {
  readonly namespace: string
  readonly flags: Flags
  readonly io: Io
}

async function openStore(address: string, flags: Flags, io: Io): Promise<OpenSource> {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const open = OPENERS.find(([protocol]) => protocol.test(url?.protocol ?? ''))?.[1]
  if (url === undefined || open === undefined) {
    throw usage(
      '--store must be an address of Redis, as redis://localhost:6379 or rediss://…, or of PostgreSQL, as postgres://localhost/shop.',
    )
  }
  const namespace = flags.namespace ?? io.env['SHORT_CIRCUIT_NAMESPACE']
  if (namespace === undefined) {
    throw usage('Which fleet? Add --namespace NS, or set SHORT_CIRCUIT_NAMESPACE.')
  }
  const { store, where, close } = await open(url, { namespace, flags, io })
  return {
    source: new StoreSource(store, io, namespace, where),
    close: async () => {
      await store[Symbol.asyncDispose]()
      close()
    },
  }
}

const OPENERS: readonly (readonly [RegExp, (url: URL, fleet: Fleet) => Promise<OpenStore>])[] = [
  [/^rediss?:$/, openRedis],
  [/^postgres(ql)?:$/, openPostgres],
]

async function openRedis(url: URL, { namespace, flags, io }: Fleet): Promise<OpenStore> {
  const shards = Number(flags.shards ?? io.env['SHORT_CIRCUIT_SHARDS'] ?? 1)
  const where = `${url.protocol}//${url.host}`
  const connect = await io.findConnect()
  const open = async (isCluster: boolean): Promise<OpenStore> => {
    let connection: Connection
    try {
      connection = await connect(url, isCluster)
    } catch (error) {
      throw unreachable('Redis', where, error)
    }
    const { client, close } = connection
    return { store: checked(() => redisStore(client, { namespace, shards })), where, close }
  }
  const opened = await open(false)
  try {
    // A node of a cluster says where the keys are, if they are not with it.
    await opened.store.read?.([], AbortSignal.timeout(5_000))
    return opened
  } catch (error) {
    if (!(error instanceof RedisStoreError && error.message.startsWith('MOVED'))) return opened
    await opened.store[Symbol.asyncDispose]()
    opened.close()
    return open(true)
  }
}

async function openPostgres(url: URL, { namespace, flags, io }: Fleet): Promise<OpenStore> {
  const table = flags.table ?? io.env['SHORT_CIRCUIT_TABLE']
  const where = `${url.protocol}//${url.host}${url.pathname}`
  const createPool = await io.findCreatePool()
  const { pool, close } = createPool(url)
  const store = checked(() => postgresStore(pool, { namespace, table, createClient: false }))
  try {
    await store.read?.([], AbortSignal.timeout(5_000))
  } catch (error) {
    close()
    throw unreachable('PostgreSQL', where, error)
  }
  return { store, where, close }
}

/** What is wrong with an option is wrong in the command line. */
function checked(create: () => FleetStore): FleetStore {
  try {
    return create()
  } catch (error) {
    throw usage(`${(error as Error).message}.`)
  }
}

/** What a server says, in place of silence, to those whom it does not let in. */
const FORBIDDEN = /^(NOAUTH|WRONGPASS|NOPERM|28000|28P01|42501)\b/

function unreachable(server: string, where: string, error: unknown): CliError {
  const { code, message, cause } = error as Error & { code?: string; cause?: { code?: string } }
  if (FORBIDDEN.test(code ?? '') || FORBIDDEN.test(message)) {
    return new CliError(EXIT.forbidden, `${where} says: ${message}`)
  }
  // It has an answer, which says what to do.
  if (/^\d[0-9A-Z]{4}$/.test(code ?? ''))
    return new CliError(EXIT.failed, `${where} says: ${message}`)
  const why = code ?? cause?.code ?? message
  return new CliError(
    EXIT.failed,
    [
      `Nothing answers at ${where} (${why}).`,
      `Is ${server} running there? Set another address with --store or SHORT_CIRCUIT_STORE.`,
    ].join('\n'),
  )
}
