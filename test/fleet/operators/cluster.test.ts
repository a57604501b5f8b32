import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../../../scripts/free-port.mjs'
import type { List } from '../../../src/admin/index.ts'
import { type SharedFleet, shared } from '../../../src/fleet/index.ts'
import { CircuitRegistry } from '../../../src/index.ts'
import { redisStore } from '../../../src/redis/index.ts'
import { Server } from '../../clients/databases/server.ts'
import { run } from './fleet.ts'

const namespace = randomUUID()
/** So many that each node has some of them. */
const SHARDS = 8
const NAMES = Array.from({ length: 12 }, (_, i) => `breaker-${String(i).padStart(2, '0')}`)
/** The slots of each node. */
const RANGES = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const

const nodes: Server[] = []
const processes: { readonly registry: CircuitRegistry; readonly fleet: SharedFleet }[] = []
const clients: { destroy(): void }[] = []

async function startNode(epoch: number): Promise<Server> {
  const server = await Server.redis(
    ...['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
    ...['--cluster-port', String(await freePort())],
    ...['--requirepass', 'geheim', '--masterauth', 'geheim'],
  )
  const [from, to] = RANGES[epoch - 1] as (typeof RANGES)[0]
  await command(server, 'CLUSTER', 'SET-CONFIG-EPOCH', String(epoch))
  await command(server, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
  return server
}

async function command(server: Server, name: string, ...args: string[]): Promise<unknown> {
  const redis = new Redis(server.port, '127.0.0.1', { password: 'geheim' })
  redis.on('error', () => {})
  try {
    return await redis.call(name, ...args)
  } finally {
    redis.disconnect()
  }
}

/** Asks until all nodes know each other. */
async function isWhole(): Promise<boolean> {
  const infos = await Promise.all(nodes.map((node) => command(node, 'CLUSTER', 'INFO')))
  return infos.every((info) => /cluster_state:ok.*cluster_known_nodes:3/s.test(String(info)))
}

beforeAll(async () => {
  for (const epoch of [1, 2, 3]) nodes.push(await startNode(epoch))
  const [first, ...others] = nodes as [Server, ...Server[]]
  const bus = async (server: Server): Promise<string> =>
    /:\d+@(\d+)/.exec(String(await command(server, 'CLUSTER', 'NODES')))?.[1] as string
  for (const other of others) {
    await command(first, 'CLUSTER', 'MEET', '127.0.0.1', String(other.port), await bus(other))
  }
  await vi.waitUntil(isWhole, { timeout: 50_000, interval: 50 })
  for (const process of ['worker-0', 'worker-1']) {
    const client = createCluster({
      rootNodes: [{ url: `redis://127.0.0.1:${first.port}` }],
      defaults: { password: 'geheim' },
    })
    await client.on('error', () => {}).connect()
    clients.push(client)
    const store = redisStore(client, { namespace, shards: SHARDS })
    const fleet = shared(store, { process, deadline: 10_000 })
    const registry = new CircuitRegistry({ shared: fleet })
    for (const name of NAMES) void registry.breaker(name).state
    await fleet.ready()
    processes.push({ registry, fleet })
  }
})
afterAll(async () => {
  for (const { fleet } of processes) await fleet.close()
  for (const client of clients) client.destroy()
  await Promise.all(nodes.map((node) => node.end()))
})

/** Where only that package is installed. */
async function folderWith(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'short-circuit-'))
  await mkdir(join(folder, 'node_modules'))
  await symlink(join(process.cwd(), 'node_modules', name), join(folder, 'node_modules', name))
  return folder
}

describe.each(['redis', 'ioredis', 'iovalkey'])(
  'the command against a cluster, by %s',
  (client) => {
    let folder: string
    beforeAll(async () => {
      folder = await folderWith(client)
    })
    afterAll(() => rm(folder, { recursive: true }))

    /** Runs a command line, with the address of one of the nodes. */
    const sc = (line: string, node = 0) => {
      const args = Array.from(line.matchAll(/"([^"]*)"|\S+/g), ([word, quoted]) => quoted ?? word)
      const env = {
        SHORT_CIRCUIT_STORE: `redis://:geheim@127.0.0.1:${nodes[node]?.port}`,
        SHORT_CIRCUIT_NAMESPACE: namespace,
        SHORT_CIRCUIT_SHARDS: String(SHARDS),
      }
      return run(args, env, { folder })
    }

    it('lists the breakers of all nodes, whichever of them it is given', async () => {
      for (const node of nodes.keys()) {
        const { exit, out, err } = await sc('ls --all --json', node)

        expect([exit, err]).toEqual([0, ''])
        expect((JSON.parse(out) as List).rows.map(({ name }) => name).toSorted()).toEqual(NAMES)
      }
    })

    it('moves breakers of every node in all processes, and has a journal of it', async () => {
      for (const name of NAMES.slice(0, 4)) {
        const { exit, out, err } = await sc(
          `force-open ${name} --reason "a test" --for 10m --wait 30s`,
        )
        expect([exit, err]).toEqual([0, ''])
        expect(out).toContain('Applied by 2 of 2 processes')
        const modes = processes.map(
          ({ registry }) => registry.breaker(name).snapshot().override?.mode,
        )
        expect(modes).toEqual(['forced-open', 'forced-open'])
        expect(await sc(`release ${name} --reason over --wait 30s`)).toMatchObject({ exit: 0 })
      }

      const { out } = await sc('log')
      for (const name of NAMES.slice(0, 4)) expect(out).toContain(`${name}: released by ada (over)`)
      expect((await sc('fleet --check')).exit).toBe(0)
    })
  },
)
