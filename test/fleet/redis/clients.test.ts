import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { freePort } from '../../../scripts/free-port.mjs'
import type { FleetStore, Push } from '../../../src/fleet/index.ts'
import { type RedisStoreError, redisStore } from '../../../src/redis/index.ts'
import { keysOf } from '../../../src/redis/keys.ts'
import { Relay } from '../../clients/databases/relay.ts'
import { Server } from '../../clients/databases/server.ts'
import { ask, never, report } from '../../helpers/fleet-asks.ts'
import { reasonOf } from '../../helpers/public.ts'
import { CLIENTS, CLUSTER_CLIENTS, type Connected } from './clients.ts'

const trip = { kind: 'trip', for: 0, by: 'ada', reason: 'déjà "vu"' } as const

let server: Server
let cluster: Server
beforeAll(async () => {
  server = await Server.redis()
  cluster = await Server.redis(
    ...['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
    // By itself it takes the one that is 10 000 higher, which there may not be.
    ...['--cluster-port', String(await freePort())],
  )
  const { command, close } = await (CLIENTS[0] as (typeof CLIENTS)[0])[1](cluster.port)
  await command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  const isOk = async () => String(await command('CLUSTER', 'INFO')).includes('cluster_state:ok')
  await vi.waitUntil(isOk, { timeout: 30_000 })
  close()
})
afterAll(async () => {
  await server.end()
  await cluster.end()
})

describe.each([
  ...CLIENTS.map(([name, connect]) => ({ name, connect, target: () => server })),
  ...CLUSTER_CLIENTS.map(([name, connect]) => ({ name, connect, target: () => cluster })),
])('redisStore($name)', ({ connect, target }) => {
  let redis: Connected
  let store: FleetStore
  let namespace: string

  beforeEach(async () => {
    redis = await connect(target().port)
    namespace = randomUUID()
    store = redisStore(redis.client, { namespace, shards: 3 })
    return async () => {
      await store[Symbol.asyncDispose]()
      redis.close()
    }
  })

  it('answers each ask in its place, whichever shard it belongs to', async () => {
    const names = Array.from({ length: 120 }, (_, i) => `breaker ${i}`)
    const asks = names.map((name, i) => ask({ name, ...(i % 2 ? { command: trip } : {}) }))

    const answers = await store.exchange(asks, never)

    const states = answers.map(({ registers }) => registers.automatic.state)
    expect(states).toEqual(names.map((_, i) => (i % 2 ? 'open' : 'closed')))
    expect(answers[1]?.registers.automatic).toMatchObject({ by: 'ada', note: 'déjà "vu"' })
  })

  it('pushes changes to all who watch, once the subscription stands', async () => {
    const pushes: Push[] = []
    let connected = 0
    const watch = store.watch?.(
      (push) => pushes.push(push),
      () => connected++,
    )
    await expect.poll(() => connected).toBe(1)

    const [answer] = await store.exchange([ask({ command: trip })], never)

    await expect.poll(() => pushes).toHaveLength(1)
    expect(pushes[0]).toEqual({
      name: 'api',
      nowMs: answer?.nowMs,
      registers: answer?.registers,
    })
    await watch?.[Symbol.asyncDispose]()
  })

  it('hears of changes again after its subscription was lost, and says so where the client does', async () => {
    const pushes: Push[] = []
    let connected = 0
    let lost = 0
    store.watch?.(
      (push) => pushes.push(push),
      () => connected++,
      () => lost++,
    )
    await expect.poll(() => connected).toBe(1)
    expect(lost).toBe(0)

    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    if (redis.tellsReady) {
      await expect.poll(() => connected).toBeGreaterThan(1)
      expect(lost).toBeGreaterThan(0)
    }

    const heard = async () => {
      await store.exchange([ask({ command: trip })], never)
      return pushes.length
    }
    await expect.poll(heard).toBeGreaterThan(0)
  })

  it('tells those who operate the fleet which breakers and processes there are', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `breaker ${i}`)
    const counts = { success: 3, failure: 1, slow: 0 }
    await store.exchange(
      names.map((name) => ask({ name, report: counts })),
      never,
      report('p1', {
        service: 'checkout',
        heard: 5,
        policies: [{ name: 'x', policy: 'déjà "vu"' }],
      }),
    )
    const [answer] = await store.exchange([ask({ name: 'breaker 7', command: trip })], never)
    await store.exchange([], never, report('p2'))

    const all = await store.read?.(undefined, never)
    const one = await store.read?.(['breaker 7', 'no such'], never)

    expect(all?.breakers.map(({ name }) => name)).toEqual(names.toSorted())
    expect(all?.breakers[0]).toMatchObject({ calls: counts, reporters: ['p1'], leases: [] })
    expect(all?.processes).toMatchObject([
      { service: 'checkout', heard: 5, policies: [{ name: 'x', policy: 'déjà "vu"' }] },
      { process: 'p2' },
    ])
    expect(one?.breakers).toMatchObject([{ name: 'breaker 7', registers: answer?.registers }])
    expect(Math.abs((one?.nowMs ?? 0) - (answer?.nowMs ?? 0))).toBeLessThan(60_000)
  })

  it('has a journal of what was done, newest first', async () => {
    const until = (await store.exchange([ask({ command: trip })], never))[0]?.registers.automatic
    const other = { kind: 'reset', by: 'grace', reason: 'over' } as const
    await store.exchange([ask({ name: 'db', command: other })], never)

    const entries = (await store.journal?.(10, never)) ?? []

    expect(entries.map(({ name }) => name).toSorted()).toEqual(['api', 'db'])
    expect(entries.find(({ name }) => name === 'api')).toMatchObject({
      ...{ register: 'automatic', from: 'closed', to: 'open', cause: 'trip' },
      ...{ by: 'ada', reason: 'déjà "vu"', stamp: until?.stamp, until: until?.until },
    })
    expect(await store.journal?.(1, never)).toHaveLength(1)
  })

  it('runs although the server has forgotten the script', async () => {
    await store.exchange([ask()], never)
    await redis.command('SCRIPT', 'FLUSH')

    expect(await store.exchange([ask()], never)).toHaveLength(1)
  })

  it('leaves the client to its user', async () => {
    store.watch?.(
      () => {},
      () => {},
    )
    await store[Symbol.asyncDispose]()

    expect(await redis.command('ECHO', 'still here')).toBe('still here')
  })

  it('has the code of Redis for a shard that fails, and does not send twice', async () => {
    for (const shard of [0, 1, 2]) {
      await redis.command('SET', keysOf(namespace, shard).breaker('api'), 'no hash')
    }

    const answers = await store.exchange([ask()], never)

    expect(answers).toMatchObject([{ refused: 'lost', error: { code: 'WRONGTYPE' } }])
  })

  it('sends nothing while it is not connected', async () => {
    redis.close()

    const code = async () =>
      ((await reasonOf(store.exchange([ask()], never))) as RedisStoreError).code
    await expect.poll(code).toBe('NOTREADY')
    redis = await connect(target().port)
  })

  it('does not have done twice what was on its way when the connection was lost', async () => {
    const relay = await Relay.to(target().port)
    // Clients of a cluster go where it says that it is.
    const announce = (port: number) =>
      target() === cluster
        ? redis.command('CONFIG', 'SET', 'cluster-announce-port', String(port))
        : undefined
    await announce(relay.port)
    const far = await connect(relay.port)
    await announce(0)
    const other = redisStore(far.client, { namespace })
    const near = redisStore(redis.client, { namespace })
    const counted = async () => (await near.exchange([ask()], never))[0]?.fleet.success
    await other.exchange([ask()], never)

    relay.delay = 300
    const report = { success: 1, failure: 0, slow: 0 }
    const asked = other.exchange([ask({ report })], never).catch(() => {})
    await expect.poll(counted).toBe(1)
    relay.delay = 0
    relay.cut()

    await asked
    const again = () =>
      other.exchange([ask()], never).then(
        ([answer]) => answer?.fleet.success,
        () => 'not connected',
      )
    await expect.poll(again).not.toBe('not connected')
    // Whatever it has sent before has arrived before.
    expect(await again()).toBe(1)
    far.close()
    await relay.end()
  })

  it('stops waiting when it is told to', async () => {
    const control = new AbortController()
    const asked = store.exchange([ask()], control.signal)
    control.abort(new Error('late'))

    // Of the only shard that was asked.
    const error = { cause: control.signal.reason }
    expect(await asked).toMatchObject([{ refused: 'lost', error }])
  })
})
