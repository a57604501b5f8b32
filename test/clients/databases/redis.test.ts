import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker, CircuitOpenError, protect } from '../../../src/index.ts'
import { reasonOf } from '../../helpers/public.ts'
import { Server } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await Server.redis()
})
afterAll(() => server.end())

function createBreaker(): CircuitBreaker {
  return new CircuitBreaker({ name: 'redis', maxFailures: 2, resetTimeout: 60_000 })
}

describe('protect(ioredis)', () => {
  let breaker: CircuitBreaker
  let redis: Redis

  beforeEach(async () => {
    breaker = createBreaker()
    const client = new Redis(server.port, {
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    })
    client.on('error', () => {})
    await client.connect()
    await client.flushall()
    redis = protect(client, breaker)
    return () => client.disconnect()
  })

  it('guards commands, pipelines, transactions and streams of keys', async () => {
    expect(await redis.set('a', '1')).toBe('OK')
    expect(await redis.get('a')).toBe('1')
    expect(await redis.pipeline().incr('a').get('a').exec()).toEqual([
      [null, 2],
      [null, '2'],
    ])
    expect(await redis.multi().del('a').set('b', '1').exec()).toEqual([
      [null, 1],
      [null, 'OK'],
    ])
    const keys: unknown[] = []
    for await (const batch of redis.scanStream()) keys.push(...batch)

    expect(keys).toEqual(['b'])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 5, success: 5, cancelled: 0 })
  })

  it('sends a transaction as a whole or not at all', async () => {
    await redis.multi().set('a', '1').exec()
    const begun = redis.multi().set('a', '2').incr('b')
    breaker.trip()
    expect(await reasonOf(begun.exec())).toBeInstanceOf(CircuitOpenError)
    breaker.reset()

    expect(await redis.mget('a', 'b')).toEqual(['1', null])
    expect(await redis.set('b', '3')).toBe('OK')
  })

  it('calls callbacks as without a breaker, and with the rejection if the method is listed', async () => {
    const listed = protect(redis, breaker, { methods: ['set'] })
    const set = () =>
      new Promise((resolve) => {
        void listed.set('a', '1', (error, result) => resolve([error, result]))
      })
    expect(await set()).toEqual([null, 'OK'])
    breaker.trip()

    expect(await set()).toEqual([expect.any(CircuitOpenError), undefined])
  })

  it('calls the callbacks of methods that are not listed, too, and leaves nothing unhandled', async () => {
    const unhandled: unknown[] = []
    const hear = (reason: unknown): unknown => unhandled.push(reason)
    process.on('unhandledRejection', hear)
    const get = (key: string) =>
      new Promise((resolve) => {
        void redis.get(key, (error, result) => resolve([error, result]))
      })
    await redis.lpush('list', '1')
    expect(await get('a')).toEqual([null, null])
    for (let i = 0; i < 2; i++) expect(await get('list')).toEqual([expect.any(Error), undefined])
    expect(breaker.state).toBe('open')

    expect(await get('a')).toEqual([expect.any(CircuitOpenError), undefined])
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', hear)
    expect(unhandled).toEqual([])
  })

  it('is an emitter, with its state and its duplicates', async () => {
    const other = redis.duplicate()
    await other.set('c', '3')

    expect(redis).toBeInstanceOf(Redis)
    expect(redis.status).toBe('ready')
    expect(redis.on('end', () => {})).toBe(redis)
    expect(breaker.snapshot().counts.success).toBe(1)
    other.disconnect()
  })

  it('rejects all commands once a stopped server has opened the circuit', async () => {
    await redis.get('a')
    await server.stop()
    try {
      await reasonOf(redis.get('a'))
      await reasonOf(redis.get('a'))

      expect(breaker.state).toBe('open')
      expect(await reasonOf(redis.get('a'))).toBeInstanceOf(CircuitOpenError)
      redis.disconnect()
    } finally {
      await server.start()
    }
  })
})

describe('protect(redis)', () => {
  type Client = ReturnType<typeof connected>
  let breaker: CircuitBreaker
  let client: Client
  let redis: Client

  function connected() {
    const socket = { host: '127.0.0.1', port: server.port, reconnectStrategy: false } as const
    return createClient({ socket }).on('error', () => {})
  }

  beforeEach(async () => {
    breaker = createBreaker()
    client = connected()
    redis = protect(client, breaker)
    return () => {
      if (client.isOpen) client.destroy()
    }
  })

  it('guards commands, transactions and iterations; methods that return the client return the proxy', async () => {
    expect(await redis.connect()).toBe(redis)
    await redis.flushAll()
    expect(await redis.set('a', '1')).toBe('OK')
    expect(await redis.multi().incr('a').get('a').exec()).toEqual([2, '2'])
    const keys: unknown[] = []
    for await (const batch of redis.scanIterator()) keys.push(...batch)

    expect(keys).toEqual(['a'])
    expect(breaker.snapshot().counts).toMatchObject({ admitted: 5, success: 5, cancelled: 0 })
  })

  it('calls a subscriber whose last argument is a function', async () => {
    await redis.connect()
    const subscriber = await redis.duplicate().connect()
    const message = new Promise((resolve) => {
      void subscriber.subscribe('news', (text) => resolve(text))
    })
    await subscriber.ping()
    await redis.publish('news', 'hello')

    expect(await message).toBe('hello')
    subscriber.destroy()
  })

  it('rejects everything but closing while the circuit is open', async () => {
    await redis.connect()
    await redis.get('a')
    for await (const _ of redis.scanIterator());
    breaker.trip()

    expect(await reasonOf(redis.get('a'))).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(redis.scanIterator().next())).toBeInstanceOf(CircuitOpenError)
    await redis.close()
    expect(redis.isOpen).toBe(false)
  })

  it('opens on a stopped server and closes when it is back', async () => {
    await redis.connect()
    await redis.get('a')
    await server.stop()
    try {
      await reasonOf(redis.get('a'))
      await reasonOf(redis.get('a'))
      expect(breaker.state).toBe('open')
    } finally {
      await server.start()
    }
    breaker.configure({ resetTimeout: 1 })
    const back = protect(connected(), breaker)
    await expect.poll(() => breaker.state).toBe('half-open')
    await back.connect()

    expect(breaker.state).toBe('closed')
    back.destroy()
  })
})
