import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Answer,
  type Ask,
  type FleetRecord,
  type FleetStore,
  step,
} from '../../../src/fleet/index.ts'
import { type RedisStoreError, redisStore } from '../../../src/redis/index.ts'
import { keysOf } from '../../../src/redis/keys.ts'
import { recordOf } from '../../../src/redis/wire.ts'
import { Relay } from '../../clients/databases/relay.ts'
import { Server } from '../../clients/databases/server.ts'
import { ask, never, RandomAsks, report } from '../../helpers/fleet-asks.ts'
import { reasonOf } from '../../helpers/public.ts'

const said = { by: 'ada', reason: 'a test' }
const trip = { kind: 'trip', for: 60_000, ...said } as const
const force = { kind: 'override', mode: 'forced-open', for: 0, ...said } as const

const clients: Redis[] = []
async function connect(port: number, options: object = {}): Promise<Redis> {
  const settings = { retryStrategy: () => 50, enableOfflineQueue: false, ...options }
  const client = new Redis(port, '127.0.0.1', settings).on('error', () => {})
  clients.push(client)
  await new Promise((resolve) => client.once('ready', resolve))
  return client
}

async function exchange(store: FleetStore, one: Partial<Ask> = {}): Promise<Answer> {
  return (await store.exchange([ask(one)], never))[0] as Answer
}

async function codeOf(store: FleetStore): Promise<string> {
  const asked = store.exchange([ask({ command: trip })], never)
  return ((await reasonOf(asked)) as RedisStoreError).code
}

let server: Server
let redis: Redis
beforeAll(async () => {
  server = await Server.redis()
  redis = await connect(server.port)
})
afterAll(async () => {
  for (const client of clients) client.disconnect()
  await server.end()
})

describe('the script in a real Redis', () => {
  it('answers and keeps exactly what step says, for asks of chance', async () => {
    for (let seed = 100; seed < 110; seed++) {
      const random = new RandomAsks(seed)
      const namespace = randomUUID()
      const store = redisStore(redis, { namespace })
      let record: FleetRecord | undefined
      let now = Date.now()
      for (let i = 0; i < 200; i++) {
        const one = random.ask('api', now)
        const answer = await exchange(store, one)
        now = answer.nowMs
        const expected = step(record, one, now)
        const hash = await redis.hgetall(keysOf(namespace, 0).breaker('api'))

        expect(answer, `seed ${seed}, ask ${i}`).toEqual(expected.answer)
        if (expected.answer.refused !== 'late') record = expected.record
        const kept =
          Object.keys(hash).length > 0 ? recordOf(new Map(Object.entries(hash))) : undefined
        expect(kept, `seed ${seed}, ask ${i}`).toEqual(record)
        random.hear(one.process, answer.registers)
      }
    }
  })

  it('keeps a journal, and lists the names', async () => {
    const namespace = randomUUID()
    const store = redisStore(redis, { namespace })
    await exchange(store, { command: trip })
    await exchange(store, { name: 'db' })

    const { log, names } = keysOf(namespace, 0)
    const [entry] = await redis.xrange(log, '-', '+')
    expect(entry?.[1].join(' ')).toMatch(
      /^name api register automatic from closed to open stamp \d+ cause trip by ada reason a test until \d+$/,
    )
    expect(await redis.zrange(names, '0', '-1')).toEqual(['api', 'db'])
  })

  it('runs with no more rights than the manual lists', async () => {
    const namespace = randomUUID()
    await redis.call(
      'ACL',
      ...['SETUSER', 'app', 'on', '>secret', 'resetchannels', `~sc1:{${namespace}:*`],
      ...[
        `&sc1:{${namespace}:*`,
        '+eval',
        '+evalsha',
        '+time',
        '+hmget',
        '+hset',
        '+hdel',
        '+hkeys',
      ],
      ...['+pexpire', '+persist', '+xadd', '+zadd', '+zrem', '+zrangebyscore'],
      ...['+publish', '+subscribe', '+unsubscribe', '+pubsub|numsub', '+hello', '+info', '+ping'],
    )
    const app = await connect(server.port, { username: 'app', password: 'secret' })
    const store = redisStore(app, { namespace })
    let connected = 0
    const names: string[] = []
    store.watch?.(
      ({ name }) => names.push(name),
      () => connected++,
    )
    await expect.poll(() => connected).toBe(1)

    expect((await exchange(store, { command: trip })).registers.automatic.state).toBe('open')
    await exchange(store, { command: { kind: 'reset', ...said } })
    await expect.poll(() => names).toEqual(['api', 'api'])
    await store.exchange([], never, report('gone'))
    await redis.zadd(keysOf(namespace, 0).seen, '0', 'gone')
    await store.exchange([], never, report('p1'))
    expect(await redis.hkeys(keysOf(namespace, 0).processes)).toEqual(['p1'])
    await redis.acl('SETUSER', 'app', '-hset')
    expect(await codeOf(store)).toBe('NOPERM')
    await store[Symbol.asyncDispose]()
  })
})

describe('who operates the fleet', () => {
  const rights = {
    looks: ['+@read', '+time'],
    shows: ['+time', '+hgetall', '+zrange', '+xrevrange'],
  }

  it.each(Object.entries(rights))(
    'that only %s needs no more rights than the manual lists',
    async (name, rules) => {
      const namespace = randomUUID()
      await redisStore(redis, { namespace }).exchange([ask({ command: trip })], never, report('p1'))
      const base = [
        'resetchannels',
        `~sc1:{${namespace}:*`,
        `&sc1:{${namespace}:*`,
        '+hello',
        '+info',
      ]
      await redis.call('ACL', 'SETUSER', name, 'on', '>secret', ...base, ...rules)
      const store = redisStore(await connect(server.port, { username: name, password: 'secret' }), {
        namespace,
      })

      const found = await store.read?.(undefined, never)

      expect(found?.breakers.map((one) => one.name)).toEqual(['api'])
      expect(found?.processes.map(({ process }) => process)).toEqual(['p1'])
      expect(await store.journal?.(5, never)).toHaveLength(1)
      expect(await codeOf(store)).toBe('NOPERM')
    },
  )
})

describe('a store that refuses to write', () => {
  it('rejects with READONLY where it is a replica', async () => {
    const replica = await Server.redis('--replicaof', '127.0.0.1', String(server.port))
    const store = redisStore(await connect(replica.port), { namespace: randomUUID() })

    expect(await codeOf(store)).toBe('READONLY')
    await replica.end()
  })

  it('rejects with OOM where it has no memory left, and changes nothing', async () => {
    const namespace = randomUUID()
    const store = redisStore(redis, { namespace })
    const before = await exchange(store)
    await redis.config('SET', 'maxmemory', '1')

    expect(await codeOf(store)).toBe('OOM')

    await redis.config('SET', 'maxmemory', '0')
    expect((await exchange(store)).registers).toEqual(before.registers)
  })
})

describe('a store that does not answer', () => {
  it('drops what arrives after its time, and counts nothing twice', async () => {
    const store = redisStore(redis, { namespace: randomUUID() })
    const { nowMs } = await exchange(store)
    server.freeze()
    const control = new AbortController()
    const one = ask({ command: trip, notAfter: nowMs + 1 })
    const asked = store.exchange([one], control.signal)
    control.abort(new Error('late'))
    expect(await reasonOf(asked)).toBe(control.signal.reason)

    // It is in the socket, and is read when the server goes on.
    await new Promise((resolve) => setTimeout(resolve, 20))
    server.thaw()

    expect((await exchange(store)).registers.automatic.state).toBe('closed')
  })

  it('rejects at once when its connections are lost, and answers when there are new ones', async () => {
    const relay = await Relay.to(server.port)
    const store = redisStore(await connect(relay.port), { namespace: randomUUID() })
    await exchange(store)

    await relay.down()
    expect(['NOTREADY', 'ERROR']).toContain(await codeOf(store))
    await relay.up()

    const state = () =>
      exchange(store).then(
        ({ registers }) => registers.automatic.state,
        () => 'unreachable',
      )
    await expect.poll(state).toBe('closed')
    await relay.end()
  })
})

describe('a store that has lost what it knew', () => {
  it.each([
    ['emptied', async () => void (await redis.flushall())],
    [
      'restarted',
      async () => {
        await server.stop()
        await server.start()
      },
    ],
  ])(
    'has the state and the override again with the first process that asks: %s',
    async (_, lose) => {
      const store = redisStore(redis, { namespace: randomUUID() })
      const known = (await exchange(store, { command: trip })).registers
      const { registers } = await exchange(store, { known, command: force })

      await lose()
      await expect.poll(() => redis.status).toBe('ready')
      await exchange(store, { known: registers })

      expect((await exchange(store, { process: 'new' })).registers).toEqual(registers)
    },
  )

  it('takes the newer state, and back, when a stale replica has become the primary', async () => {
    const namespace = randomUUID()
    const stale = await Server.redis('--replicaof', '127.0.0.1', String(server.port))
    const replica = await connect(stale.port)
    const store = redisStore(redis, { namespace })
    const first = (await exchange(store, { command: force })).registers
    const key = keysOf(namespace, 0).breaker('api')
    await expect.poll(() => replica.hget(key, 'ov')).toBe('forced-open')
    await replica.call('REPLICAOF', 'NO', 'ONE')
    const lift = { ...force, mode: null }
    const newer = (await exchange(store, { known: first, command: lift })).registers

    const other = redisStore(replica, { namespace })
    expect((await exchange(other)).registers).toEqual(first)
    await exchange(other, { known: newer })
    expect((await exchange(other, { known: first })).registers).toEqual(newer)
    const tripped = (await exchange(other, { known: newer, command: trip })).registers
    await exchange(store, { known: tripped })

    expect((await exchange(store, { known: newer })).registers).toEqual(tripped)
    await stale.end()
  })
})
