import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { adviceFor, findTool } from '../../../scripts/tools.mjs'
import type { Answer, Ask, FleetStore, Push } from '../../../src/fleet/index.ts'
import { type RedisClient, redisStore } from '../../../src/redis/index.ts'
import { keysOf } from '../../../src/redis/keys.ts'
import { Server } from '../../clients/databases/server.ts'
import { ask } from '../../helpers/fleet-asks.ts'

const HOST = '127.0.0.1'
const NAME = 'primary'
const said = { by: 'ada', reason: 'a test' }
const trip = { kind: 'trip', for: 600_000, ...said } as const
const force = { kind: 'override', mode: 'forced-open', for: 0, ...said } as const
const lift = { ...force, mode: null } as const

/** A Sentinel that watches one primary, and alone decides to fail over. */
class Sentinel {
  readonly port: number
  readonly #folder: string
  readonly #child: ChildProcess

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port
    this.#folder = folder
    this.#child = child
    process.once('exit', this.#kill)
  }

  readonly #kill = (): void => void this.#child.kill('SIGKILL')

  static async of(primary: number): Promise<Sentinel> {
    const program = findTool('redis-server')
    if (program === undefined) throw new Error(adviceFor('redis-server'))
    const folder = await mkdtemp(join(tmpdir(), 'sentinel-'))
    const listening = createServer().listen(0, HOST)
    await once(listening, 'listening')
    const { port } = listening.address() as { port: number }
    listening.close()
    await once(listening, 'close')
    const file = join(folder, 'sentinel.conf')
    const lines = [
      ...[`port ${port}`, `bind ${HOST}`, `dir ${folder}`],
      `sentinel monitor ${NAME} ${HOST} ${primary} 1`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 5000`,
    ]
    await writeFile(file, `${lines.join('\n')}\n`)
    const child = spawn(program, [file, '--sentinel'], { stdio: 'ignore', cwd: folder })
    return new Sentinel(port, folder, child)
  }

  /** Resolves when it knows of a replica that it can make the primary. */
  async knowsReplica(): Promise<void> {
    const client = new Redis(this.port, HOST, { retryStrategy: () => 50 }).on('error', () => {})
    const isKnown = async (): Promise<boolean> => {
      const [replica] = (await client.call('SENTINEL', 'REPLICAS', NAME)) as string[][]
      const words = replica ?? []
      return words[words.indexOf('master-link-status') + 1] === 'ok'
    }
    await vi.waitUntil(() => isKnown().catch(() => false), { timeout: 45_000, interval: 100 })
    client.disconnect()
  }

  async end(): Promise<void> {
    process.off('exit', this.#kill)
    const gone = once(this.#child, 'exit')
    this.#kill()
    await gone
    await rm(this.#folder, { recursive: true, force: true })
  }
}

type Connected = readonly [client: RedisClient, close: () => unknown]

const CLIENTS: readonly (readonly [string, (port: number) => Promise<Connected>])[] = [
  [
    'ioredis 6',
    async (port) => {
      const sentinels = [{ host: HOST, port }]
      const client = new Redis({ sentinels, name: NAME, enableOfflineQueue: false })
      client.on('error', () => {})
      await new Promise((resolve) => client.once('ready', resolve))
      return [client, () => client.disconnect()]
    },
  ],
  [
    'redis 6',
    async (port) => {
      const client = createSentinel({ name: NAME, sentinelRootNodes: [{ host: HOST, port }] })
      await client.on('error', () => {}).connect()
      return [client, () => client.destroy()]
    },
  ],
]

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function exchange(store: FleetStore, one: Partial<Ask> = {}): Promise<Answer> {
  return (await store.exchange([ask(one)], AbortSignal.timeout(2_000)))[0] as Answer
}

describe.each(CLIENTS)('redisStore with a Sentinel, by %s', (_, connect) => {
  it('has state and override after a failover, and hears of changes again', async () => {
    const primary = await Server.redis()
    ends.push(() => primary.end())
    const replica = await Server.redis('--replicaof', HOST, String(primary.port))
    ends.push(() => replica.end())
    const sentinel = await Sentinel.of(primary.port)
    ends.push(() => sentinel.end())
    await sentinel.knowsReplica()
    const [client, close] = await connect(sentinel.port)
    ends.push(close)
    const namespace = randomUUID()
    const store = redisStore(client, { namespace })
    ends.push(() => store[Symbol.asyncDispose]())
    const pushes: Push[] = []
    let connects = 0
    store.watch?.(
      (push) => void pushes.push(push),
      () => void connects++,
    )
    await expect.poll(() => connects).toBeGreaterThan(0)
    await exchange(store, { command: trip })
    const { registers } = await exchange(store, { command: force })
    await expect.poll(() => pushes.length).toBe(2)
    const copy = new Redis(replica.port, HOST)
    ends.push(() => copy.disconnect())
    const key = keysOf(namespace, 0).breaker('api')
    await expect.poll(() => copy.hget(key, 'ov')).toBe('forced-open')

    await primary.stop()

    const answer = await vi.waitUntil(() => exchange(store).catch(() => undefined), {
      timeout: 45_000,
      interval: 100,
    })
    expect(answer.registers).toEqual(registers)
    expect(await copy.hget(key, 'oe')).toBe(String(registers.override.stamp))
    const heard = async (): Promise<boolean> => {
      await exchange(store, { command: lift }).catch(() => {})
      return pushes.length > 2
    }
    await expect.poll(heard, { timeout: 45_000 }).toBe(true)
  }, 120_000)
})
